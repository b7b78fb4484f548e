/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of feeds that one host of the fleet has fetched and accepted, and others take. A copy is
 * packed, and known by its digest; what a host says of it is signed. Neither URLs nor what goes
 * with them (tokens, headers) are part of it.
 */
#ifndef FLEET_COPY_H
#define FLEET_COPY_H

#include "fleet/sign.h"

/* Of the copy as it was fetched, and packed: larger ones are not shared. */
#define FLEET_COPY_BYTES_MAX ((size_t)128 << 20)
#define FLEET_PACKED_BYTES_MAX ((size_t)32 << 20)
/* SHA-256 as hexadecimal digits. */
#define FLEET_DIGEST_DIGITS 64
#define FLEET_COPY_HEADER_BYTES 512
#define FLEET_COPY_TEXT_BYTES                                                                      \
	(2 * FLEET_COPY_HEADER_BYTES + FLEET_DIGEST_DIGITS + FLEET_HOST_BYTES_MAX +                \
	 2 * FLEET_MAC_DIGITS + 128)

/* What is said of a copy. */
struct fleet_copy {
	char digest[FLEET_DIGEST_DIGITS + 1];
	size_t byte_count;
	size_t packed_count; /* 0: it is too large to be shared */
	/* When the source was asked, by the clock of that host: seconds since 1970. */
	int64_t checked_at_sec;
	char host[FLEET_HOST_BYTES_MAX + 1]; /* that fetched it */
	char source[FLEET_MAC_DIGITS + 1];   /* fleet_copy_source() of the URL it came from */
	char etag[FLEET_COPY_HEADER_BYTES];  /* "": none */
	char last_modified[FLEET_COPY_HEADER_BYTES];
};

/* The name of a feed in the fleet. @feed: says what is fetched, without a line end. Who does not
 * have the key learns nothing of it. Return: 0 or -ENOMEM. */
int fleet_copy_name(const struct fleet_signer *signer, const char *feed,
		    char name[FLEET_MAC_DIGITS + 1]);

/* The same for a URL. */
int fleet_copy_source(const struct fleet_signer *signer, const char *url,
		      char source[FLEET_MAC_DIGITS + 1]);

/* Write what is said of a copy of the feed of that name, with its MAC. Return: 0; -EINVAL: a text
 * cannot be written; -ENOMEM. */
int fleet_copy_format(const struct fleet_copy *copy, const struct fleet_signer *signer,
		      const char *name, char text[FLEET_COPY_TEXT_BYTES]);

/* Read it again. @text is changed. Return: 0 or -EINVAL: it is not valid. */
int fleet_copy_parse(char *text, const struct fleet_signer *signer, const char *name,
		     struct fleet_copy *ret_copy);

/* Pack bytes, and set the digest and both counts. Return: 0, with *@ret_packed to be freed; -EFBIG:
 * it is too large to be shared; -ENOMEM. */
int fleet_copy_pack(const char *bytes, size_t byte_count, struct fleet_copy *copy,
		    char **ret_packed);

/* Say of a copy that it is too large. */
void fleet_copy_make_large(struct fleet_copy *copy);

/* Unpack, and check that the result is the copy. Return: 0, with copy->byte_count bytes to be
 * freed; -EBADMSG: it is another one; -ENOMEM. */
int fleet_copy_unpack(const struct fleet_copy *copy, const char *packed, char **ret_bytes);

#endif
