/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the threads of the exports do; exports.c and control_export.c hand it to them. */
#ifndef EXPORTS_RUN_H
#define EXPORTS_RUN_H

#include "engine/task.h"
#include "exports/schedule.h"

/* The context of a JOB_EXPORT_FILES: a state for each export of the job's snapshot. */
struct export_run {
	const bool *is_stopping; /* atomic */
	size_t count;
	struct export_state states[];
};

/* The context of a JOB_EXPORT_TEXT. */
struct export_query {
	struct exchange *exchange;
	struct export export; /* all but the lists */
	char **names;
	size_t name_count;
	char *text;
	size_t bytes;
};

/* Run a job of either type, in a thread. @context is not used. */
void export_job_run(struct task *task, void *context);

/* Remember why an export is not as it should be; NULL: it is. */
void export_state_fail(struct export_state *state, const char *error);

#endif
