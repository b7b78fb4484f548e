/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of the log, plain or compressed with gzip. */
#ifndef MAILLOG_LOG_FILE_H
#define MAILLOG_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>

struct log_file {
	int fd;	   /* -1: not open */
	gzFile gz; /* NULL: it is plain */
};

/* Return: 0; -errno: it is not open. */
int log_file_open(const char *path, struct log_file *ret_file);
void log_file_close(struct log_file *file);

/* Read at an offset of the content. Return: how many bytes, fewer than @size only at the end;
 * -errno. */
ssize_t log_file_read_at(struct log_file *file, int64_t offset, char *buffer, size_t size);

#endif
