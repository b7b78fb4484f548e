/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop: it hands changes to the worker and takes over what came of them. */
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "api/changes.h"
#include "api/control.h"
#include "base/log.h"
#include "exports/schedule.h"
#include "feeds/schedule.h"
#include "runtime/links.h"
#include "runtime/notify.h"
#include "runtime/sampler.h"
#include "web/web.h"

/* How often what failed is tried again. */
#define RETRY_SEC 5
/* SIGHUPs that are not begun yet are one reload. */
#define HANGUPS_MAX 2
/* For the last answers to leave. */
#define LINGER_USEC 100000
#define LOGGED_ERRORS_MAX 20
#define LOGGED_CHANGES_MAX 50

/* ---- stop --------------------------------------------------------------- */

static void end_when_idle(struct daemon *daemon)
{
	const struct timeval linger = { .tv_usec = LINGER_USEC };

	if (daemon->is_stopping && !daemon->job_count)
		event_base_loopexit(daemon->base, &linger);
}

static void on_stop(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)what;
	log_info("daemon", "%s: stopping; programs that are attached go on deciding",
		 strsignal(number));
	notify_manager("STOPPING=1");
	daemon->is_stopping = true;
	end_when_idle(daemon);
}

/* ---- expiry ------------------------------------------------------------- */

/* The clock of the timer is the wall clock: setting that moves the time of expiry. */
static void arm_expiry(const struct daemon *daemon, int64_t at_sec)
{
	const struct itimerspec time = { .it_value = { .tv_sec = at_sec } };

	timerfd_settime(daemon->expiry_fd, TFD_TIMER_ABSTIME, &time, NULL);
}

static void finish_expiry(struct daemon *daemon, struct job *job)
{
	daemon->is_expiring = false;
	if (!job->outcome)
		return;
	log_error("engine", "%s", job->message);
	arm_expiry(daemon, time_now_sec() + RETRY_SEC);
}

static void on_expiry(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;
	uint64_t count;
	struct job *job;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 || daemon->is_expiring)
		return;
	job = job_new(JOB_EXPIRE, finish_expiry, NULL);
	if (!job) {
		arm_expiry(daemon, time_now_sec() + RETRY_SEC);
		return;
	}
	daemon->is_expiring = true;
	daemon_submit(daemon, job);
}

/* ---- finished jobs ------------------------------------------------------ */

/* The old snapshot goes into the job, and with it. */
static void take_snapshot(struct daemon *daemon, struct job *job)
{
	struct snapshot *old = daemon->snapshot;

	if (!job->snapshot)
		return;
	daemon->snapshot = job->snapshot;
	job->snapshot = old;
	arm_expiry(daemon, daemon->snapshot->next_expiry_sec);
	exports_update(daemon->exports);
}

static void log_changes(const struct job *job)
{
	struct lines lines = { 0 };
	size_t i;

	log_info("reload", "%zu entries added, %zu removed", job->added_count, job->removed_count);
	changes_describe(job->answer, &lines);
	for (i = 0; i < lines.count && i < LOGGED_CHANGES_MAX; i++)
		log_info("reload", "%s", lines.items[i]);
	if (lines.count > i)
		log_info("reload", "and %zu more changes", lines.count - i);
	lines_done(&lines);
}

static void log_reload(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->warnings.count && i < LOGGED_ERRORS_MAX; i++)
		log_warning("reload", "%s", job->warnings.items[i]);
	for (i = 0; i < job->details.count && i < LOGGED_ERRORS_MAX; i++)
		log_error("reload", "%s", job->details.items[i]);
	if (job->details.count > i)
		log_error("reload", "and %zu more errors", job->details.count - i);
	if (job->outcome)
		log_error("reload", "%s", job->message);
	else
		log_changes(job);
}

static void follow_config(struct daemon *daemon, struct job *job)
{
	const struct config *config = daemon->snapshot->config;
	char error[METRICS_ERROR_BYTES];

	daemon->is_detached = false;
	sampler_reconfigure(daemon->sampler);
	if (interfaces_configure(&daemon->interfaces, config))
		lines_add(&job->warnings, "the interfaces stay as they were: out of memory");
	if (metrics_listen(daemon->metrics, config->metrics_host, config->metrics_port, error))
		lines_add(&job->warnings, "%s", error);
	feeds_follow(daemon->feeds, &job->feed_reports);
}

static void finish_reload(struct daemon *daemon, struct job *job)
{
	struct reload_report *report = &daemon->reload;

	if (!job->outcome)
		follow_config(daemon, job);
	log_reload(job);
	report->at_sec = time_now_sec();
	report->successful = !job->outcome;
	if (report->successful)
		report->succeeded_at_sec = report->at_sec;
	lines_done(&report->errors);
	lines_done(&report->warnings);
	lines_copy(&report->errors, &job->details, RELOAD_LINES_MAX);
	lines_copy(&report->warnings, &job->warnings, RELOAD_LINES_MAX);
	if (job->outcome && (job->held || !report->errors.count))
		lines_add(&report->errors, "%s", job->message);
	free(report->held);
	report->held = job->held;
	job->held = NULL;
	daemon_notify_ready(daemon);
}

void loop_finish_job(struct task *task, void *context)
{
	struct daemon *daemon = context;
	struct job *job = (struct job *)task;

	daemon->job_count--;
	take_snapshot(daemon, job);
	if (job->type != JOB_PAUSE) {
		free(daemon->state_error);
		daemon->state_error = job->state_error;
		job->state_error = NULL;
	}
	if (job->type == JOB_RELOAD)
		finish_reload(daemon, job);
	job->done(daemon, job);
}

static void on_done(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	worker_finish(daemon->worker, daemon);
	end_when_idle(daemon);
}

/* ---- signals, devices, retries ------------------------------------------ */

static void finish_hangup(struct daemon *daemon, struct job *job)
{
	(void)job;
	daemon->hangup_count--;
}

static void on_hangup(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;
	struct job *job;

	(void)number;
	(void)what;
	if (daemon->is_stopping || daemon->hangup_count >= HANGUPS_MAX)
		return;
	job = job_new(JOB_RELOAD, finish_hangup, NULL);
	if (!job) {
		log_error("reload", "%s", strerror(ENOMEM));
		return;
	}
	daemon->hangup_count++;
	daemon_submit(daemon, job);
}

static void on_links(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	links_drain(daemon->links);
	/* Attaching is news of a device too: a failure is not tried again by that. */
	if (!daemon->is_detached)
		interfaces_check(&daemon->interfaces, false);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	if (!daemon->is_detached)
		interfaces_check(&daemon->interfaces, true);
	metrics_retry(daemon->metrics);
	control_retry(daemon->control);
}

/* ---- open --------------------------------------------------------------- */

static int watch(struct daemon *daemon, int fd, short what, event_callback_fn callback,
		 const struct timeval *interval)
{
	struct event *event = event_new(daemon->base, fd, what | EV_PERSIST, callback, daemon);

	if (!event)
		return -ENOMEM;
	if (event_add(event, interval)) {
		event_free(event);
		return -EIO;
	}
	daemon->events[daemon->event_count++] = event;
	return 0;
}

int loop_open_signals(struct daemon *daemon)
{
	int err = watch(daemon, SIGHUP, EV_SIGNAL, on_hangup, NULL);

	signal(SIGPIPE, SIG_IGN);
	if (!err)
		err = watch(daemon, SIGTERM, EV_SIGNAL, on_stop, NULL);
	if (!err)
		err = watch(daemon, SIGINT, EV_SIGNAL, on_stop, NULL);
	return err;
}

int loop_open(struct daemon *daemon)
{
	const struct timeval retry = { .tv_sec = RETRY_SEC };
	int err = links_open(&daemon->links);

	if (err)
		return err;
	daemon->expiry_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (daemon->expiry_fd < 0)
		return -errno;
	err = watch(daemon, links_fd(daemon->links), EV_READ, on_links, NULL);
	if (!err)
		err = watch(daemon, daemon->expiry_fd, EV_READ, on_expiry, NULL);
	if (!err)
		err = watch(daemon, worker_fd(daemon->worker), EV_READ, on_done, NULL);
	if (!err)
		err = watch(daemon, -1, EV_TIMEOUT, on_retry, &retry);
	arm_expiry(daemon, daemon->snapshot->next_expiry_sec);
	return err;
}

void loop_close(struct daemon *daemon)
{
	while (daemon->event_count)
		event_free(daemon->events[--daemon->event_count]);
	if (daemon->expiry_fd >= 0)
		close(daemon->expiry_fd);
	links_close(daemon->links);
}

void loop_run(struct daemon *daemon)
{
	/* A device may have come between attaching and watching. */
	interfaces_check(&daemon->interfaces, false);
	event_base_dispatch(daemon->base);
}
