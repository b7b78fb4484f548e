/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running daemon: what its parts share. All but the engine is the main loop's. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/entry.h"
#include "base/lines.h"
#include "base/worker.h"
#include "config/snapshot.h"
#include "engine/engine.h"
#include "runtime/interfaces.h"

/* Exit statuses. */
enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_CONFIGURATION = 4,
	STATUS_PERMISSION = 5,
};

/* Lines that status keeps of a reload. */
#define RELOAD_LINES_MAX 100

struct reload_report {
	int64_t at_sec;
	bool successful;
	int64_t succeeded_at_sec;
	struct lines errors;
	struct lines warnings;
	char *held; /* what the guard said of the last one, or NULL: it was not held */
};

struct control;
struct exports;
struct feeds;
struct metrics;
struct mnl_socket;
struct sampler;

struct daemon {
	const char *config_path;
	struct event_base *base;
	int lock_fd;
	struct engine *engine; /* the worker's, once that runs */
	struct worker *worker;
	struct datapath *datapath; /* the engine's; for reading */
	struct entry_view view;	   /* the engine's */
	struct snapshot *snapshot; /* in force, as far as the main loop knows */
	struct interfaces interfaces;
	struct control *control;
	struct metrics *metrics;
	struct feeds *feeds;
	struct sampler *sampler;
	struct exports *exports;
	struct mnl_socket *links;
	struct event *events[8];
	size_t event_count;
	int expiry_fd; /* timerfd of the wall clock */
	int64_t started_at_sec;
	double started_monotonic_sec;
	bool is_detached;
	bool is_stopping;
	bool is_expiring;
	size_t job_count; /* with the worker */
	size_t hangup_count;
	struct reload_report reload;
	char *state_path;
	char *state_error; /* or NULL */
};

/**
 * daemon_run() - start, serve until SIGTERM or SIGINT, and stop
 * @config_path: absolute
 * @ready_fd: from background_enter(), or -1 in the foreground
 *
 * Return: an exit status.
 */
enum exit_status daemon_run(const char *config_path, int *ready_fd);

/* Hand a job to the worker; takes it over. */
void daemon_submit(struct daemon *daemon, struct job *job);

/* Tell the service manager that we serve, and how. */
void daemon_notify_ready(const struct daemon *daemon);

#endif
