/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl-fetch: fetches one list for ipwld, confined, and ends. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "confine/confine.h"
#include "confine/receive.h"
#include "fetch/fetch.h"

#define MEMORY_BYTES_MAX (1ULL << 30)
/* The result is a file, too, so the limit must leave room for it. */
#define FILE_BYTES_MIN 65536

static const char usage[] = "usage: ipwl-fetch [-h] [-V]\n"
			    "ipwld starts it to fetch a feed; see ipwl-fetch(8).\n"
			    "  -h       print this help\n"
			    "  -V       print the version\n";

/* Write a value as one line, whatever it contains. */
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
		.program = "the fetcher",
		.user = FETCH_USER,
		.uses_network = true,
		.file_bytes_max =
		    request->max_bytes > FILE_BYTES_MIN ? request->max_bytes : FILE_BYTES_MIN,
		.memory_bytes_max = MEMORY_BYTES_MAX,
		.life_sec = request->timeout_sec + FETCH_GRACE_SEC,
	};
	struct body body;

	if (confine(&confinement, fetch->message, sizeof(fetch->message)))
		return;
	body_init(&body, FETCH_BODY_FD, request->max_bytes);
	fetch_run(request, &body, fetch);
	body_done(&body);
}

/* Answer a person who runs the program by hand, and exit. */
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
	static const int places[FETCH_FILE_COUNT] = { FETCH_REQUEST_FD, FETCH_RESULT_FD,
						      FETCH_BODY_FD };
	static struct request request;
	struct fetch fetch = { .result = FETCH_FAILED };
	int last_fd = FETCH_BODY_FD;

	if (argc > 1 || isatty(FETCH_REQUEST_FD))
		answer_a_person(argc, argv);
	if (receive_is_due()) {
		int err = receive_files(places, FETCH_FILE_COUNT, FETCH_CONNECTION_FD);

		if (err) {
			log_find_journal();
			log_error("fetch", "no request was received: %s", strerror(-err));
			return 1;
		}
		last_fd = FETCH_CONNECTION_FD;
	}
	close_range((unsigned int)last_fd + 1, ~0U, 0);
	if (request_read(FETCH_REQUEST_FD, &request))
		snprintf(fetch.message, sizeof(fetch.message), "the request cannot be read");
	else
		run(&request, &fetch);
	return write_result(&fetch) ? 0 : 1;
}
