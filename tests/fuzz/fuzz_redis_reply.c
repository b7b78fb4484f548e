/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as what a Redis server sends, in pieces: the replies do not depend on the pieces, and
 * have what their types say. The first byte is the size of a piece. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "redis/reply.h"

#define BYTES_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* How many values there are. */
static size_t check(const struct redis_reply *reply)
{
	const int has_text = reply->type == REDIS_STRING || reply->type == REDIS_STATUS ||
			     reply->type == REDIS_ERROR;
	size_t count = 1;

	require(has_text == (reply->text != NULL));
	require(!reply->text || reply->text[reply->text_bytes] == '\0');
	require(reply->type == REDIS_INTEGER || !reply->integer);
	require(reply->type == REDIS_ARRAY || !reply->element_count);
	/* As deep as hiredis nests. NOLINTNEXTLINE(misc-no-recursion) */
	for (size_t i = 0; i < reply->element_count; i++)
		count += check(&reply->elements[i]);
	return count;
}

/* How many values are in all complete replies. */
static size_t read_all(const char *bytes, size_t size, size_t piece)
{
	struct redis_reader *reader = redis_reader_new(BYTES_MAX);
	size_t count = 0;
	int err = 0;

	require(reader != NULL);
	for (size_t at = 0; !err && at < size; at += piece) {
		struct redis_reply *reply = NULL;

		err = redis_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece);
		while (!err && !(err = redis_reader_next(reader, &reply)) && reply) {
			count += check(reply);
			redis_reply_free(reply);
		}
	}
	require(!err == !*redis_reader_problem(reader));
	redis_reader_free(reader);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > BYTES_MAX)
		return 0;
	require(read_all((const char *)data + 1, size - 1, (size_t)data[0] + 1) ==
		read_all((const char *)data + 1, size - 1, size));
	return 0;
}
