/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways in which a body can be packed. */
#ifndef FETCH_UNPACK_H
#define FETCH_UNPACK_H

#include <stddef.h>

#include "fetch/body.h"

/* Unpacked data is written in pieces of this size. */
#define UNPACK_PIECE_BYTES 65536

/* The functions return 0, or -EINVAL with the body's `error`. done() is called after start(),
 * also if that failed. */
struct unpacker {
	const char *signature; /* the first bytes */
	size_t signature_bytes;
	int (*start)(struct body *body);
	int (*add)(struct body *body, const void *data, size_t bytes);
	int (*finish)(struct body *body);
	void (*done)(struct body *body);
};

extern const struct unpacker unpack_gzip, unpack_xz, unpack_zip;

/* Write unpacked data. Return: 0 or -EINVAL. */
int unpack_put(struct body *body, const void *data, size_t bytes);

/* Set `error`. Return: -EINVAL. */
int __attribute__((format(printf, 2, 3))) unpack_fail(struct body *body, const char *format, ...);

#endif
