/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl-resolve: answers one question about a domain, confined, and ends. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine/confine.h"
#include "confine/receive.h"
#include "resolve/protocol.h"
#include "resolve/run.h"

#define MEMORY_BYTES_MAX (256ULL << 20)

static const char usage[] = "usage: ipwl-resolve [-h] [-V]\n"
			    "ipwld and ipwlctl start it to query DNS; see ipwl-resolve(8).\n"
			    "  -h       print this help\n"
			    "  -V       print the version\n";

/* Return: 0; -errno: @message says what is wrong. */
static int confine_for(const struct dns_request *request, char message[DNS_MESSAGE_BYTES])
{
	const struct confinement confinement = {
		.program = RESOLVE_PROGRAM,
		.user = RESOLVE_USER,
		.uses_network = true,
		.file_bytes_max = DNS_RESULT_TEXT_BYTES_MAX,
		.memory_bytes_max = MEMORY_BYTES_MAX,
		.life_sec = request->timeout_sec + RESOLVE_GRACE_SEC,
	};

	return confine(&confinement, message, DNS_MESSAGE_BYTES);
}

static int read_request(struct dns_request *request)
{
	char text[DNS_REQUEST_TEXT_BYTES_MAX];
	const ssize_t bytes = pread(RESOLVE_REQUEST_FD, text, sizeof(text), 0);

	return bytes < 0 ? -errno : dns_request_read(text, (size_t)bytes, request);
}

static bool close_result(FILE *stream, int err)
{
	return !fclose(stream) && !err;
}

static bool answer_list(const struct dns_request *request)
{
	FILE *stream = fdopen(RESOLVE_RESULT_FD, "w");
	char message[DNS_MESSAGE_BYTES];
	struct dns_listing listing;

	if (confine_for(request, message))
		run_fail_listing(request, &listing, message);
	else
		run_listing(request, &listing);
	return stream && close_result(stream, dns_listing_write(&listing, stream));
}

/* @request: NULL: it cannot be read. */
static bool answer_domain(const struct dns_request *request)
{
	FILE *stream = fdopen(RESOLVE_RESULT_FD, "w");
	struct dns_result result = { .ttl_sec = 0 };
	char message[DNS_MESSAGE_BYTES];

	if (!request)
		run_fail(&result, "the request cannot be read");
	else if (confine_for(request, message))
		run_fail(&result, message);
	else
		run_request(request, &result);
	return stream && close_result(stream, dns_result_write(&result, stream));
}

/* Answer a person who runs the program by hand, and exit. */
static void answer_a_person(int argc, char *argv[])
{
	const bool is_usage =
	    argc != 2 || (strcmp(argv[1], "-h") != 0 && strcmp(argv[1], "-V") != 0);

	if (!is_usage && argv[1][1] == 'V')
		puts("ipwl-resolve " IPWL_VERSION);
	else
		fputs(usage, is_usage ? stderr : stdout);
	exit(is_usage ? 2 : 0);
}

int main(int argc, char *argv[])
{
	static const int places[RESOLVE_FILE_COUNT] = { RESOLVE_REQUEST_FD, RESOLVE_RESULT_FD };
	struct dns_request request = { .timeout_sec = 0 };
	int last_fd = STDERR_FILENO;
	bool is_written;

	if (argc > 1 || isatty(RESOLVE_REQUEST_FD))
		answer_a_person(argc, argv);
	if (receive_is_due()) {
		int err = receive_files(places, RESOLVE_FILE_COUNT, RESOLVE_CONNECTION_FD);

		if (err) {
			fprintf(stderr, RESOLVE_PROGRAM ": no request was received: %s\n",
				strerror(-err));
			return 1;
		}
		last_fd = RESOLVE_CONNECTION_FD;
	}
	close_range((unsigned int)last_fd + 1, ~0U, 0);
	if (read_request(&request))
		is_written = answer_domain(NULL);
	else if (request.kind == DNS_LIST)
		is_written = answer_list(&request);
	else
		is_written = answer_domain(&request);
	return is_written ? 0 : 1;
}
