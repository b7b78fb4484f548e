/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a password or token from its file. */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#define TOKEN_BYTES_MAX 4096

/**
 * token_read() - read the first line of the token file
 * @token: without blanks at its end; terminated by a zero
 *
 * Return: 0; -EINVAL: the token is empty, too long or not plain text; another -errno.
 */
int token_read(const char *path, char token[TOKEN_BYTES_MAX + 1]);

#endif
