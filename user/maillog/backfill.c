/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a log from a file or a pipe. Its year is the newest that is not after the file's last
 * change. */
#include "maillog/backfill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/clock.h"
#include "maillog/output.h"

/* A longer line is left out. */
#define BUFFER_BYTES 262144

static int64_t newest_sec(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode) ? status.st_mtim.tv_sec
							      : time_now_sec();
}

static int read_all(gzFile file, struct mail_log *log, const struct output *output)
{
	static char buffer[BUFFER_BYTES];
	size_t filled = 0;
	int bytes;

	while ((bytes = gzread(file, buffer + filled, (unsigned int)(BUFFER_BYTES - filled))) > 0) {
		const char *line = buffer, *stop;
		const char *const end = buffer + filled + bytes;

		for (; (stop = memchr(line, '\n', (size_t)(end - line))) != NULL; line = stop + 1)
			mail_log_line(log, line, (size_t)(stop - line));
		filled = (size_t)(end - line);
		if (filled == BUFFER_BYTES)
			filled = 0;
		memmove(buffer, line, filled);
		if (output_is_closed(output))
			return -EPIPE;
	}
	if (filled)
		mail_log_line(log, buffer, filled);
	/* A file that is truncated ends without an error of gzread(). */
	return bytes < 0 || gzclose_r(file) != Z_OK ? -EIO : 0;
}

int backfill(int log_fd, int output_fd)
{
	struct output *output = output_new(output_fd, -1);
	struct mail_log *log = output ? mail_log_new(MAIL_LOG_ANY, output_evidence, output) : NULL;
	const int64_t now_sec = newest_sec(log_fd);
	gzFile file = log ? gzdopen(log_fd, "r") : NULL;
	int err = -ENOMEM;

	if (file) {
		gzbuffer(file, BUFFER_BYTES);
		mail_log_set_now(log, now_sec);
		err = read_all(file, log, output);
		if (!err)
			output_counts(output, mail_log_counts(log));
		output_flush(output);
		if (!err && output_is_closed(output))
			err = -EPIPE;
	}
	if (err)
		fprintf(stderr, "ipwl-maillog: the log cannot be read: %s\n", strerror(-err));
	mail_log_free(log);
	output_free(output);
	return err;
}
