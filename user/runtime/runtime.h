/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running daemon: what its parts share, and the way to the worker and back. All but the
 * engine is the main loop's; the engine is the worker's. api/ and web/ show what is here,
 * daemon/ starts and stops it; nothing here knows them.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lines.h"
#include "base/worker.h"
#include "config/snapshot.h"
#include "engine/engine.h"
#include "engine/expiring.h"
#include "engine/view.h"
#include "runtime/interfaces.h"

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

struct alarm;
struct attempt_reader;
struct exports;
struct feeds;
struct fleet_link;
struct flood_watch;
struct lanes;
struct learner;
struct maillog;
struct rescue;
struct sampler;
struct session_watch;
struct trend;

struct runtime {
	const char *config_path;
	struct event_base *base;
	struct engine *engine; /* the worker's, once that runs */
	struct worker *worker;
	struct datapath *datapath; /* the engine's; for reading */
	struct entry_view view;	   /* the engine's */
	struct snapshot *snapshot; /* in force, as far as the main loop knows */
	struct interfaces interfaces;
	struct feeds *feeds[FEED_KIND_COUNT];
	struct sampler *sampler;
	struct trend *trend;
	struct lanes *lanes;
	struct flood_watch *flood;
	struct learner *learner;
	struct fleet_link *fleet;
	struct fleet_feeds *fleet_feeds; /* the link's */
	struct maillog *maillog;
	struct session_watch *sessions;
	struct rescue *rescue;
	struct attempt_reader *attempts;
	struct exports *exports;
	struct alarm *expiry; /* when the next entry expires */
	bool is_expiring;     /* a task is with the worker */
	bool expires_again;   /* something may have become due since */
	int64_t started_at_sec;
	double started_monotonic_sec;
	bool is_detached;
	bool is_stopping;
	size_t task_count; /* with the worker */
	struct reload_report reload;
	struct expiring expiring; /* as of the last look at the counters */
	char *state_path;
	char *state_error; /* or NULL */
	/* Called when a reload has put another configuration in force. The rooms above apply it
	 * and add warnings. */
	void (*follow)(void *context, const struct config *config, struct lines *warnings);
	void *follow_context;
	/* Called when other entries are in force. NULL: nobody cares. */
	void (*changed)(struct runtime *runtime);
};

/* A task of the worker that has the engine: the first member of a struct of whoever asks.
 * See struct task for when its functions are called. */
struct engine_task {
	struct task task;
	void (*run)(struct engine_task *task, struct engine *engine);
	/* What the task changed is the main loop's by then. */
	void (*finish)(struct engine_task *task, struct runtime *runtime);
	/* Free all of the struct. */
	void (*free)(struct engine_task *task);

	/* The runtime's. */
	struct snapshot *snapshot; /* now in force, or NULL: as before; then the one before it */
	char *state_error;	   /* what is wrong with the state now, or NULL */
	double seconds;		   /* that run() took, all calls together */
	bool has_switched;	   /* the snapshot in force has changed in one of them */
};

/* Hand a task over to the worker. A task without run() pauses the worker. */
void runtime_submit(struct runtime *runtime, struct engine_task *task);

/* Finish what the worker has done. */
void runtime_finish_tasks(struct runtime *runtime);

/* Release what is kept of reloads and the state. */
void runtime_done(struct runtime *runtime);

/* Tell the service manager that we serve, and how. */
void runtime_notify_ready(const struct runtime *runtime);

#endif
