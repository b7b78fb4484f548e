/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The password or token of a feed, from its file. */
#ifndef FEEDS_TOKEN_H
#define FEEDS_TOKEN_H

#define TOKEN_BYTES_MAX 4096

/**
 * token_read() - read the first line of the token file
 * @token: without blanks at its end; a zero ends it
 *
 * Return: 0; -EINVAL: that is no token: empty, too long or not plain text; -errno.
 */
int token_read(const char *path, char token[TOKEN_BYTES_MAX + 1]);

#endif
