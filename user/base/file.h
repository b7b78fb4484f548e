/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the files that a configuration consists of. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/diagnostics.h"

/* Open a regular file for reading; anything else is an error: a FIFO or a device
 * could block the reader for ever. Return: 0, or -EINVAL with an error added. */
int file_open(const char *path, struct diagnostics *diagnostics, int *ret_fd);

/* Read up to @size bytes. Returns their number, 0 at the end of the file, or
 * -EINVAL with an error added. */
ssize_t file_read(int fd, const char *path, char *buffer, size_t size,
		  struct diagnostics *diagnostics);

#endif
