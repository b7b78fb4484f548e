/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main loop: its events, and when it ends. */
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/control.h"
#include "base/log.h"
#include "exports/schedule.h"
#include "feeds/schedule.h"
#include "intake/intake.h"
#include "runtime/links.h"
#include "runtime/notify.h"
#include "runtime/reload.h"
#include "web/page.h"
#include "web/web.h"

/* The interval at which failed operations are tried again. */
#define RETRY_SEC 5
/* SIGHUPs that wait for the same reload count as one. */
#define HANGUPS_MAX 2
/* A task of the worker may take this many times as long as the service manager waits for us. A
 * task that reads millions of entries from a slow disk does not hang. */
#define TASK_PATIENCE 20
/* Time to send the last answers. */
#define LINGER_USEC 100000

/* ---- stop --------------------------------------------------------------- */

static void loop_end_when_idle(struct daemon *daemon)
{
	const struct timeval linger = { .tv_usec = LINGER_USEC };

	if (daemon->runtime.is_stopping && !daemon->runtime.task_count)
		event_base_loopexit(daemon->runtime.base, &linger);
}

/* Say what the kernel still does when nobody watches it. */
static void loop_log_stop(const struct runtime *runtime, const char *why)
{
	const struct interfaces *interfaces = &runtime->interfaces;
	const bool is_dropping = snapshot_is_enforcing(runtime->snapshot);
	char *names = NULL;
	size_t size, count = 0;
	FILE *stream;

	if (!interfaces_count_attached(interfaces)) {
		log_info("daemon", "%s: stopping", why);
		return;
	}
	stream = open_memstream(&names, &size);
	for (size_t i = 0; stream && i < interfaces->count; i++)
		if (attachment_mode(&interfaces->items[i]) != ATTACH_NONE)
			fprintf(stream, "%s%s", count++ ? ", " : "", interfaces->items[i].name);
	if (!stream || fclose(stream))
		return;
	log_warning("daemon",
		    "%s: stopping: ipwld is not running; still attached to %s and %s; to let "
		    "everything through: ipwlctl detach",
		    why, names, is_dropping ? "dropping" : "counting");
	free(names);
}

static void loop_on_stop(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)what;
	loop_log_stop(&daemon->runtime, strsignal(number));
	notify_manager("STOPPING=1");
	daemon->runtime.is_stopping = true;
	exports_end(daemon->runtime.exports);
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		feeds_end(daemon->runtime.feeds[kind]);
	loop_end_when_idle(daemon);
}

static void loop_on_tasks(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	runtime_finish_tasks(&daemon->runtime);
	loop_end_when_idle(daemon);
}

/* ---- signals, devices, retries ------------------------------------------ */

static void loop_finish_hangup(void *context)
{
	struct daemon *daemon = context;

	daemon->hangup_count--;
}

static void loop_on_hangup(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)number;
	(void)what;
	if (daemon->runtime.is_stopping || daemon->hangup_count >= HANGUPS_MAX)
		return;
	daemon->hangup_count++;
	if (!reload_submit(&daemon->runtime, loop_finish_hangup, daemon))
		return;
	daemon->hangup_count--;
	log_error("reload", "%s", strerror(ENOMEM));
}

static void loop_on_links(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	links_drain(daemon->links);
	/* Attaching causes a device event, too. It must not make us try a failure again. */
	if (!daemon->runtime.is_detached)
		interfaces_check(&daemon->runtime.interfaces, false);
}

static void loop_on_retry(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)what;
	if (!daemon->runtime.is_detached)
		interfaces_check(&daemon->runtime.interfaces, true);
	metrics_retry(daemon->metrics);
	intake_retry(daemon->intake);
	page_retry(daemon->page);
}

/* The loop works, because it calls this. The worker must be checked. */
static void loop_on_watchdog(evutil_socket_t fd, short what, void *context)
{
	struct daemon *daemon = context;
	double busy_sec = worker_busy_sec(daemon->runtime.worker);

	(void)fd;
	(void)what;
	if (busy_sec <= daemon->patience_sec) {
		daemon->has_lost_patience = false;
		notify_alive();
		return;
	}
	if (!daemon->has_lost_patience)
		log_error("daemon",
			  "the worker has been running one task for %.0f s: leaving it to the "
			  "service manager to restart ipwld; attached programs keep deciding",
			  busy_sec);
	daemon->has_lost_patience = true;
}

/* ---- open --------------------------------------------------------------- */

static int loop_watch(struct daemon *daemon, enum daemon_event which, int fd, short what,
		      event_callback_fn callback, const struct timeval *interval)
{
	struct event *event =
	    event_new(daemon->runtime.base, fd, what | EV_PERSIST, callback, daemon);

	if (!event)
		return -ENOMEM;
	daemon->events[which] = event;
	return event_add(event, interval) ? -EIO : 0;
}

static int loop_watch_signal(struct daemon *daemon, enum daemon_event which, int number,
			     event_callback_fn callback)
{
	return loop_watch(daemon, which, number, EV_SIGNAL, callback, NULL);
}

int loop_open_signals(struct daemon *daemon)
{
	int err;

	signal(SIGPIPE, SIG_IGN);
	err = loop_watch_signal(daemon, DAEMON_HANGUP, SIGHUP, loop_on_hangup);
	if (err)
		return err;
	err = loop_watch_signal(daemon, DAEMON_TERMINATE, SIGTERM, loop_on_stop);
	if (err)
		return err;
	return loop_watch_signal(daemon, DAEMON_INTERRUPT, SIGINT, loop_on_stop);
}

/* Notify twice within the time that the service manager waits. */
static int loop_open_watchdog(struct daemon *daemon)
{
	const uint64_t wait_usec = notify_watchdog_usec();
	const struct timeval half = { .tv_sec = (time_t)(wait_usec / 2 / 1000000),
				      .tv_usec = (suseconds_t)(wait_usec / 2 % 1000000) };

	if (!wait_usec)
		return 0;
	daemon->patience_sec = (double)wait_usec / 1e6 * TASK_PATIENCE;
	return loop_watch(daemon, DAEMON_WATCHDOG, -1, EV_TIMEOUT, loop_on_watchdog, &half);
}

int loop_open(struct daemon *daemon)
{
	const struct timeval retry = { .tv_sec = RETRY_SEC };
	int err = links_open(&daemon->links);

	if (err)
		return err;
	err =
	    loop_watch(daemon, DAEMON_LINKS, links_fd(daemon->links), EV_READ, loop_on_links, NULL);
	if (err)
		return err;
	err = loop_watch(daemon, DAEMON_TASKS, worker_fd(daemon->runtime.worker), EV_READ,
			 loop_on_tasks, NULL);
	if (err)
		return err;
	err = loop_watch(daemon, DAEMON_RETRY, -1, EV_TIMEOUT, loop_on_retry, &retry);
	return err ? err : loop_open_watchdog(daemon);
}

void loop_close(struct daemon *daemon)
{
	for (int i = 0; i < DAEMON_EVENT_COUNT; i++)
		if (daemon->events[i])
			event_free(daemon->events[i]);
	links_close(daemon->links);
}

void loop_run(struct daemon *daemon)
{
	/* A device may have appeared between attaching and watching. */
	interfaces_check(&daemon->runtime.interfaces, false);
	event_base_dispatch(daemon->runtime.base);
}
