/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer of the main loop. A cgroup may come, go, and come again: those of services do. */
#include "runtime/sessions.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "datapath/sessions.h"
#include "engine/learned.h"
#include "runtime/learner.h"
#include "runtime/runtime.h"

#define INTERVAL_SEC 60
#define NSEC_PER_SEC 1000000000LL

struct session_watch {
	struct runtime *runtime;
	struct event *timer;
	struct sessions *sessions; /* NULL: not counted */
	bool is_reading;	   /* a task is with the worker, and uses the maps */
	bool is_attached;
	bool was_removed; /* what an earlier process left */
	char cgroup[PATH_MAX];
	char problem[DATAPATH_ERROR_BYTES];
};

static const struct learn_settings *settings_of(const struct session_watch *watch)
{
	return &watch->runtime->snapshot->config->learn;
}

static enum session_mode mode_of(const struct session_watch *watch)
{
	const struct learn_settings *settings = settings_of(watch);

	return settings->is_on ? settings->sessions.mode : SESSIONS_OFF;
}

static void set_problem(struct session_watch *watch, const char *problem)
{
	const char *what = watch->is_attached ? "may be missed" : "are not counted";

	if (*problem && strcmp(problem, watch->problem) != 0) {
		if (mode_of(watch) == SESSIONS_ON)
			log_warning("sessions", "SMTP sessions %s: %s", what, problem);
		else
			log_info("sessions", "SMTP sessions %s: %s", what, problem);
	}
	snprintf(watch->problem, sizeof(watch->problem), "%s", problem);
}

/* ---- read: in the worker -------------------------------------------------------- */

struct session_task {
	struct engine_task task;
	const struct sessions *sessions;
	struct evidence_noted noted;
};

static int64_t boot_sec(void)
{
	return time_booted_ns() / NSEC_PER_SEC;
}

static int find_news(const struct sessions *sessions, struct session_difference *ret_difference)
{
	struct session_peer *peers = NULL;
	struct session_noted *noted = NULL;
	size_t peer_count, noted_count;
	int err = sessions_read_noted(sessions, &noted, &noted_count);

	if (!err)
		err = sessions_read_peers(sessions, &peers, &peer_count);
	if (!err)
		err = session_compare(peers, peer_count, noted, noted_count, boot_sec(),
				      ret_difference);
	free(peers);
	free(noted);
	return err;
}

/* Evidence is on the disk before the kernel's table says so: if ipwld is killed in between, a
 * session counts twice, and none is lost. */
static void session_task_run(struct engine_task *base, struct engine *engine)
{
	struct session_task *task = (struct session_task *)base;
	struct session_difference difference = { 0 };
	struct refusal refusal = { 0 };
	int err = find_news(task->sessions, &difference);

	if (!err && !engine_note_sessions(engine, difference.news, difference.count, &task->noted,
					  &refusal))
		err = sessions_note(task->sessions, &difference);
	if (err)
		log_error("sessions", "cannot read the sessions that were counted: %s",
			  strerror(-err));
	session_difference_done(&difference);
	refusal_done(&refusal);
}

static void session_watch_look(struct session_watch *watch);

static void session_task_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct session_task *task = (const struct session_task *)base;

	runtime->sessions->is_reading = false;
	if (task->noted.noted_count)
		learner_wake(runtime->learner);
	/* It waited for us. */
	if (mode_of(runtime->sessions) == SESSIONS_OFF)
		session_watch_look(runtime->sessions);
}

static void session_task_free(struct engine_task *base)
{
	free(base);
}

static void read_sessions(struct session_watch *watch)
{
	struct session_task *task;

	if (!watch->sessions || watch->is_reading)
		return;
	task = calloc(1, sizeof(*task));
	if (!task)
		return;
	task->task.run = session_task_run;
	task->task.finish = session_task_finish;
	task->task.free = session_task_free;
	task->sessions = watch->sessions;
	watch->is_reading = true;
	runtime_submit(watch->runtime, &task->task);
}

/* ---- attach ------------------------------------------------------------------------- */

static void stop_counting(struct session_watch *watch)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	if (watch->is_reading)
		return;
	sessions_close(watch->sessions);
	watch->sessions = NULL;
	watch->is_attached = false;
	watch->cgroup[0] = watch->problem[0] = '\0';
	if (watch->was_removed)
		return;
	if (sessions_remove(watch->runtime->snapshot->config->bpffs_dir, error))
		log_error("sessions", "%s", error);
	else
		watch->was_removed = true;
}

static int attach(struct session_watch *watch, char error[DATAPATH_ERROR_BYTES])
{
	const struct config *config = watch->runtime->snapshot->config;
	const struct learn_session_settings *settings = &config->learn.sessions;
	const struct session_limits limits = { .sent_bytes = settings->sent_bytes,
					       .received_bytes = settings->received_bytes,
					       .ports = config->ports,
					       .port_count = config->port_count };
	int err = 0;

	watch->was_removed = false;
	if (!watch->sessions)
		err = sessions_open(config->bpffs_dir, &watch->sessions, error);
	if (!err)
		err = sessions_set_limits(watch->sessions, &limits, error);
	return err ? err : sessions_attach(watch->sessions, settings->cgroup, watch->cgroup, error);
}

static void session_watch_look(struct session_watch *watch)
{
	const char *cgroup = settings_of(watch)->sessions.cgroup;
	const bool was_attached = watch->is_attached;
	char error[DATAPATH_ERROR_BYTES] = "";

	if (watch->runtime->is_detached) {
		watch->is_attached = false;
		return;
	}
	if (mode_of(watch) == SESSIONS_OFF) {
		stop_counting(watch);
		return;
	}
	watch->is_attached = !attach(watch, error);
	if (watch->is_attached && sessions_may_be_missed(cgroup))
		snprintf(error, sizeof(error),
			 "net_cls or net_prio of cgroup v1 is mounted, which before Linux 5.15 "
			 "moves sockets to the root: unmount it, or leave out cgroup");
	set_problem(watch, error);
	if (watch->is_attached && !was_attached)
		log_info("sessions", "SMTP sessions are counted in the cgroup %s", watch->cgroup);
	/* Also if it is not attached any more. */
	read_sessions(watch);
}

static void session_watch_arm(struct session_watch *watch, int delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(watch->timer, &delay);
}

static void session_watch_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct session_watch *watch = context;

	(void)fd;
	(void)what;
	session_watch_arm(watch, INTERVAL_SEC);
	if (!watch->runtime->is_stopping)
		session_watch_look(watch);
}

int session_watch_open(struct runtime *runtime, struct session_watch **ret_watch)
{
	struct session_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->runtime = runtime;
	watch->timer = evtimer_new(runtime->base, session_watch_on_timer, watch);
	if (!watch->timer) {
		free(watch);
		return -ENOMEM;
	}
	session_watch_arm(watch, 0);
	*ret_watch = watch;
	return 0;
}

void session_watch_close(struct session_watch *watch)
{
	if (!watch)
		return;
	event_free(watch->timer);
	sessions_close(watch->sessions);
	free(watch);
}

void session_watch_wake(struct session_watch *watch)
{
	session_watch_arm(watch, 0);
}

void session_watch_get_status(const struct session_watch *watch, struct session_status *ret_status)
{
	*ret_status = (struct session_status) {
		.mode = mode_of(watch),
		.is_attached = watch->is_attached && !watch->runtime->is_detached,
		.cgroup = *watch->cgroup ? watch->cgroup : NULL,
		.problem = *watch->problem ? watch->problem : NULL,
	};
	if (watch->sessions)
		sessions_read_totals(watch->sessions, &ret_status->totals);
}

bool session_watch_find(const struct session_watch *watch, const struct prefix *address,
			struct session_record *ret_record)
{
	const int64_t booted_sec = boot_sec();
	struct ipwl_sessions counts;

	if (!watch->sessions || sessions_find_peer(watch->sessions, address, &counts))
		return false;
	*ret_record = (struct session_record) {
		.counts = counts,
		.since_sec = session_time(counts.born_ns, booted_sec),
		.last_outbound_sec = session_time(counts.last_outbound_ns, booted_sec),
		.last_inbound_sec = session_time(counts.last_inbound_ns, booted_sec),
	};
	return true;
}
