/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the exports are written, and what is known of them. All of it is the main loop's;
 * what the threads do is in run.c. */
#include "exports/schedule.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/log.h"
#include "exports/basis.h"
#include "exports/run.h"

/* A failed export is tried again, each time after a longer delay. */
#define RETRY_MIN_SEC 5.0
#define RETRY_MAX_SEC 300.0
/* The pause after a run, as a multiple of its duration. So even a list of a million entries
 * that changes constantly takes at most a fifth of a processor. */
#define REST_FACTOR 4.0

struct exports {
	struct event_base *base;
	struct snapshot *snapshot; /* in force; NULL: not yet */
	struct worker *files;	   /* their commands may take long, */
	struct worker *texts;	   /* so requests have a thread of their own */
	struct event *events[2];
	struct event *timer;
	const struct config *config; /* that the states are of */
	struct export_state *states;
	size_t count;
	bool is_stopping; /* atomic: a command that runs is ended */
	bool is_ending;	  /* no other run is begun */
	bool is_running;
	bool is_due;
	double due_sec; /* of the monotonic clock */
	double started_sec;
	double rest_until_sec;
	double retry_sec;
};

static void export_states_free(struct export_state *states, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(states[i].path);
		free(states[i].error);
		export_basis_free(states[i].basis);
	}
}

/* ---- the states ---------------------------------------------------------- */

static struct export_state *exports_find_state(struct exports *exports, const char *path)
{
	for (size_t i = 0; i < exports->count; i++) {
		if (exports->states[i].path && !strcmp(exports->states[i].path, path))
			return &exports->states[i];
	}
	return NULL;
}

/* Give each export of a new configuration a state: that of its path, if there is one. */
static int exports_follow_config(struct exports *exports, const struct config *config)
{
	struct export_state *states = calloc(config->export_count + 1, sizeof(*states));

	if (!states)
		return -ENOMEM;
	for (size_t i = 0; i < config->export_count; i++) {
		const char *path = config->exports[i].path;
		struct export_state *before = exports_find_state(exports, path);

		if (before) {
			states[i] = *before;
			*before = (struct export_state) { 0 };
			/* Its lists or its format may have changed. */
			export_basis_free(states[i].basis);
			states[i].basis = NULL;
			continue;
		}
		states[i].path = strdup(path);
		if (!states[i].path) {
			export_states_free(states, i);
			free(states);
			return -ENOMEM;
		}
	}
	export_states_free(exports->states, exports->count);
	free(exports->states);
	exports->states = states;
	exports->count = config->export_count;
	exports->config = config;
	return 0;
}

const struct export_state *exports_state(const struct exports *exports, size_t index)
{
	return exports->snapshot && exports->config == exports->snapshot->config &&
		       index < exports->count
		   ? &exports->states[index]
		   : NULL;
}

/* ---- runs ---------------------------------------------------------------- */

static void exports_arm(struct exports *exports)
{
	double wait_sec = exports->due_sec - time_monotonic_sec();
	struct timeval wait = { 0 };

	if (!exports->is_due || exports->is_running)
		return;
	if (wait_sec > 0) {
		wait.tv_sec = (time_t)wait_sec;
		wait.tv_usec = (suseconds_t)((wait_sec - (double)wait.tv_sec) * 1e6);
	}
	event_add(exports->timer, &wait);
}

static void exports_become_due(struct exports *exports, double due_sec)
{
	if (!exports->is_due || due_sec < exports->due_sec)
		exports->due_sec = due_sec;
	exports->is_due = true;
	exports_arm(exports);
}

/* Take over the result of an export. Its command stays due until it has succeeded. */
static void exports_take_state(struct exports *exports, struct export_state *from)
{
	struct export_state *to = exports_find_state(exports, from->path);

	if (!to)
		return;
	if (from->error && (!to->error || strcmp(from->error, to->error)))
		log_error("export", "%s", from->error);
	else if (!from->error && to->error)
		log_info("export", "%s: up to date again", from->path);
	export_states_free(to, 1);
	*to = *from;
	*from = (struct export_state) { 0 };
}

static void exports_finish_run(struct task *task, void *context)
{
	struct export_run *run = (struct export_run *)task;
	struct exports *exports = context;
	double now_sec = time_monotonic_sec();
	bool has_failed = false;

	exports->is_running = false;
	exports->rest_until_sec = now_sec + REST_FACTOR * (now_sec - exports->started_sec);
	for (size_t i = 0; i < run->count; i++) {
		has_failed |= !run->states[i].is_successful;
		exports_take_state(exports, &run->states[i]);
	}
	if (has_failed) {
		exports_become_due(exports, now_sec + exports->retry_sec);
		exports->retry_sec =
		    exports->retry_sec * 2 < RETRY_MAX_SEC ? exports->retry_sec * 2 : RETRY_MAX_SEC;
	} else {
		exports->retry_sec = RETRY_MIN_SEC;
	}
	exports_arm(exports);
}

static void exports_free_run(struct task *task)
{
	struct export_run *run = (struct export_run *)task;

	/* It may be the last reference: millions of entries to free. */
	snapshot_unref(run->snapshot);
	export_states_free(run->states, run->count);
	free(run);
}

static struct export_run *exports_new_run(struct exports *exports)
{
	struct export_run *run = calloc(1, sizeof(*run) + exports->count * sizeof(run->states[0]));

	if (!run)
		return NULL;
	run->task.run = export_run_files;
	run->task.finish = exports_finish_run;
	run->task.free = exports_free_run;
	run->snapshot = snapshot_ref(exports->snapshot);
	run->is_stopping = &exports->is_stopping;
	for (; run->count < exports->count; run->count++) {
		const struct export_state *state = &exports->states[run->count];
		struct export_state *copy = &run->states[run->count];

		*copy = *state;
		copy->error = NULL;
		copy->basis = export_basis_copy(state->basis);
		copy->path = strdup(state->path);
		if (!copy->path) {
			exports_free_run(&run->task);
			return NULL;
		}
	}
	return run;
}

/* Return: 0 or -ENOMEM. */
static int exports_start_run(struct exports *exports)
{
	const struct config *config = exports->snapshot->config;
	struct export_run *run;

	if (exports->config != config && exports_follow_config(exports, config))
		return -ENOMEM;
	exports->is_due = false;
	if (!exports->count)
		return 0;
	run = exports_new_run(exports);
	if (!run)
		return -ENOMEM;
	exports->is_running = true;
	exports->started_sec = time_monotonic_sec();
	worker_submit(exports->files, &run->task);
	return 0;
}

static void exports_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct exports *exports = context;

	(void)fd;
	(void)what;
	if (exports->is_running || exports->is_ending)
		return;
	if (exports_start_run(exports)) {
		log_error("export", "%s", strerror(ENOMEM));
		exports_become_due(exports, time_monotonic_sec() + RETRY_MIN_SEC);
	}
}

void exports_update(struct exports *exports, struct snapshot *snapshot)
{
	const struct config *config = snapshot->config;

	/* This is not the last reference: the task from the worker has one, too. */
	snapshot_unref(exports->snapshot);
	exports->snapshot = snapshot_ref(snapshot);
	/* So that status shows them at once. */
	if (exports->config != config && exports_follow_config(exports, config))
		log_error("export", "%s", strerror(ENOMEM));
	exports_become_due(exports, exports->rest_until_sec);
}

void exports_end(struct exports *exports)
{
	exports->is_ending = true;
}

/* ---- threads ------------------------------------------------------------- */

static void exports_on_files(evutil_socket_t fd, short what, void *context)
{
	struct exports *exports = context;

	(void)fd;
	(void)what;
	worker_finish(exports->files, exports);
}

static void exports_on_texts(evutil_socket_t fd, short what, void *context)
{
	struct exports *exports = context;

	(void)fd;
	(void)what;
	worker_finish(exports->texts, exports);
}

void exports_submit_text(struct exports *exports, struct task *task)
{
	worker_submit(exports->texts, task);
}

/* ---- open and close ------------------------------------------------------ */

static struct event *exports_watch(struct exports *exports, int fd, event_callback_fn callback)
{
	struct event *event = event_new(exports->base, fd, EV_READ | EV_PERSIST, callback, exports);

	if (event && event_add(event, NULL)) {
		event_free(event);
		return NULL;
	}
	return event;
}

static int exports_open_threads(struct exports *exports)
{
	int err = worker_start(NULL, &exports->files);

	if (!err)
		err = worker_start(NULL, &exports->texts);
	if (err)
		return err;
	exports->timer = evtimer_new(exports->base, exports_on_timer, exports);
	exports->events[0] = exports_watch(exports, worker_fd(exports->files), exports_on_files);
	exports->events[1] = exports_watch(exports, worker_fd(exports->texts), exports_on_texts);
	return exports->timer && exports->events[0] && exports->events[1] ? 0 : -ENOMEM;
}

int exports_open(struct event_base *base, struct exports **ret_exports)
{
	struct exports *exports = calloc(1, sizeof(*exports));
	int err;

	if (!exports)
		return -ENOMEM;
	exports->base = base;
	exports->retry_sec = RETRY_MIN_SEC;
	err = exports_open_threads(exports);
	if (err)
		exports_close(exports);
	else
		*ret_exports = exports;
	return err;
}

void exports_close(struct exports *exports)
{
	if (!exports)
		return;
	__atomic_store_n(&exports->is_stopping, true, __ATOMIC_RELAXED);
	worker_stop(exports->files);
	worker_stop(exports->texts);
	for (size_t i = 0; i < 2; i++) {
		if (exports->events[i])
			event_free(exports->events[i]);
	}
	if (exports->timer)
		event_free(exports->timer);
	export_states_free(exports->states, exports->count);
	free(exports->states);
	snapshot_unref(exports->snapshot);
	free(exports);
}
