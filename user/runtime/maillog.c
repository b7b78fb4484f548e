/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the reader of the mail log: it asks the worker for the place where the log was left,
 * starts the reader there, and hands complete batches to the worker, one at a time. After any
 * failure the reader is started again from the last place that is on the disk.
 */
#include "runtime/maillog.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lines.h"
#include "base/log.h"
#include "engine/learned.h"
#include "helper/helper.h"
#include "runtime/learner.h"
#include "runtime/maillog_batch.h"
#include "runtime/runtime.h"

#define SUBSYSTEM "mail log"
#define BUFFER_BYTES 65536
/* Much evidence shares a transaction. */
#define BATCH_COUNT 2048
#define BATCH_SEC 1
/* A place without evidence is noted less often. */
#define PLACE_SEC 60
#define RETRY_MIN_SEC 1
#define RETRY_MAX_SEC 60
/* A reader that has run for so long has not failed at its start. */
#define STABLE_SEC 60
#define SILENT_SEC 86400

static const struct helper reader = {
	.program = "ipwl-maillog",
	.unit = "ipwl-maillog.socket",
	.socket_variable = MAILLOG_SOCKET_VARIABLE,
};

struct maillog {
	struct runtime *runtime;
	const char *server; /* "postfix", a constant */
	char *source;	    /* "file PATH" or "journal DIRECTORY"; NULL: no log is read */
	char *program;
	uint64_t run; /* grows with each start and stop: a task of an earlier one is ignored */
	struct helper_process process;
	int output_fd;
	struct event *readable;
	struct event *timer; /* starts the reader, or notes what has arrived */
	bool is_running;
	bool is_noting; /* the worker has a batch */
	double started_sec, place_noted_sec;
	int64_t retry_sec;
	struct maillog_batch batch;
	size_t filled;
	char buffer[BUFFER_BYTES];
	/* Seen from outside. */
	char problem[MAILLOG_PROBLEM_BYTES];
	uint64_t lines_before, lines; /* of earlier runs, of this one */
	int64_t last_line_sec;
	uint64_t starts;
	double heard_sec; /* when a line was read, or the source was set */
};

static void arm(struct maillog *maillog, int64_t sec)
{
	evtimer_add(maillog->timer, &(struct timeval) { .tv_sec = sec });
}

static void set_problem(struct maillog *maillog, const char *problem)
{
	if (!strncmp(maillog->problem, problem, sizeof(maillog->problem) - 1))
		return;
	snprintf(maillog->problem, sizeof(maillog->problem), "%s", problem);
	if (*problem)
		log_warning(SUBSYSTEM, "%s: %s", maillog->source, problem);
	else
		log_info(SUBSYSTEM, "%s: it can be read again", maillog->source);
}

/* ---- stop ----------------------------------------------------------------- */

static void stop_reader(struct maillog *maillog)
{
	maillog->run++;
	maillog->is_running = maillog->is_noting = false;
	evtimer_del(maillog->timer);
	if (maillog->readable)
		event_free(maillog->readable);
	maillog->readable = NULL;
	if (maillog->output_fd >= 0)
		close(maillog->output_fd);
	maillog->output_fd = -1;
	helper_stop(&maillog->process);
	maillog_batch_done(&maillog->batch);
	maillog->filled = 0;
	maillog->lines_before += maillog->lines;
	maillog->lines = 0;
}

/* Start it again after a while, longer each time it fails. */
static void fail(struct maillog *maillog, const char *problem)
{
	const bool was_stable =
	    maillog->is_running && time_monotonic_sec() - maillog->started_sec > STABLE_SEC;

	stop_reader(maillog);
	set_problem(maillog, problem);
	if (was_stable)
		maillog->retry_sec = RETRY_MIN_SEC;
	arm(maillog, maillog->retry_sec);
	maillog->retry_sec *= 2;
	if (maillog->retry_sec > RETRY_MAX_SEC)
		maillog->retry_sec = RETRY_MAX_SEC;
}

/* ---- in the worker --------------------------------------------------------- */

struct maillog_task {
	struct engine_task task;
	uint64_t run;
	char *reader;		    /* its name in the database */
	bool notes;		    /* else it asks for the place */
	struct maillog_batch batch; /* to be noted */
	char *position;		    /* that was asked for */
	int err;
	struct refusal refusal;
};

static void maillog_task_run(struct engine_task *base, struct engine *engine)
{
	struct maillog_task *task = (struct maillog_task *)base;
	const struct evidence_batch batch = { .items = task->batch.items,
					      .count = task->batch.count,
					      .reader = task->reader,
					      .position = task->batch.position };
	struct evidence_noted noted;

	task->err = task->notes ? engine_note_evidence(engine, &batch, &noted, &task->refusal)
				: engine_evidence_position(engine, task->reader, &task->position,
							   &task->refusal);
}

static void maillog_task_free(struct engine_task *base)
{
	struct maillog_task *task = (struct maillog_task *)base;

	maillog_batch_done(&task->batch);
	refusal_done(&task->refusal);
	free(task->position);
	free(task->reader);
	free(task);
}

static struct maillog_task *make_task(struct maillog *maillog,
				      void (*finish)(struct engine_task *task,
						     struct runtime *runtime))
{
	struct maillog_task *task = calloc(1, sizeof(*task));

	if (!task || asprintf(&task->reader, "%s-%s", maillog->server, maillog->source) < 0) {
		free(task);
		return NULL;
	}
	task->task.run = maillog_task_run;
	task->task.finish = finish;
	task->task.free = maillog_task_free;
	task->run = maillog->run;
	return task;
}

static const char *task_problem(const struct maillog_task *task)
{
	return task->refusal.message ? task->refusal.message : strerror(-task->err);
}

/* ---- note ------------------------------------------------------------------ */

static void take_lines(struct maillog *maillog);

static void note_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct maillog_task *task = (const struct maillog_task *)base;
	struct maillog *maillog = runtime->maillog;

	if (task->run != maillog->run)
		return;
	maillog->is_noting = false;
	if (task->err) {
		fail(maillog, task_problem(task));
		return;
	}
	maillog->place_noted_sec = time_monotonic_sec();
	if (task->batch.count)
		learner_wake(runtime->learner);
	/* Lines may wait in the buffer, and more in the pipe. */
	event_add(maillog->readable, NULL);
	take_lines(maillog);
}

/* Hand what is complete to the worker. */
static void note_batch(struct maillog *maillog)
{
	struct maillog_task *task;

	if (maillog->is_noting || !*maillog->batch.position || maillog->runtime->is_stopping)
		return;
	task = make_task(maillog, note_finish);
	if (!task || maillog_batch_split(&maillog->batch, &task->batch)) {
		if (task)
			maillog_task_free(&task->task);
		fail(maillog, strerror(ENOMEM));
		return;
	}
	task->notes = true;
	maillog->is_noting = true;
	runtime_submit(maillog->runtime, &task->task);
}

static void note_soon(struct maillog *maillog)
{
	const struct maillog_batch *batch = &maillog->batch;
	const double since_sec = time_monotonic_sec() - maillog->place_noted_sec;

	if (!*batch->position || maillog->is_noting)
		return;
	if (batch->complete_count >= BATCH_COUNT ||
	    (!batch->complete_count && since_sec > PLACE_SEC))
		note_batch(maillog);
	else if (batch->complete_count && !evtimer_pending(maillog->timer, NULL))
		arm(maillog, BATCH_SEC);
}

/* ---- read ------------------------------------------------------------------ */

/* Return: whether the line was one of the reader. */
static bool take_line(struct maillog *maillog, char *line)
{
	struct maillog_news news = { 0 };

	switch (maillog_batch_take(&maillog->batch, line, &news)) {
	case MAILLOG_IS_EVIDENCE:
		return true;
	case MAILLOG_IS_READ:
		if (news.lines != maillog->lines)
			maillog->heard_sec = time_monotonic_sec();
		maillog->lines = news.lines;
		maillog->last_line_sec = news.last_sec;
		return true;
	case MAILLOG_IS_PROBLEM:
		set_problem(maillog, news.problem);
		return true;
	case MAILLOG_IS_WORKING:
		set_problem(maillog, "");
		return true;
	case MAILLOG_IS_WRONG:
		break;
	}
	return false;
}

/* Take the lines in the buffer, until the batch is full. */
static void take_lines(struct maillog *maillog)
{
	char *line = maillog->buffer, *stop;
	char *const end = maillog->buffer + maillog->filled;

	while (!maillog_batch_is_full(&maillog->batch) &&
	       (stop = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*stop = '\0';
		if (!take_line(maillog, line)) {
			fail(maillog, "ipwl-maillog wrote a line that it must not write");
			return;
		}
		line = stop + 1;
	}
	maillog->filled = (size_t)(end - line);
	memmove(maillog->buffer, line, maillog->filled);
	if (maillog_batch_is_full(&maillog->batch)) {
		event_del(maillog->readable);
		if (!*maillog->batch.position && !maillog->is_noting) {
			fail(maillog, "ipwl-maillog does not tell its place in the log");
			return;
		}
		note_batch(maillog);
		return;
	}
	note_soon(maillog);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct maillog *maillog = context;
	const ssize_t bytes =
	    read(fd, maillog->buffer + maillog->filled, BUFFER_BYTES - maillog->filled);

	(void)what;
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (bytes <= 0) {
		/* What it said before it ended says more. */
		fail(maillog,
		     *maillog->problem ? maillog->problem : "ipwl-maillog exited: see its journal");
		return;
	}
	maillog->filled += (size_t)bytes;
	take_lines(maillog);
	if (maillog->is_running && maillog->filled == BUFFER_BYTES &&
	    !maillog_batch_is_full(&maillog->batch))
		fail(maillog, "ipwl-maillog wrote a line that is too long");
}

/* ---- start ----------------------------------------------------------------- */

/* Return: the descriptor of the request, or -errno. */
static int write_request(const struct maillog *maillog, const char *position)
{
	int fd = helper_new_file("request");
	int bytes;

	if (fd < 0)
		return fd;
	bytes = position ? dprintf(fd, "server %s\n%s\n" MAILLOG_POSITION "%s\n", maillog->server,
				   maillog->source, position)
			 : dprintf(fd, "server %s\n%s\n", maillog->server, maillog->source);
	if (bytes < 0 || lseek(fd, 0, SEEK_SET)) {
		const int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Return: 0 or -errno; @problem says more. */
static int launch(struct maillog *maillog, int request_fd, char problem[MAILLOG_PROBLEM_BYTES])
{
	struct process_fd fds[MAILLOG_FILE_COUNT] = { { request_fd, MAILLOG_REQUEST_FD } };
	int ends[2];
	int err;

	snprintf(problem, MAILLOG_PROBLEM_BYTES, "no pipe can be opened");
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fds[1] = (struct process_fd) { ends[1], MAILLOG_OUTPUT_FD };
	maillog->output_fd = ends[0];
	err = fcntl(ends[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
	if (!err)
		err = helper_start(&reader, maillog->program, fds, MAILLOG_FILE_COUNT,
				   &maillog->process, problem, MAILLOG_PROBLEM_BYTES);
	close(ends[1]);
	if (err)
		return err;
	snprintf(problem, MAILLOG_PROBLEM_BYTES, "%s", strerror(ENOMEM));
	maillog->readable =
	    event_new(maillog->runtime->base, ends[0], EV_READ | EV_PERSIST, on_readable, maillog);
	return maillog->readable && !event_add(maillog->readable, NULL) ? 0 : -ENOMEM;
}

static void start_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct maillog_task *task = (const struct maillog_task *)base;
	struct maillog *maillog = runtime->maillog;
	char problem[MAILLOG_PROBLEM_BYTES] = "no request can be written";
	int fd, err;

	if (task->run != maillog->run || runtime->is_stopping)
		return;
	if (task->err) {
		fail(maillog, task_problem(task));
		return;
	}
	fd = write_request(maillog, task->position);
	err = fd < 0 ? fd : launch(maillog, fd, problem);
	if (fd >= 0)
		close(fd);
	if (err) {
		fail(maillog, problem);
		return;
	}
	maillog->is_running = true;
	maillog->started_sec = maillog->place_noted_sec = time_monotonic_sec();
	maillog->starts++;
}

static void start_reader(struct maillog *maillog)
{
	struct maillog_task *task = make_task(maillog, start_finish);

	if (task)
		runtime_submit(maillog->runtime, &task->task);
	else
		fail(maillog, strerror(ENOMEM));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct maillog *maillog = context;

	(void)fd;
	(void)what;
	if (maillog->runtime->is_stopping || !maillog->source)
		return;
	if (maillog->is_running)
		note_batch(maillog);
	else
		start_reader(maillog);
}

/* ---- for the others --------------------------------------------------------- */

int maillog_open(struct runtime *runtime, struct maillog **ret_maillog)
{
	struct maillog *maillog = calloc(1, sizeof(*maillog));

	if (!maillog)
		return -ENOMEM;
	maillog->runtime = runtime;
	maillog->output_fd = maillog->process.end_fd = -1;
	maillog->program = helper_find(&reader);
	maillog->timer = evtimer_new(runtime->base, on_timer, maillog);
	if (!maillog->program || !maillog->timer) {
		maillog_close(maillog);
		return -ENOMEM;
	}
	maillog_configure(maillog, &runtime->snapshot->config->learn);
	*ret_maillog = maillog;
	return 0;
}

void maillog_close(struct maillog *maillog)
{
	if (!maillog)
		return;
	if (maillog->timer) {
		stop_reader(maillog);
		event_free(maillog->timer);
	}
	free(maillog->program);
	free(maillog->source);
	free(maillog);
}

static char *make_source(const struct learn_settings *settings)
{
	char *source = NULL;

	if (settings->is_on && settings->log_file &&
	    asprintf(&source, "file %s", settings->log_file) < 0)
		return NULL;
	if (settings->is_on && settings->log_journal &&
	    asprintf(&source, "journal %s", settings->log_journal) < 0)
		return NULL;
	return source;
}

void maillog_configure(struct maillog *maillog, const struct learn_settings *settings)
{
	const char *server = learn_server_names[settings->server];
	char *source = make_source(settings);

	if (source && maillog->source && !strcmp(source, maillog->source) &&
	    server == maillog->server) {
		free(source);
		return;
	}
	if (maillog->source)
		stop_reader(maillog);
	free(maillog->source);
	maillog->source = source;
	maillog->server = maillog->batch.server = server;
	*maillog->problem = '\0';
	maillog->lines_before = 0;
	maillog->last_line_sec = 0;
	maillog->retry_sec = RETRY_MIN_SEC;
	maillog->heard_sec = time_monotonic_sec();
	if (source)
		start_reader(maillog);
}

void maillog_get_status(const struct maillog *maillog, struct maillog_status *ret_status)
{
	*ret_status = (struct maillog_status) {
		.server = maillog->server,
		.source = maillog->source,
		.problem = *maillog->problem ? maillog->problem : NULL,
		.lines = maillog->lines_before + maillog->lines,
		.last_line_sec = maillog->last_line_sec,
		.starts = maillog->starts,
		.is_silent =
		    maillog->source && time_monotonic_sec() - maillog->heard_sec > SILENT_SEC,
	};
}
