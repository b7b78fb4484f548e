/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as a whole: its parts, and the servers that show their state. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/notice.h"
#include "daemon/claims.h"
#include "runtime/runtime.h"

/* Exit statuses. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_PERMISSION = 77,	   /* EX_NOPERM of sysexits.h */
	STATUS_CONFIGURATION = 78, /* EX_CONFIG of sysexits.h */
};

struct control;
struct intake;
struct metrics;
struct page;
struct mnl_socket;

/* Events that the loop waits for. */
enum daemon_event {
	DAEMON_HANGUP,
	DAEMON_TERMINATE,
	DAEMON_INTERRUPT,
	DAEMON_LINKS,
	DAEMON_TASKS,
	DAEMON_RETRY,
	DAEMON_WATCHDOG,
	DAEMON_EVENT_COUNT,
};

struct daemon {
	struct runtime runtime;
	struct claims claims;
	struct notice starting; /* until ipwld answers */
	struct control *control;
	struct metrics *metrics;
	struct intake *intake;
	struct page *page;
	struct mnl_socket *links;
	struct event *events[DAEMON_EVENT_COUNT];
	size_t hangup_count;	/* SIGHUPs whose reload is not finished */
	double patience_sec;	/* how long to wait for a task of the worker */
	bool has_lost_patience; /* the wait was too long, and this was logged */
};

/**
 * daemon_run() - start, serve until SIGTERM or SIGINT, and stop
 * @config_path: absolute
 * @ready_fd: from background_enter(), or -1 in the foreground
 *
 * Return: an exit status.
 */
enum exit_status daemon_run(const char *config_path, int *ready_fd);

#endif
