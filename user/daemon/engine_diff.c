/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload would change: all of it but the switch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/changes.h"
#include "engine/engine.h"
#include "http/http.h"
#include "store/protections.h"

static json_t *answer_json(const struct job *job, const char *path,
			   const struct snapshot_diff *diff, const struct changed_entries *entries,
			   const char *held, const struct lines *removed)
{
	return json_pack("{s:o,s:b,s:o,s:o,s:o,s:o,s:O,s:o,s:o,s:o,s:o}", "config", json_text(path),
			 "differs", diff->is_any, "added", json_count(diff->added_count), "removed",
			 json_count(diff->removed_count), "settings",
			 changes_settings_json(&diff->settings), "lists", changes_lists_json(diff),
			 "entries", entries->array, "entries_left_out",
			 json_count(entries->left_out), "held", json_text(held), "removed_in_use",
			 json_lines(removed), "warnings", json_lines(&job->warnings));
}

/* job->answer stays NULL for want of memory. */
static void compare(const struct engine *engine, const struct snapshot *next, const char *path,
		    struct job *job)
{
	struct changed_entries entries = { .array = json_array(), .limit = job->limit };
	struct lines removed = { 0 };
	struct snapshot_diff diff;
	char *held = NULL;

	if (!snapshot_diff(engine->current, next, changes_collect_entry, &entries, &diff)) {
		if (!engine_guard(engine, next, &held, &removed))
			job->answer = answer_json(job, path, &diff, &entries, held, &removed);
		snapshot_diff_done(&diff);
	}
	json_decref(entries.array);
	lines_done(&removed);
	free(held);
}

void engine_diff(struct engine *engine, struct job *job)
{
	const char *path = job->config_path ? job->config_path : engine->config_path;
	struct snapshot *next;

	if (!engine_read_config(engine, path, job, &next))
		return;
	if (!engine_merge_manual(engine, next, &job->warnings) &&
	    !engine_merge_feeds(engine, next, &job->warnings)) {
		protections_check(engine->protections, next->policy, &job->warnings);
		compare(engine, next, path, job);
	}
	engine_settle_feeds(engine, false);
	if (!job->answer)
		job_fail(job, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	snapshot_unref(next);
}
