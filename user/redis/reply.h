/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies of a Redis or Valkey server: bytes become values, within limits. hiredis parses RESP2. */
#ifndef REDIS_REPLY_H
#define REDIS_REPLY_H

#include <stddef.h>
#include <stdint.h>

enum redis_type {
	REDIS_NIL,
	REDIS_STRING,
	REDIS_STATUS, /* "OK" */
	REDIS_ERROR,  /* "NOPERM this user has no permissions …" */
	REDIS_INTEGER,
	REDIS_ARRAY,
};

/* What members a type does not have are 0 and NULL. */
struct redis_reply {
	enum redis_type type;
	int64_t integer;
	char *text; /* of a string, a status and an error: any bytes, and a zero after them */
	size_t text_bytes;
	struct redis_reply *elements; /* of an array */
	size_t element_count;
};

/* One reply with all that it contains has at most so many bytes and elements. */
#define REDIS_REPLY_BYTES_MAX ((size_t)32 << 20)
#define REDIS_REPLY_ELEMENTS_MAX ((size_t)1 << 19)

struct redis_reader;

/* @bytes_max: of one reply. NULL: out of memory. */
struct redis_reader *redis_reader_new(size_t bytes_max);
void redis_reader_free(struct redis_reader *reader);

/* Add what came from the server. Return: 0; -EBADMSG: redis_reader_problem() says what is wrong,
 * and nothing more can be read. */
int redis_reader_feed(struct redis_reader *reader, const char *bytes, size_t byte_count);

/**
 * redis_reader_next() - take the next complete reply
 * @ret_reply: to be freed; NULL: there is no complete one yet
 *
 * Return: 0; -EBADMSG as redis_reader_feed().
 */
int redis_reader_next(struct redis_reader *reader, struct redis_reply **ret_reply);

/* Valid until the reader is freed. */
const char *redis_reader_problem(const struct redis_reader *reader);

/* NULL is accepted. */
void redis_reply_free(struct redis_reply *reply);

#endif
