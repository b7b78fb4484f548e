/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives the files of a program that ipwld did not start itself. */
#ifndef CONFINE_RECEIVE_H
#define CONFINE_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>

#define RECEIVE_FILES_MAX 8

/* Whether the files must be received, because standard input is a socket. */
bool receive_is_due(void);

/* Receive @count files over standard input, and give the i-th the number @places[i]. Move the
 * connection to the number @connection, which is above all of them. Return: 0 or -errno. */
int receive_files(const int *places, size_t count, int connection);

#endif
