/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts ipwl-fetch with three files: the request, the answer and the body. They are files in
 * memory, so neither side ever waits for the other. Their final content is read as if strangers
 * had written it.
 */
#include "feeds/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "feeds/token.h"
#include "fetch/protocol.h"
#include "helper/helper.h"

#define PROGRAM "ipwl-fetch"
/* Time after the fetcher should have ended by itself. */
#define DEADLINE_SEC 5

static const struct helper fetcher = {
	.program = PROGRAM,
	.unit = "ipwl-fetch.socket",
	.socket_variable = FETCH_SOCKET_VARIABLE,
};

enum file { FILE_REQUEST, FILE_RESULT, FILE_BODY, FILE_COUNT };

struct feed_process {
	struct helper_process fetcher;
	bool is_killed; /* killed, but has not ended yet */
	int fds[FILE_COUNT];
	struct event *event; /* fires when the fetcher has ended, or should have */
	void (*done)(void *context, struct fetched *fetched);
	void *context;
};

char *feed_process_find_program(void)
{
	return helper_find(&fetcher);
}

/* ---- request ------------------------------------------------------------ */

static void print_line(int fd, const char *key, const char *value)
{
	if (value && *value)
		dprintf(fd, "%s %s\n", key, value);
}

static int write_request(int fd, const struct feed_request *request, const char *token)
{
	const struct feed_config *feed = request->feed;

	print_line(fd, "url", feed->url);
	dprintf(fd, "max_bytes %" PRIu32 "\ntimeout_sec %" PRIu32 "\n", feed->max_bytes,
		feed->timeout_sec);
	print_line(fd, "user", feed->user);
	print_line(fd, "token", token);
	print_line(fd, "ca_file", feed->ca_file);
	print_line(fd, "etag", request->etag);
	print_line(fd, "last_modified", request->last_modified);
	return lseek(fd, 0, SEEK_SET) ? -errno : 0;
}

/* ---- answer ------------------------------------------------------------- */

static void read_answer(const struct feed_process *process, struct fetched *fetched)
{
	char text[FETCH_TEXT_BYTES_MAX + 1];
	char word[32] = "";
	ssize_t bytes = pread(process->fds[FILE_RESULT], text, FETCH_TEXT_BYTES_MAX, 0);

	if (bytes <= 0)
		return;
	text[bytes] = '\0';
	helper_take_text(text, "result", word, sizeof(word));
	if (!strcmp(word, FETCH_NEW))
		fetched->result = FETCH_IS_NEW;
	else if (!strcmp(word, FETCH_UNCHANGED))
		fetched->result = FETCH_IS_UNCHANGED;
	helper_take_text(text, "message", fetched->message, sizeof(fetched->message));
	helper_take_text(text, "etag", fetched->etag, sizeof(fetched->etag));
	helper_take_text(text, "last_modified", fetched->last_modified,
			 sizeof(fetched->last_modified));
	word[0] = '\0';
	helper_take_text(text, "retry_after_sec", word, sizeof(word));
	fetched->retry_after_sec = 0;
	number_parse(word, 0, INT64_MAX, &fetched->retry_after_sec);
}

static void describe_end(const struct feed_process *process, int status, struct fetched *fetched)
{
	if (*fetched->message)
		return;
	if (!process->fetcher.pid)
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited without an answer: see its journal", PROGRAM);
	else if (WIFSIGNALED(status))
		snprintf(fetched->message, sizeof(fetched->message), "%s was killed: %s", PROGRAM,
			 WTERMSIG(status) == SIGALRM ? "it took too long"
						     : strsignal(WTERMSIG(status)));
	else
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited with status %d and without an answer", PROGRAM,
			 WEXITSTATUS(status));
}

static void free_process(struct feed_process *process)
{
	for (int i = 0; i < FILE_COUNT; i++) {
		if (process->fds[i] >= 0)
			close(process->fds[i]);
	}
	if (process->event)
		event_free(process->event);
	helper_release(&process->fetcher);
	free(process);
}

/* Seal the body, so that nobody who has it open can change it any more. */
static void seal_body(const struct feed_process *process, struct fetched *fetched)
{
	if (!fcntl(process->fds[FILE_BODY], F_ADD_SEALS,
		   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		fetched->body_fd = process->fds[FILE_BODY];
		return;
	}
	fetched->result = FETCH_HAS_FAILED;
	snprintf(fetched->message, sizeof(fetched->message), "%s still has the body open: %s",
		 PROGRAM, strerror(errno));
}

/* Read the result after the fetcher has ended. */
static void take_end(const struct feed_process *process, struct fetched *fetched)
{
	int status = 0;

	if (process->fetcher.pid)
		waitpid(process->fetcher.pid, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		read_answer(process, fetched);
	if (fetched->result == FETCH_HAS_FAILED)
		describe_end(process, status, fetched);
	if (fetched->result == FETCH_IS_NEW)
		seal_body(process, fetched);
}

/* Kill a fetcher that is late, and give it time to end. Returns false if that is not possible
 * or was tried before. */
static bool kill_late(struct feed_process *process)
{
	if (!process->fetcher.pid || process->is_killed ||
	    pidfd_send_signal(process->fetcher.end_fd, SIGKILL, NULL, 0))
		return false;
	event_add(process->event, &(struct timeval) { .tv_sec = DEADLINE_SEC });
	process->is_killed = true;
	return true;
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
	struct feed_process *process = context;
	struct fetched fetched = { .result = FETCH_HAS_FAILED, .body_fd = -1 };

	(void)fd;
	if ((what & EV_TIMEOUT) && kill_late(process))
		return;
	if (what & EV_TIMEOUT)
		snprintf(fetched.message, sizeof(fetched.message), "%s does not exit", PROGRAM);
	else
		take_end(process, &fetched);
	process->done(process->context, &fetched);
	/* The callback has set it to -1 if it took the body over. */
	if (fetched.result == FETCH_IS_NEW && fetched.body_fd < 0)
		process->fds[FILE_BODY] = -1;
	free_process(process);
}

/* ---- start -------------------------------------------------------------- */

static int open_files(struct feed_process *process, const struct feed_request *request,
		      char message[FEED_MESSAGE_BYTES])
{
	static const char *const names[FILE_COUNT] = { "request", "result", "body" };
	const char *path = request->feed->token_file;
	char token[TOKEN_BYTES_MAX + 1];
	int err = path ? token_read(path, token) : 0;

	if (err) {
		snprintf(message, FEED_MESSAGE_BYTES, "%s: %s", path,
			 err == -EINVAL ? "its first line contains no token" : strerror(-err));
		return err;
	}
	for (int i = 0; i < FILE_COUNT && !err; i++) {
		process->fds[i] = helper_new_file(names[i]);
		err = process->fds[i] < 0 ? process->fds[i] : 0;
	}
	if (!err)
		err = write_request(process->fds[FILE_REQUEST], request, path ? token : NULL);
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "cannot create the request: %s",
			 strerror(-err));
	return err;
}

static int watch(struct feed_process *process, struct event_base *base, uint32_t timeout_sec)
{
	const struct timeval deadline = { .tv_sec = (time_t)timeout_sec + FETCH_GRACE_SEC +
						    DEADLINE_SEC };

	process->event = event_new(base, process->fetcher.end_fd, EV_READ, on_end, process);
	return process->event && !event_add(process->event, &deadline) ? 0 : -ENOMEM;
}

static int launch(struct feed_process *process, struct event_base *base,
		  const struct feed_request *request, char message[FEED_MESSAGE_BYTES])
{
	const struct process_fd fds[FILE_COUNT] = {
		{ process->fds[FILE_REQUEST], FETCH_REQUEST_FD },
		{ process->fds[FILE_RESULT], FETCH_RESULT_FD },
		{ process->fds[FILE_BODY], FETCH_BODY_FD },
	};
	int err = helper_start(&fetcher, request->program, fds, FILE_COUNT, &process->fetcher,
			       message, FEED_MESSAGE_BYTES);

	_Static_assert(FILE_COUNT == FETCH_FILE_COUNT, "as the other side expects");
	if (err)
		return err;
	err = watch(process, base, request->feed->timeout_sec);
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "%s", strerror(-err));
	return err;
}

int feed_process_start(struct event_base *base, const struct feed_request *request,
		       struct feed_process **ret_process, char message[FEED_MESSAGE_BYTES])
{
	struct feed_process *process = calloc(1, sizeof(*process));
	int err;

	if (!process) {
		snprintf(message, FEED_MESSAGE_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	process->fetcher.end_fd = -1;
	for (int i = 0; i < FILE_COUNT; i++)
		process->fds[i] = -1;
	process->done = request->done;
	process->context = request->context;
	err = open_files(process, request, message);
	if (!err)
		err = launch(process, base, request, message);
	if (err)
		feed_process_stop(process);
	else
		*ret_process = process;
	return err;
}

void feed_process_set_context(struct feed_process *process, void *context)
{
	process->context = context;
}

void feed_process_stop(struct feed_process *process)
{
	if (!process)
		return;
	helper_stop(&process->fetcher);
	free_process(process);
}
