/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of feeds in state_dir/feeds: what was fetched last and is in force
 * (NAME.copy), and what a guard holds back (NAME.held). A file has a few lines about
 * the copy, then its bytes; a checksum over all of it tells whether it is whole.
 */
#ifndef FEEDS_COPY_H
#define FEEDS_COPY_H

#include <stddef.h>
#include <stdint.h>

#define FEED_COPY_ERROR_BYTES 512

enum copy_kind { COPY_IN_FORCE, COPY_HELD, COPY_KIND_COUNT };

struct feed_copy {
	char *url;	     /* that it came from */
	char *etag;	     /* or NULL */
	char *last_modified; /* or NULL */
	int64_t fetched_at_sec;
	/* Bits by enum feed_space: what was cut out of it before it was judged, and is to be
	 * cut out of it as long as that space may hold a copy back. */
	unsigned int cut_spaces;
	int64_t checked_at_sec; /* the source had no other then; when the file was touched */
	char *bytes;
	size_t byte_count;
	uint32_t checksum; /* of the bytes */
};

void feed_copy_done(struct feed_copy *copy);

/* The checksum of @bytes. */
uint32_t feed_copy_checksum(const char *bytes, size_t byte_count);

/* Where copies are; the first one that is written makes it. Return: a string to be
 * freed, or NULL: no memory. */
char *feed_copy_directory(const char *state_dir);

/**
 * feed_copy_read() - read a copy and see whether it is what was written
 * @ret_copy: to be freed with feed_copy_done(); untouched unless 0 is returned
 *
 * Return: 0; -ENOENT: there is none; -EBADMSG: it is damaged; another -errno. @error
 * says what is wrong unless there is none.
 */
int feed_copy_read(const char *directory, const char *name, enum copy_kind kind,
		   struct feed_copy *ret_copy, char error[FEED_COPY_ERROR_BYTES]);

/**
 * feed_copy_prepare() - write a copy beside the one that is there
 *
 * It is on the disk, but counts only once feed_copy_commit() has put it in that one's
 * place; feed_copy_abandon() removes it again. Return: 0 or -errno, with @error.
 */
int feed_copy_prepare(const char *directory, const char *name, enum copy_kind kind,
		      const struct feed_copy *copy, char error[FEED_COPY_ERROR_BYTES]);
int feed_copy_commit(const char *directory, const char *name, enum copy_kind kind);
void feed_copy_abandon(const char *directory, const char *name, enum copy_kind kind);

/* Remove a copy. Return: 0, also if there is none; -errno. */
int feed_copy_remove(const char *directory, const char *name, enum copy_kind kind);

/* The source has just said that it has no other: note the time. Return: 0 or -errno. */
int feed_copy_touch(const char *directory, const char *name, enum copy_kind kind);

#endif
