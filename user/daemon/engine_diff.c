/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reload would change: all of it but the switch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/changes.h"
#include "engine/engine.h"
#include "http/http.h"
#include "store/protections.h"

/* Takes over what @changes holds. NULL: out of memory. */
static json_t *answer_json(const struct job *job, const char *path, struct changes *changes,
			   const char *held, const struct lines *removed)
{
	json_t *answer =
	    json_pack("{s:o,s:b,s:o,s:o,s:O,s:O,s:O,s:o,s:o,s:o,s:o}", "config", json_text(path),
		      "differs", changes->is_any, "added", json_count(changes->added_count),
		      "removed", json_count(changes->removed_count), "settings", changes->settings,
		      "lists", changes->lists, "entries", changes->entries, "entries_left_out",
		      json_count(changes->left_out), "held", json_text(held), "removed_in_use",
		      json_lines(removed), "warnings", json_lines(&job->warnings));

	changes_done(changes);
	return answer;
}

/* job->answer stays NULL for want of memory. */
static void compare(const struct engine *engine, const struct snapshot *next, const char *path,
		    struct job *job)
{
	struct lines removed = { 0 };
	struct changes changes;
	char *held = NULL;

	if (changes_find(engine->current, next, job->limit, &changes))
		return;
	if (engine_guard(engine, next, &held, &removed))
		changes_done(&changes);
	else
		job->answer = answer_json(job, path, &changes, held, &removed);
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
