/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a fetcher that was not started by ipwld itself. */
#ifndef FETCH_RECEIVE_H
#define FETCH_RECEIVE_H

#include <stdbool.h>

/* Whether the files have to be received: standard input is a socket. */
bool receive_is_due(void);

/* Put the files that come over standard input in their places, and the connection at
 * FETCH_CONNECTION_FD. Return: 0 or -errno. */
int receive_files(void);

#endif
