/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of change is set by the kernel alone, so a program that restores the time of
 * modification does not hide a change. */
#include "base/file_identity.h"

/* File systems note times with steps of up to 2 s (FAT). */
#define SETTLED_AFTER_SEC 3

struct file_identity file_identity_of(const struct stat *status, int64_t now_sec)
{
	return (struct file_identity) {
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.modified = status->st_mtim,
		.changed = status->st_ctim,
		.is_settled = status->st_mtim.tv_sec <= now_sec - SETTLED_AFTER_SEC &&
			      status->st_ctim.tv_sec <= now_sec - SETTLED_AFTER_SEC,
	};
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool file_identity_is_same(const struct file_identity *a, const struct file_identity *b)
{
	return a->is_settled && b->is_settled && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && is_same_time(&a->modified, &b->modified) &&
	       is_same_time(&a->changed, &b->changed);
}
