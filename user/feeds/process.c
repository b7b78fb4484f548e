/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a fetcher with three files: the request, the result and the body. Their final content
 * is read as if strangers had written it. */
#include "feeds/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Time after the fetcher should have ended by itself. */
#define DEADLINE_SEC 5

struct feed_process {
	const struct feed_fetcher *fetcher;
	struct helper_process process;
	bool is_killed; /* killed, but has not ended yet */
	int fds[FEED_FILE_COUNT];
	struct event *event; /* fires when the fetcher has ended, or should have */
	void (*done)(void *context, struct fetched *fetched);
	void *context;
};

static void describe_end(const struct feed_process *process, int status, struct fetched *fetched)
{
	const char *program = process->fetcher->helper.program;

	if (*fetched->message)
		return;
	if (!process->process.pid)
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited without an answer: see its journal", program);
	else if (WIFSIGNALED(status))
		snprintf(fetched->message, sizeof(fetched->message), "%s was killed: %s", program,
			 WTERMSIG(status) == SIGALRM ? "it took too long"
						     : strsignal(WTERMSIG(status)));
	else
		snprintf(fetched->message, sizeof(fetched->message),
			 "%s exited with status %d and without an answer", program,
			 WEXITSTATUS(status));
}

static void free_process(struct feed_process *process)
{
	for (int i = 0; i < FEED_FILE_COUNT; i++) {
		if (process->fds[i] >= 0)
			close(process->fds[i]);
	}
	if (process->event)
		event_free(process->event);
	helper_release(&process->process);
	free(process);
}

/* Seal the body, so that nobody who has it open can change it any more. */
static void seal_body(const struct feed_process *process, struct fetched *fetched)
{
	if (!fcntl(process->fds[FEED_FILE_BODY], F_ADD_SEALS,
		   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
		fetched->body_fd = process->fds[FEED_FILE_BODY];
		return;
	}
	fetched->result = FETCH_HAS_FAILED;
	snprintf(fetched->message, sizeof(fetched->message), "%s still has the body open: %s",
		 process->fetcher->helper.program, strerror(errno));
}

static bool has_body(const struct fetched *fetched)
{
	return fetched->result == FETCH_IS_NEW || fetched->result == FETCH_IS_GONE;
}

/* Read the result after the fetcher has ended. */
static void take_end(const struct feed_process *process, struct fetched *fetched)
{
	int status = 0;

	if (process->process.pid)
		waitpid(process->process.pid, &status, 0);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		process->fetcher->read_result(process->fds, fetched);
	if (fetched->result == FETCH_HAS_FAILED)
		describe_end(process, status, fetched);
	if (has_body(fetched))
		seal_body(process, fetched);
}

/* Kill a fetcher that is late, and give it time to end. Returns false if that is not possible
 * or was tried before. */
static bool kill_late(struct feed_process *process)
{
	if (!process->process.pid || process->is_killed ||
	    pidfd_send_signal(process->process.end_fd, SIGKILL, NULL, 0))
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
		snprintf(fetched.message, sizeof(fetched.message), "%s does not exit",
			 process->fetcher->helper.program);
	else
		take_end(process, &fetched);
	process->done(process->context, &fetched);
	/* The callback has set it to -1 if it took the body over. */
	if (has_body(&fetched) && fetched.body_fd < 0)
		process->fds[FEED_FILE_BODY] = -1;
	free_process(process);
}

/* ---- start -------------------------------------------------------------- */

static int open_files(struct feed_process *process, const struct feed_request *request,
		      char message[FEED_MESSAGE_BYTES])
{
	static const char *const names[FEED_FILE_COUNT] = { "request", "result", "body" };

	for (int i = 0; i < FEED_FILE_COUNT; i++) {
		process->fds[i] = helper_new_file(names[i]);
		if (process->fds[i] >= 0)
			continue;
		snprintf(message, FEED_MESSAGE_BYTES, "cannot create the %s: %s", names[i],
			 strerror(-process->fds[i]));
		return process->fds[i];
	}
	if (process->fetcher->write_request(process->fds[FEED_FILE_REQUEST], request, message))
		return -ECANCELED;
	if (!lseek(process->fds[FEED_FILE_REQUEST], 0, SEEK_SET))
		return 0;
	snprintf(message, FEED_MESSAGE_BYTES, "cannot create the request: %s", strerror(errno));
	return -EIO;
}

static int watch(struct feed_process *process, struct event_base *base, uint32_t timeout_sec)
{
	const struct timeval deadline = { .tv_sec = (time_t)timeout_sec +
						    process->fetcher->grace_sec + DEADLINE_SEC };

	process->event = event_new(base, process->process.end_fd, EV_READ, on_end, process);
	return process->event && !event_add(process->event, &deadline) ? 0 : -ENOMEM;
}

static int launch(struct feed_process *process, struct event_base *base,
		  const struct feed_request *request, char message[FEED_MESSAGE_BYTES])
{
	const int *numbers = process->fetcher->numbers;
	struct process_fd fds[FEED_FILE_COUNT];
	size_t count = 0;
	int err;

	for (int i = 0; i < FEED_FILE_COUNT; i++)
		if (numbers[i] >= 0)
			fds[count++] = (struct process_fd) { process->fds[i], numbers[i] };
	err = helper_start(&process->fetcher->helper, request->program, fds, count,
			   &process->process, message, FEED_MESSAGE_BYTES);
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
	process->fetcher = request->fetcher;
	process->process.end_fd = -1;
	for (int i = 0; i < FEED_FILE_COUNT; i++)
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
	helper_stop(&process->process);
	free_process(process);
}
