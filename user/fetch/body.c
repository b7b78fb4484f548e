/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a body to the file. The first bytes say whether and how it is packed, so files that are
 * packed and a Content-Encoding are handled alike. A truncated body is an error here.
 */
#include "fetch/body.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fetch/unpack.h"

static const struct unpacker *const unpackers[] = { &unpack_gzip, &unpack_xz, &unpack_zip };

#define UNPACKER_COUNT (sizeof(unpackers) / sizeof(*unpackers))

void body_init(struct body *body, int fd, uint64_t max_bytes)
{
	*body = (struct body) { .fd = fd, .max_bytes = max_bytes };
}

void body_done(struct body *body)
{
	if (body->unpacker)
		body->unpacker->done(body);
}

/* The first bytes agree with a signature as far as both go. */
static bool may_be(const struct body *body, const struct unpacker *unpacker)
{
	const size_t bytes = body->first_count < unpacker->signature_bytes
				 ? body->first_count
				 : unpacker->signature_bytes;

	return !memcmp(body->first, unpacker->signature, bytes);
}

static int add_started(struct body *body, const void *data, size_t bytes)
{
	return body->unpacker ? body->unpacker->add(body, data, bytes)
			      : unpack_put(body, data, bytes);
}

static int start(struct body *body, const struct unpacker *unpacker)
{
	body->is_started = true;
	body->unpacker = unpacker;
	if (unpacker && unpacker->start(body))
		return -EINVAL;
	return add_started(body, body->first, body->first_count);
}

/* Start if the first bytes decide what it is. */
static int try_to_start(struct body *body)
{
	bool may_be_any = false;

	for (size_t i = 0; i < UNPACKER_COUNT; i++) {
		if (!may_be(body, unpackers[i]))
			continue;
		if (body->first_count >= unpackers[i]->signature_bytes)
			return start(body, unpackers[i]);
		may_be_any = true;
	}
	return may_be_any ? 0 : start(body, NULL);
}

int body_add(struct body *body, const void *data, size_t bytes)
{
	const unsigned char *from = data;

	if (body->max_bytes - body->received_bytes < bytes)
		return unpack_fail(body, "it is larger than max_bytes, %" PRIu64, body->max_bytes);
	body->received_bytes += bytes;
	for (; bytes && !body->is_started; from++, bytes--) {
		body->first[body->first_count++] = *from;
		if (try_to_start(body))
			return -EINVAL;
	}
	return bytes ? add_started(body, from, bytes) : 0;
}

int body_finish(struct body *body)
{
	if (!body->is_started && start(body, NULL))
		return -EINVAL;
	return body->unpacker ? body->unpacker->finish(body) : 0;
}
