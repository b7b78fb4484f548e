/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores copies of feeds in a directory of their kind, like state_dir/feeds: the copy in force
 * (NAME.copy), the copy that a guard holds back (NAME.held), and the first one that says that its
 * source has nothing any more (NAME.gone). A file consists of a few lines about the copy, then its
 * bytes. A checksum over all of it tells whether it is complete.
 */
#ifndef FEEDS_COPY_H
#define FEEDS_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "config/feed_config.h"

#define FEED_COPY_ERROR_BYTES 512

enum copy_kind {
	COPY_IN_FORCE,
	COPY_HELD,
	COPY_GONE, /* says since when its source has nothing any more */
	COPY_KIND_COUNT,
};

struct feed_copy {
	char *url;	     /* URL of the source */
	char *etag;	     /* or NULL */
	char *last_modified; /* or NULL */
	int64_t fetched_at_sec;
	/* One bit for each enum feed_space: space that was removed from this copy before it was
	 * judged. It is removed each time, unless the feed now takes that space. */
	unsigned int cut_spaces;
	/* Records of shared providers that lead to addresses in this copy, separated by blanks
	 * (domains/shared.h). Decided when the copy is judged. NULL: none. */
	char *shared;
	int64_t checked_at_sec; /* of the last feed_copy_touch() */
	char *bytes;
	size_t byte_count;
	uint32_t checksum; /* checksum of the bytes */
};

void feed_copy_done(struct feed_copy *copy);

/* Compute the checksum of @bytes. */
uint32_t feed_copy_checksum(const char *bytes, size_t byte_count);

/* The directory for copies of feeds of that kind. It is created when the first copy is written.
 * The caller frees the text. NULL: out of memory. */
char *feed_copy_directory(const char *state_dir, enum feed_kind kind);

/**
 * feed_copy_read() - read a copy and check that it is complete
 * @ret_copy: to be freed with feed_copy_done(); untouched unless 0 is returned
 *
 * Return: 0; -ENOENT: there is no copy; -EBADMSG: it is damaged; another -errno. @error says
 * what is wrong, except after -ENOENT.
 */
int feed_copy_read(const char *directory, const char *name, enum copy_kind kind,
		   struct feed_copy *ret_copy, char error[FEED_COPY_ERROR_BYTES]);

/**
 * feed_copy_prepare() - write a new copy beside the present one
 *
 * The new copy is on disk, but has no effect until feed_copy_commit() replaces the present one
 * with it. feed_copy_abandon() removes it. Return: 0 or -errno, with @error.
 */
int feed_copy_prepare(const char *directory, const char *name, enum copy_kind kind,
		      const struct feed_copy *copy, char error[FEED_COPY_ERROR_BYTES]);
int feed_copy_commit(const char *directory, const char *name, enum copy_kind kind);
void feed_copy_abandon(const char *directory, const char *name, enum copy_kind kind);

/* Remove a copy. Return: 0, even if there is none; -errno. */
int feed_copy_remove(const char *directory, const char *name, enum copy_kind kind);

/* Record that the source has just reported no newer copy. Return: 0 or -errno. */
int feed_copy_touch(const char *directory, const char *name, enum copy_kind kind);

#endif
