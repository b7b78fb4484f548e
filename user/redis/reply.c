// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads replies with hiredis. hiredis makes room for as many elements as an array announces, so
 * values are made here, where they are counted first.
 */
#include "redis/reply.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arrays in arrays. hiredis 0.14 knows no more; 1.x has no limit. */
#define DEPTH_MAX 7

struct redis_reader {
	redisReader *parser;
	size_t bytes_max;
	size_t byte_count;    /* of the reply that is not complete yet */
	size_t element_count; /* of the same */
	const char *problem;  /* NULL: none */
};

/* ---- values ---------------------------------------------------------------- */

static void reply_clear(struct redis_reply *reply)
{
	free(reply->text);
	/* No deeper than DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
	for (size_t i = 0; i < reply->element_count; i++)
		reply_clear(&reply->elements[i]);
	free(reply->elements);
}

void redis_reply_free(struct redis_reply *reply)
{
	if (!reply)
		return;
	reply_clear(reply);
	free(reply);
}

/* Elements are in the array of their parent; the outermost value is allocated. NULL: out of
 * memory. */
static struct redis_reply *value_place(const redisReadTask *task)
{
	struct redis_reply *parent = task->parent ? task->parent->obj : NULL;

	return parent ? &parent->elements[task->idx] : calloc(1, sizeof(struct redis_reply));
}

static void *make_text(const redisReadTask *task, char *text, size_t bytes)
{
	struct redis_reply *value;
	char *copy;

	/* RESP3 has more types of text, and nobody asked for it. */
	if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS &&
	    task->type != REDIS_REPLY_ERROR)
		return NULL;
	copy = malloc(bytes + 1);
	value = copy ? value_place(task) : NULL;
	if (!value) {
		free(copy);
		return NULL;
	}
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	value->type = task->type == REDIS_REPLY_STRING	 ? REDIS_STRING
		      : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
							 : REDIS_ERROR;
	value->text = copy;
	value->text_bytes = bytes;
	return value;
}

static bool is_too_deep(const redisReadTask *task)
{
	size_t depth = 0;

	while ((task = task->parent))
		depth++;
	return depth >= DEPTH_MAX;
}

static struct redis_reply *make_array_of(const redisReadTask *task, size_t count)
{
	struct redis_reader *reader = task->privdata;
	struct redis_reply *value, *elements = NULL;

	if (task->type != REDIS_REPLY_ARRAY)
		return NULL;
	if (is_too_deep(task)) {
		reader->problem = "a reply has arrays too deep in arrays";
		return NULL;
	}
	if (count > REDIS_REPLY_ELEMENTS_MAX - reader->element_count) {
		reader->problem = "a reply has too many elements";
		return NULL;
	}
	if (count) {
		elements = calloc(count, sizeof(*elements));
		if (!elements)
			return NULL;
	}
	value = value_place(task);
	if (!value) {
		free(elements);
		return NULL;
	}
	reader->element_count += count;
	value->type = REDIS_ARRAY;
	value->elements = elements;
	value->element_count = count;
	return value;
}

/* hiredis 1.0 counts elements in another type. */
#if HIREDIS_MAJOR >= 1
static void *make_array(const redisReadTask *task, size_t count)
{
	return make_array_of(task, count);
}
#else
static void *make_array(const redisReadTask *task, int count)
{
	return make_array_of(task, count > 0 ? (size_t)count : 0);
}
#endif

static void *make_integer(const redisReadTask *task, long long integer)
{
	struct redis_reply *value = value_place(task);

	if (!value)
		return NULL;
	value->type = REDIS_INTEGER;
	value->integer = integer;
	return value;
}

static void *make_nil(const redisReadTask *task)
{
	return value_place(task);
}

static void free_value(void *value)
{
	redis_reply_free(value);
}

#if HIREDIS_MAJOR >= 1
static void *refuse_double(const redisReadTask *task, double number, char *text, size_t bytes)
{
	(void)task;
	(void)number;
	(void)text;
	(void)bytes;
	return NULL;
}

static void *refuse_bool(const redisReadTask *task, int value)
{
	(void)task;
	(void)value;
	return NULL;
}
#endif

static redisReplyObjectFunctions value_functions = {
	.createString = make_text,
	.createArray = make_array,
	.createInteger = make_integer,
	.createNil = make_nil,
	.freeObject = free_value,
#if HIREDIS_MAJOR >= 1
	.createDouble = refuse_double,
	.createBool = refuse_bool,
#endif
};

/* ---- reader ---------------------------------------------------------------- */

struct redis_reader *redis_reader_new(size_t bytes_max)
{
	struct redis_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->bytes_max = bytes_max;
	reader->parser = redisReaderCreateWithFunctions(&value_functions);
	if (!reader->parser) {
		free(reader);
		return NULL;
	}
	reader->parser->privdata = reader;
	return reader;
}

void redis_reader_free(struct redis_reader *reader)
{
	if (!reader)
		return;
	redisReaderFree(reader->parser);
	free(reader);
}

static int reader_fail(struct redis_reader *reader, const char *problem)
{
	if (!reader->problem)
		reader->problem = problem;
	return -EBADMSG;
}

int redis_reader_feed(struct redis_reader *reader, const char *bytes, size_t byte_count)
{
	if (reader->problem)
		return -EBADMSG;
	if (redisReaderFeed(reader->parser, bytes, byte_count) != REDIS_OK)
		return reader_fail(reader, reader->parser->errstr);
	reader->byte_count += byte_count;
	return 0;
}

int redis_reader_next(struct redis_reader *reader, struct redis_reply **ret_reply)
{
	void *value = NULL;

	if (reader->problem)
		return -EBADMSG;
	if (redisReaderGetReply(reader->parser, &value) != REDIS_OK)
		return reader_fail(reader, reader->parser->errstr);
	if (value) {
		reader->byte_count = reader->parser->len - reader->parser->pos;
		reader->element_count = 0;
	} else if (reader->byte_count > reader->bytes_max) {
		return reader_fail(reader, "a reply is too long");
	}
	*ret_reply = value;
	return 0;
}

const char *redis_reader_problem(const struct redis_reader *reader)
{
	return reader->problem ? reader->problem : "";
}
