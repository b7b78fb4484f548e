/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reload, by any requester. It runs in the worker. Then everything that depends on the
 * configuration is updated, and the result is logged and kept for status. */
#ifndef RUNTIME_RELOAD_H
#define RUNTIME_RELOAD_H

#include "config/diff.h"
#include "engine/source.h"
#include "runtime/runtime.h"

struct reload {
	bool accepts_removals; /* whatever the guard says */

	/* What came of it. */
	struct refusal refusal;
	struct lines warnings;
	size_t added_count; /* entries */
	size_t removed_count;
	struct lines changes; /* of settings and lists, for the log */
	char *held;	      /* what the guard says; NULL: it is not held */
	struct source_reports reports;
};

/* In the worker. @show (may be NULL) is called with what will change, before it does. */
void reload_run(struct reload *reload, struct engine *engine, const struct deed *by,
		void (*show)(const struct snapshot_diff *diff, void *context), void *context);
/* In the main loop, once the new snapshot is there. */
void reload_finish(struct reload *reload, struct runtime *runtime);
/* In the worker, once the old snapshot is freed. */
void reload_done(struct reload *reload);

/* Reload because of a signal. @done is called when that is over. Return: 0 or -ENOMEM. */
int reload_submit(struct runtime *runtime, void (*done)(void *context), void *context);

#endif
