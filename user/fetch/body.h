/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receives a body piece by piece, unpacks it, and limits the size before and after unpacking. */
#ifndef FETCH_BODY_H
#define FETCH_BODY_H

#include <lzma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define BODY_ERROR_BYTES 256
/* The longest signature, that of xz. */
#define BODY_FIRST_BYTES 6

struct unpacker;

struct body {
	int fd;
	uint64_t max_bytes;
	uint64_t received_bytes;
	uint64_t written_bytes;
	unsigned char first[BODY_FIRST_BYTES]; /* until it is known what it is */
	size_t first_count;
	bool is_started;
	const struct unpacker *unpacker; /* NULL: as it is */
	union {
		struct {
			z_stream stream;
			bool is_between; /* after a member; another may follow */
		} gzip;
		lzma_stream xz;
		struct {
			unsigned char *data;
			size_t bytes, room;
		} zip;
	};
	char error[BODY_ERROR_BYTES]; /* empty: none */
};

/* Start a body. Unpacked data is written to @fd. Received data and unpacked data are each
 * limited to @max_bytes. */
void body_init(struct body *body, int fd, uint64_t max_bytes);
void body_done(struct body *body);

/* Add received data. Return: 0; -EINVAL: `error` says what is wrong, and no more data is
 * accepted. */
int body_add(struct body *body, const void *data, size_t bytes);

/* Check that the body is complete at the end of the data. Return: 0; -EINVAL: `error` says why
 * it is not. */
int body_finish(struct body *body);

#endif
