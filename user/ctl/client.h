/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to ipwld over its control socket (docs/control-api.md). */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/notice.h"
#include "ctl/command.h"

/* For requests that are answered at once. */
#define CLIENT_TIMEOUT_SEC 30
/* For requests that wait until the kernel has new tables. A reload of millions of prefixes
 * before them may take long. */
#define CLIENT_APPLY_TIMEOUT_SEC 3600

struct client;

struct parameter {
	const char *key;
	const char *value; /* UTF-8; NULL: left out */
};

struct request {
	const char *method;
	const char *path;
	const struct parameter *query; /* ends with a NULL key; may be NULL */
	const json_t *body;	       /* or NULL */
	const char *data;	       /* a body to send as it is, instead; or NULL */
	size_t data_bytes;
	long timeout_sec;     /* for the whole exchange */
	bool is_continuation; /* output has begun: a JSON error would break it */
};

/* A client for the socket of the command line; it prints errors as JSON, too, if
 * that is asked for. Never NULL. */
struct client *client_new(const struct arguments *arguments);
void client_free(struct client *client);

/* Whether ipwld is starting, and what it is doing: "reading …". The text is plain. */
bool client_reads_start(const struct client *client, char text[NOTICE_BYTES]);

/**
 * client_request() - send a request and wait for its answer
 * @ret_body: an object of the schema this program knows; to be released with
 *            json_decref(); untouched unless CTL_DONE is returned
 *
 * Any failure is reported. Return: CTL_DONE, or the exit code for it.
 */
enum ctl_exit client_request(struct client *client, const struct request *request,
			     json_t **ret_body);

/**
 * client_download() - send a request and write its answer to @stream as it comes
 *
 *  * For answers in a text format, of any length. Reports every failure except a failure to
 * write. After a failure @stream may hold a part of the answer. Return: CTL_DONE, or the exit code
 * for it.
 */
enum ctl_exit client_download(struct client *client, const struct request *request, FILE *stream);

/* From now on, keep the message of a failure instead of printing it, for a screen that it would
 * disturb. */
void client_keep_messages(struct client *client);
/* The message of the last failure, with its details on lines of their own. */
const char *client_message(const struct client *client);

/* Find the array @key of an answer; reports an answer without it.
 * Return: CTL_DONE or CTL_UNREACHABLE. */
enum ctl_exit client_array(const struct client *client, const json_t *object, const char *key,
			   json_t **ret_array);

/* Report an answer without the member @key. Return: CTL_DONE or CTL_UNREACHABLE. */
enum ctl_exit client_require(const struct client *client, const json_t *object, const char *key);

/* Who called sudo, or NULL. */
const char *client_sudo_user(void);

#endif
