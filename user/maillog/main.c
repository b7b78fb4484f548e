/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl-maillog: reads the mail server's log for ipwld, confined, and writes evidence. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "confine/confine.h"
#include "confine/receive.h"
#include "maillog/backfill.h"
#include "maillog/follow.h"
#include "maillog/journal.h"
#include "maillog/request.h"

/* libsystemd maps many files. */
#define MEMORY_BYTES_MAX (8ULL << 30)
#define DESCRIPTORS_MAX 1024

static const char usage[] = "usage: ipwl-maillog [-b] [-h] [-V]\n"
			    "ipwld starts it to read the mail server's log; see ipwl-maillog(8).\n"
			    "  -b       read a log from standard input and write evidence\n"
			    "  -h       print this help\n"
			    "  -V       print the version\n";

static int confine_reader(char *error, size_t error_bytes)
{
	static const char *const groups[] = { "adm", "systemd-journal", NULL };
	const struct confinement confinement = {
		.program = "the reader of logs",
		.user = MAILLOG_USER,
		.groups = groups,
		.calls = journal_calls,
		.descriptors_max = DESCRIPTORS_MAX,
		.memory_bytes_max = MEMORY_BYTES_MAX,
		/* Standard output may be a file. It cannot open another one. */
		.file_bytes_max = UINT64_MAX,
	};

	/* The filter does not keep files from being read, but the local time needs only one. */
	tzset();
	return confine(&confinement, error, error_bytes);
}

/* The mail server of that name; without a name, Postfix. */
static enum evidence_source find_server(const char *name)
{
	for (int i = 0; name && i < EVIDENCE_SOURCE_COUNT; i++)
		if (!strcmp(name, evidence_source_names[i]))
			return (enum evidence_source)i;
	return EVIDENCE_FROM_POSTFIX;
}

static int follow(const struct request *request, int connection)
{
	struct output *output = output_new(MAILLOG_OUTPUT_FD, connection);
	struct mail_log *log =
	    output ? mail_log_new(find_server(request->server), output_evidence, output) : NULL;

	if (log && request->file)
		follow_file(request->file, request->position, log, output);
	else if (log)
		follow_journal(strcmp(request->journal, "-") != 0 ? request->journal : NULL,
			       request->position, log, output);
	mail_log_free(log);
	output_free(output);
	return log ? 0 : 1;
}

static int serve_ipwld(void)
{
	static const int places[MAILLOG_FILE_COUNT] = { MAILLOG_REQUEST_FD, MAILLOG_OUTPUT_FD };
	static struct request request;
	char error[256];
	int connection = -1;

	if (receive_is_due()) {
		int err = receive_files(places, MAILLOG_FILE_COUNT, MAILLOG_CONNECTION_FD);

		if (err) {
			fprintf(stderr, "ipwl-maillog: no request was received: %s\n",
				strerror(-err));
			return 1;
		}
		connection = MAILLOG_CONNECTION_FD;
	}
	close_range(MAILLOG_CONNECTION_FD + (connection >= 0), ~0U, 0);
	if (request_read(MAILLOG_REQUEST_FD, &request)) {
		fprintf(stderr, "ipwl-maillog: the request cannot be read\n");
		return 1;
	}
	if (confine_reader(error, sizeof(error))) {
		dprintf(MAILLOG_OUTPUT_FD, MAILLOG_PROBLEM "%s\n", error);
		return 1;
	}
	return follow(&request, connection);
}

static int read_once(void)
{
	char error[256];

	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (confine_reader(error, sizeof(error))) {
		fprintf(stderr, "ipwl-maillog: %s\n", error);
		return 1;
	}
	return backfill(STDIN_FILENO, STDOUT_FILENO) ? 1 : 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && !strcmp(argv[1], "-b"))
		return read_once();
	if (argc == 2 && !strcmp(argv[1], "-V")) {
		puts("ipwl-maillog " IPWL_VERSION);
		return 0;
	}
	if (argc > 1 || isatty(MAILLOG_REQUEST_FD)) {
		const bool is_help = argc == 2 && !strcmp(argv[1], "-h");

		fputs(usage, is_help ? stdout : stderr);
		return is_help ? 0 : 2;
	}
	return serve_ipwld();
}
