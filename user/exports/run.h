/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the threads of the exports do. */
#ifndef EXPORTS_RUN_H
#define EXPORTS_RUN_H

#include "base/worker.h"
#include "config/snapshot.h"
#include "exports/schedule.h"
#include "formats/write.h"

/* All exports of a snapshot. */
struct export_run {
	struct task task;
	struct snapshot *snapshot;
	const bool *is_stopping; /* atomic */
	size_t count;
	struct export_state states[]; /* by export of the configuration */
};

/* A task: write the files and run their commands. */
void export_run_files(struct task *task, void *context);

/* A text for `ipwlctl export`. */
struct export_query {
	struct export export; /* all but the lists */
	char **names;
	size_t name_count;
	char *text; /* what came of it */
	size_t bytes;
};

/* Make the text, in a thread of the exports. Return: 0 or -ENOMEM. */
int export_run_query(const struct policy *policy, struct export_query *query);
void export_query_done(struct export_query *query);

/* Remember why an export is not up to date; NULL: it is. */
void export_state_fail(struct export_state *state, const char *error);

#endif
