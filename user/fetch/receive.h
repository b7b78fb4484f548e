/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives the files of a fetcher that ipwld did not start itself. */
#ifndef FETCH_RECEIVE_H
#define FETCH_RECEIVE_H

#include <stdbool.h>

/* Whether the files must be received, because standard input is a socket. */
bool receive_is_due(void);

/* Receive the files over standard input, and move them to their descriptors. Move the
 * connection to FETCH_CONNECTION_FD. Return: 0 or -errno. */
int receive_files(void);

#endif
