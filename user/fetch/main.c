/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl-fetch: fetches one list for ipwld, confined, and ends. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch/confine.h"
#include "fetch/fetch.h"

static const char usage[] = "usage: ipwl-fetch [-h] [-V]\n"
			    "ipwld starts it to fetch a feed; see ipwl-fetch(8).\n"
			    "  -h       print this help\n"
			    "  -V       print the version\n";

/* A value becomes one line whatever is in it. */
static void write_line(FILE *stream, const char *key, const char *value)
{
	if (!*value)
		return;
	fprintf(stream, "%s ", key);
	for (const char *c = value; *c != '\0'; c++)
		putc((unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c, stream);
	putc('\n', stream);
}

static bool write_result(const struct fetch *fetch)
{
	FILE *stream = fdopen(FETCH_RESULT_FD, "w");
	char retry_after[32] = "";

	if (!stream)
		return false;
	if (fetch->retry_after_sec)
		snprintf(retry_after, sizeof(retry_after), "%ld", fetch->retry_after_sec);
	write_line(stream, "result", fetch->result);
	write_line(stream, "message", fetch->message);
	write_line(stream, "etag", fetch->etag);
	write_line(stream, "last_modified", fetch->last_modified);
	write_line(stream, "retry_after_sec", retry_after);
	return !fclose(stream);
}

static void run(const struct request *request, struct fetch *fetch)
{
	const struct confinement confinement = {
		.max_bytes = request->max_bytes,
		.life_sec = request->timeout_sec + FETCH_GRACE_SEC,
	};
	static char token[REQUEST_TOKEN_BYTES_MAX + 1];
	struct body body;
	int err = 0;

	/* For those eyes alone that it was made for, so before they are given away. */
	if (request->token_file)
		err = request_read_token(request->token_file, token);
	if (err) {
		snprintf(fetch->message, sizeof(fetch->message), "%s: %s", request->token_file,
			 err == -EINVAL ? "there is no token in its first line" : strerror(-err));
		return;
	}
	if (confine(&confinement, fetch->message, sizeof(fetch->message)))
		return;
	body_init(&body, FETCH_BODY_FD, request->max_bytes);
	fetch_run(request, request->token_file ? token : NULL, &body, fetch);
	body_done(&body);
}

/* Exits. */
static void answer_a_person(int argc, char *argv[])
{
	bool is_usage = argc != 2 || (strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "-V") != 0);

	if (!is_usage && argv[1][1] == 'V')
		puts("ipwl-fetch " IPWL_VERSION);
	else
		fputs(usage, is_usage ? stderr : stdout);
	exit(is_usage ? 2 : 0);
}

int main(int argc, char *argv[])
{
	static struct request request;
	struct fetch fetch = { .result = FETCH_FAILED };

	if (argc > 1 || isatty(FETCH_REQUEST_FD))
		answer_a_person(argc, argv);
	close_range(FETCH_BODY_FD + 1, ~0U, 0);
	if (request_read(FETCH_REQUEST_FD, &request))
		snprintf(fetch.message, sizeof(fetch.message), "the request cannot be read");
	else
		run(&request, &fetch);
	return write_result(&fetch) ? 0 : 1;
}
