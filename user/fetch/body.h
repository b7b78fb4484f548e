/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a body as it comes in, unpacks gzip, and keeps to a size on both sides. */
#ifndef FETCH_BODY_H
#define FETCH_BODY_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define BODY_ERROR_BYTES 256

enum body_state {
	BODY_START, /* the first bytes say what it is */
	BODY_PLAIN,
	BODY_GZIP,
	BODY_GZIP_END, /* of a member; another may follow */
};

struct body {
	int fd;
	uint64_t max_bytes;
	uint64_t received_bytes;
	uint64_t written_bytes;
	enum body_state state;
	unsigned char first; /* of two bytes that make gzip, where they come one by one */
	size_t first_count;
	z_stream stream;
	char error[BODY_ERROR_BYTES]; /* empty: none */
};

/* What is unpacked goes to @fd, and is at most @max_bytes; so is what comes in. */
void body_init(struct body *body, int fd, uint64_t max_bytes);
void body_done(struct body *body);

/* Return: 0; -EINVAL: error says what is wrong, and nothing more is taken. */
int body_add(struct body *body, const void *data, size_t bytes);

/* The source has no more: is it whole? Return: 0; -EINVAL: error says why not. */
int body_finish(struct body *body);

#endif
