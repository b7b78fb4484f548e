/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells whether a file has changed since it was read, without reading it again. */
#ifndef BASE_FILE_IDENTITY_H
#define BASE_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
	/* Whether a later change would show: the last one is not so recent that another could get
	 * the same time. */
	bool is_settled;
};

/* @now_sec: Unix time when @status was read. */
struct file_identity file_identity_of(const struct stat *status, int64_t now_sec);

/* Whether both are of one content. */
bool file_identity_is_same(const struct file_identity *a, const struct file_identity *b);

#endif
