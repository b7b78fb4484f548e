/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the first line of a token file. */
#include "base/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Read up to TOKEN_BYTES_MAX bytes. Return: their number, or -errno. */
static ssize_t token_read_bytes(const char *path, char *text)
{
	/* O_NONBLOCK: opening a FIFO must not wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t bytes = 0;
	ssize_t count = 1;

	if (fd < 0)
		return -errno;
	while (count && bytes < TOKEN_BYTES_MAX) {
		count = read(fd, text + bytes, TOKEN_BYTES_MAX - bytes);
		if (count < 0 && errno != EINTR)
			break;
		if (count > 0)
			bytes += (size_t)count;
	}
	if (count < 0)
		count = -errno;
	close(fd);
	return count < 0 ? count : (ssize_t)bytes;
}

int token_read(const char *path, char token[TOKEN_BYTES_MAX + 1])
{
	ssize_t count = token_read_bytes(path, token);
	size_t bytes;

	if (count < 0)
		return (int)count;
	token[count] = '\0';
	bytes = strcspn(token, "\r\n");
	if (bytes == TOKEN_BYTES_MAX)
		return -EINVAL;
	while (bytes && token[bytes - 1] == ' ')
		bytes--;
	token[bytes] = '\0';
	for (size_t i = 0; i < bytes; i++) {
		if (token[i] < ' ' || token[i] > '~')
			return -EINVAL;
	}
	return bytes ? 0 : -EINVAL;
}
