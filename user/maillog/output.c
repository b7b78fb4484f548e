/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lines to ipwld, many at a time. */
#include "maillog/output.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "learn/evidence_line.h"
#include "maillog/protocol.h"

#define BUFFER_BYTES 65536
#define LINE_BYTES_MAX EVIDENCE_LINE_BYTES
#define PROBLEM_BYTES 512

struct output {
	int fd, connection;
	bool is_closed;
	bool is_known; /* whether the source works */
	char problem[PROBLEM_BYTES];
	char position[MAILLOG_POSITION_MAX + 1];
	size_t bytes;
	char buffer[BUFFER_BYTES];
};

struct output *output_new(int fd, int connection)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output)
		return NULL;
	output->fd = fd;
	output->connection = connection;
	return output;
}

void output_free(struct output *output)
{
	free(output);
}

void output_flush(struct output *output)
{
	size_t done = 0;

	while (done < output->bytes && !output->is_closed) {
		const ssize_t bytes =
		    write(output->fd, output->buffer + done, output->bytes - done);

		if (bytes >= 0)
			done += (size_t)bytes;
		else if (errno == EAGAIN)
			poll(&(struct pollfd) { .fd = output->fd, .events = POLLOUT }, 1, -1);
		else if (errno != EINTR)
			output->is_closed = true;
	}
	output->bytes = 0;
}

/* Room for another line. */
static char *make_room(struct output *output)
{
	if (BUFFER_BYTES - output->bytes < LINE_BYTES_MAX)
		output_flush(output);
	return output->buffer + output->bytes;
}

void output_evidence(void *context, const struct evidence *evidence)
{
	struct output *output = context;

	output->bytes += evidence_line_write(evidence, make_room(output));
}

void output_counts(struct output *output, const struct mail_log_counts *counts)
{
	output->bytes += (size_t)snprintf(make_room(output), LINE_BYTES_MAX,
					  MAILLOG_READ "%" PRIu64 " %" PRId64 "\n", counts->read,
					  counts->last_sec);
}

void output_position(struct output *output, const char *position,
		     const struct mail_log_counts *counts)
{
	if (strcmp(position, output->position) != 0) {
		snprintf(output->position, sizeof(output->position), "%s", position);
		output->bytes += (size_t)snprintf(make_room(output), LINE_BYTES_MAX,
						  MAILLOG_POSITION "%s\n", output->position);
		output_counts(output, counts);
	}
	output_flush(output);
}

void output_problem(struct output *output, const char *problem)
{
	char text[PROBLEM_BYTES];

	snprintf(text, sizeof(text), "%s", problem ? problem : "");
	utf8_sanitize(text, strlen(text));
	if (output->is_known && !strcmp(text, output->problem))
		return;
	output->is_known = true;
	memcpy(output->problem, text, sizeof(text));
	if (problem)
		output->bytes += (size_t)snprintf(make_room(output), LINE_BYTES_MAX,
						  MAILLOG_PROBLEM "%s\n", text);
	else
		output->bytes +=
		    (size_t)snprintf(make_room(output), LINE_BYTES_MAX, MAILLOG_WORKING "\n");
	output_flush(output);
}

static int poll_end(const struct output *output, int milliseconds)
{
	/* Only errors and the end of the connection. */
	struct pollfd fds[] = { { .fd = output->fd },
				{ .fd = output->connection, .events = POLLIN } };

	return poll(fds, 2, milliseconds);
}

void output_wait(const struct output *output, int milliseconds)
{
	poll_end(output, milliseconds);
}

bool output_is_closed(const struct output *output)
{
	return output->is_closed || poll_end(output, 0) > 0;
}
