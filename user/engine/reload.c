/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reload: the configuration read again, whole or not at all, with the manual entries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/changes.h"
#include "base/log.h"
#include "engine/records.h"
#include "store/protections.h"
#include "store/state.h"

/* ---- manual entries ----------------------------------------------------- */

struct merge {
	struct policy *policy;
	struct entry_set **sets; /* by list */
	struct lines *warnings;
	int64_t now_sec;
	bool is_unread; /* the entries are those in force, if there are any */
};

static int add_to_set(struct entry_set **set, const struct state_entry *entry)
{
	const struct entry copy = entry_of_row(entry);

	if (!*set)
		*set = entry_set_new();
	return *set ? entry_set_add(*set, &copy) : -ENOMEM;
}

static int merge_entry(const struct state_entry *entry, void *context)
{
	struct merge *merge = context;
	const struct list *list = policy_find_list(merge->policy, entry->list);
	char prefix[PREFIX_TEXT_BYTES];

	if (entry->expires_at_sec && entry->expires_at_sec <= merge->now_sec)
		return 0;
	if (!list || list->action != entry->action) {
		lines_add(merge->warnings,
			  "the manual entry %s rests: no %s list \"%s\" is configured",
			  prefix_format(&entry->prefix, prefix), action_names[entry->action],
			  entry->list);
		return 0;
	}
	return add_to_set(&merge->sets[list - merge->policy->lists], entry);
}

static void warn_bad_row(const char *list, const char *prefix, void *context)
{
	struct merge *merge = context;

	lines_add(merge->warnings, "the manual entry \"%s\" of list \"%s\" cannot be read",
		  prefix ? prefix : "", list ? list : "");
}

/* What is in force now goes on. */
static void keep_current(const struct engine *engine, struct merge *merge)
{
	size_t i;

	for (i = 0; engine->current && i < merge->policy->list_count; i++) {
		const struct list *list = &merge->policy->lists[i];
		const struct list *old = policy_find_list(engine->current->policy, list->name);

		entry_set_unref(merge->sets[i]);
		merge->sets[i] = NULL;
		if (old && old->action == list->action && old->sets[SOURCE_MANUAL])
			merge->sets[i] = entry_set_ref(old->sets[SOURCE_MANUAL]);
	}
}

static void give_sets(struct merge *merge, bool are_finished)
{
	size_t i;

	for (i = 0; i < merge->policy->list_count; i++) {
		if (!merge->sets[i])
			continue;
		if (!are_finished)
			entry_set_finish(merge->sets[i]);
		list_replace_set(&merge->policy->lists[i], SOURCE_MANUAL, merge->sets[i]);
		merge->sets[i] = NULL;
	}
}

static int read_state(struct engine *engine, struct merge *merge)
{
	int err = state_read(engine->state, merge_entry, warn_bad_row, merge);

	if (err == -ENOMEM)
		return err;
	if (err) {
		lines_add(merge->warnings, "%s: manual entries cannot be read",
			  state_error(engine->state));
		keep_current(engine, merge);
		merge->is_unread = true;
	}
	give_sets(merge, err != 0);
	return 0;
}

int engine_merge_manual(struct engine *engine, struct snapshot *snapshot, struct lines *warnings)
{
	struct merge merge = {
		.policy = snapshot->policy,
		.sets = calloc(snapshot->policy->list_count + 1, sizeof(struct entry_set *)),
		.warnings = warnings,
		.now_sec = time_now_sec(),
	};
	size_t i;
	int err;

	if (!merge.sets)
		return -ENOMEM;
	err = read_state(engine, &merge);
	if (!err && merge.is_unread && !engine->current && !snapshot->suspension) {
		snapshot->suspension = strdup("the manual entries cannot be read");
		err = snapshot->suspension ? 0 : -ENOMEM;
	}
	for (i = 0; i < snapshot->policy->list_count; i++)
		entry_set_unref(merge.sets[i]);
	free(merge.sets);
	return err;
}

/* ---- reload ------------------------------------------------------------- */

/* Where things lie cannot change under a daemon that holds them open. */
static void refuse_moves(const struct engine *engine, const char *path, const struct config *config,
			 struct job *job)
{
	const struct config *current = engine->current->config;
	const struct {
		const char *key, *from, *to;
	} directories[] = {
		{ "state_dir", current->state_dir, config->state_dir },
		{ "runtime_dir", current->runtime_dir, config->runtime_dir },
		{ "bpffs_dir", current->bpffs_dir, config->bpffs_dir },
	};
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (strcmp(directories[i].from, directories[i].to))
			lines_add(&job->details,
				  "%s: %s cannot change from %s to %s in a reload: restart ipwld",
				  path, directories[i].key, directories[i].from, directories[i].to);
}

/* Return: 0; -EINVAL: job has the errors; -ENOMEM. */
static int load_config(const struct engine *engine, const char *path, struct job *job,
		       struct config **ret_config)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(path, &diagnostics, &config);
	diagnostics_lines(&diagnostics, SIZE_MAX, &job->details, &job->warnings);
	diagnostics_done(&diagnostics);
	if (err)
		return err;
	refuse_moves(engine, path, config, job);
	if (job->details.count) {
		config_free(config);
		return -EINVAL;
	}
	*ret_config = config;
	return 0;
}

/* A database that could not be used may be repaired by now. */
static void reopen_state(struct engine *engine, struct snapshot *next, struct lines *warnings)
{
	bool was_suspended = state_suspension(engine->state) != NULL;
	struct state *state;

	if (!state_error(engine->state))
		return;
	if (state_open(engine->current->config->state_dir, &state))
		return;
	state_close(engine->state);
	engine->state = state;
	protections_load(engine->protections, state);
	if (state_error(state))
		lines_add(warnings, "%s", state_error(state));
	/* Only now found to be corrupt: nobody could have known of it and asked for
	 * this reload all the same. */
	if (!was_suspended && state_suspension(state)) {
		lines_add(warnings, "%s; enforcement is suspended until the next reload",
			  state_suspension(state));
		engine_suspend(engine, next);
	}
}

/* What changes, for the answer. Return: 0 or -ENOMEM. */
static int describe(const struct engine *engine, const struct snapshot *next, struct job *job)
{
	struct snapshot_diff diff;
	int err = snapshot_diff(engine->current, next, NULL, NULL, &diff);

	if (err)
		return err;
	job->added_count = diff.added_count;
	job->removed_count = diff.removed_count;
	job->answer = json_pack("{s:o,s:o}", "settings", changes_settings_json(&diff.settings),
				"lists", changes_lists_json(&diff));
	snapshot_diff_describe(&diff, &job->changes);
	snapshot_diff_done(&diff);
	return job->answer ? 0 : -ENOMEM;
}

static void fail_switch(struct job *job, const char *error)
{
	job->added_count = job->removed_count = 0;
	job_fail(job, OUTCOME_INTERNAL,
		 "%s; nothing has changed, the old configuration stays in force", error);
}

/* Whether the guard lets @next pass; if not, or if it cannot tell, the job has failed. */
static bool is_let_pass(struct engine *engine, const struct snapshot *next, struct job *job)
{
	if (job->accepts_removals)
		return true;
	if (engine_guard(engine, next, &job->held, &job->details)) {
		fail_switch(job, strerror(ENOMEM));
		return false;
	}
	if (!job->held) {
		lines_done(&job->details);
		return true;
	}
	engine_record_held(engine, job, next->policy);
	job_fail(job, OUTCOME_HELD,
		 "held: %s; the old configuration stays in force. Look with `ipwlctl diff', take "
		 "it with `ipwlctl reload --accept'",
		 job->held);
	return false;
}

/* The copies of feeds that are staged become those of @next. */
static void switch_to(struct engine *engine, struct snapshot *next, struct job *job)
{
	struct snapshot *before = snapshot_ref(engine->current);
	char error[DATAPATH_ERROR_BYTES] = "out of memory";
	int err = engine->is_detached ? datapath_pin(engine->datapath, error) : 0;

	if (!err)
		err = describe(engine, next, job);
	if (!err)
		err = engine_switch(engine, next, false, error);
	engine_settle_feeds(engine, !err);
	if (!err)
		engine_report_feeds(engine, &job->feed_reports);
	if (err) {
		fail_switch(job, error);
	} else {
		engine->is_detached = false;
		/* An administrator asked for this: it ends a suspension, but not one
		 * that has just begun. */
		if (!next->suspension)
			state_acknowledge(engine->state);
		engine_forget_expired(engine);
		engine_record_reload(engine, job, before->policy);
	}
	snapshot_unref(before);
}

bool engine_read_config(struct engine *engine, const char *path, struct job *job,
			struct snapshot **ret_next)
{
	struct config *config;
	int err = load_config(engine, path, job, &config);

	if (err == -EINVAL) {
		job_fail(job, OUTCOME_CONFIGURATION,
			 "%s has errors: the old configuration stays in force", path);
		return false;
	}
	*ret_next = err ? NULL : snapshot_new(config);
	if (!*ret_next) {
		if (!err)
			config_free(config);
		job_fail(job, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return false;
	}
	return true;
}

void engine_reload(struct engine *engine, struct job *job)
{
	struct snapshot *next;

	if (!engine_read_config(engine, engine->config_path, job, &next))
		return;
	reopen_state(engine, next, &job->warnings);
	if (engine_merge_manual(engine, next, &job->warnings) ||
	    engine_merge_feeds(engine, next, &job->warnings)) {
		fail_switch(job, strerror(ENOMEM));
		engine_settle_feeds(engine, false);
	} else {
		protections_check(engine->protections, next->policy, &job->warnings);
		if (is_let_pass(engine, next, job))
			switch_to(engine, next, job);
		else
			engine_settle_feeds(engine, false);
	}
	snapshot_unref(next);
}
