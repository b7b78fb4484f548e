/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's start, and the switch from one policy to the next. */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "feeds/store.h"
#include "store/hits.h"
#include "store/protections.h"
#include "store/rule_file.h"
#include "store/state.h"

/* ---- switch ------------------------------------------------------------- */

/* @change: from what the kernel decides by to @to; NULL: that is not known. */
static int apply(struct engine *engine, const struct snapshot *to,
		 const struct rules_change *change, char error[DATAPATH_ERROR_BYTES])
{
	struct datapath_change datapath_change = {
		.policy = to->policy,
		.uses_index = !to->config->is_index_off,
		.is_rebuild = !change || change->is_everything,
		.ports = to->config->ports,
		.port_count = to->config->port_count,
		.enforce = snapshot_is_enforcing(to),
	};

	if (change) {
		datapath_change.changed = change->changed;
		datapath_change.changed_count = change->changed_count;
		datapath_change.added_rules = change->added;
		datapath_change.added_rule_count = change->added_count;
	}
	return datapath_apply(engine->datapath, &datapath_change, error);
}

static int finish_snapshot(struct engine *engine, struct snapshot *next,
			   char error[DATAPATH_ERROR_BYTES])
{
	int err = datapath_assign_slots(engine->datapath, next->policy, error);

	if (!err) {
		err = snapshot_finish(next);
		if (err)
			snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
	}
	return err;
}

/* Commit what is on disk; if that fails, the kernel must go back. */
static int commit_state(struct engine *engine, const struct rules_change *change,
			char error[DATAPATH_ERROR_BYTES])
{
	/* The same places have changed on the way back; no rule is new there. */
	const struct rules_change back = {
		.changed = change->changed,
		.changed_count = change->changed_count,
		.is_everything = change->is_everything,
	};
	int err = state_commit(engine->state);

	if (!err)
		return 0;
	engine->is_kernel_known = !apply(engine, engine->current, &back, error);
	if (!engine->is_kernel_known)
		log_error("engine", "the kernel cannot be set back: %s", error);
	snprintf(error, DATAPATH_ERROR_BYTES, "%s", state_error(engine->state));
	return err;
}

/* The kernel has @next: what is left cannot fail. */
static void take(struct engine *engine, struct snapshot *next, const struct rules_change *change)
{
	int err = engine->rule_file ? rule_file_update(engine->rule_file, next->policy, change) : 0;

	if (err)
		log_warning("engine",
			    "the rule file cannot be written: %s; the counters of entries will "
			    "begin again after a restart",
			    strerror(-err));
	if (rules_commit(&engine->ids, change))
		log_debug("engine", "some rule ids are lost for want of memory");
	hits_restart_rules(engine->hits, change->added, change->added_count);
	snapshot_unref(engine->current);
	engine->current = snapshot_ref(next);
	engine->is_kernel_known = true;
	policy_free(engine->adopted);
	engine->adopted = NULL;
}

int engine_switch(struct engine *engine, struct snapshot *next, bool commits_state,
		  char error[DATAPATH_ERROR_BYTES])
{
	const struct snapshot *current = engine->current;
	struct rules_change change = { 0 };
	int err = rules_number(next->policy, current ? current->policy : engine->adopted,
			       &engine->ids, &change);

	if (err) {
		if (err == -ENOSPC)
			snprintf(error, DATAPATH_ERROR_BYTES, "more than %u different prefixes",
				 IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES - 1U);
		else
			snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
		return err;
	}
	change.is_everything |= !engine->is_kernel_known;
	err = finish_snapshot(engine, next, error);
	if (!err)
		err = apply(engine, next, &change, error);
	if (!err && commits_state)
		err = commit_state(engine, &change, error);
	if (!err)
		take(engine, next, &change);
	else
		rules_rollback(&engine->ids, &change);
	rules_change_done(&change);
	return err;
}

/* ---- start -------------------------------------------------------------- */

static int open_state(struct engine *engine, const char *state_dir)
{
	int err = state_open(state_dir, &engine->state);

	engine->protections = protections_new();
	if (err || !engine->protections)
		return err ? err : -ENOMEM;
	if (!state_error(engine->state) || state_suspension(engine->state))
		protections_load(engine->protections, engine->state);
	if (state_suspension(engine->state))
		log_error("state", "%s; ENFORCEMENT IS SUSPENDED until a reload",
			  state_suspension(engine->state));
	else if (state_error(engine->state))
		log_error("state", "%s; entries cannot be added or deleted",
			  state_error(engine->state));
	return 0;
}

/* Rule ids go on where the daemon before left them, if that is known. */
static int adopt_rules(struct engine *engine, const char *runtime_dir)
{
	bool is_known = false;
	int err = rule_file_open(runtime_dir, datapath_cookie(engine->datapath), &engine->rule_file,
				 &is_known);

	rule_ids_init(&engine->ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
	if (err) {
		log_warning("engine",
			    "%s/rules: %s; the counters of entries will not outlive "
			    "this daemon",
			    runtime_dir, strerror(-err));
		engine->rule_file = NULL;
	} else if (is_known) {
		err = rule_file_load(engine->rule_file, &engine->ids, &engine->adopted);
		if (!err)
			return 0;
		log_warning("engine", "%s/rules: %s", runtime_dir, strerror(-err));
	}
	engine->ids.next = datapath_first_fresh_rule(engine->datapath);
	return err == -ENOMEM ? err : 0;
}

static int open_all(struct engine *engine, const struct config *config,
		    char error[DATAPATH_ERROR_BYTES])
{
	bool adopted;
	int err = open_state(engine, config->state_dir);

	if (err)
		return err;
	err = datapath_open(config->bpffs_dir, &engine->datapath, &adopted, error);
	if (!err)
		err = hits_open(config->state_dir, datapath_cookie(engine->datapath), adopted,
				&engine->hits);
	if (err)
		return err;
	log_debug("engine", "%s kernel maps in %s", adopted ? "took over" : "made",
		  config->bpffs_dir);
	if (state_suspension(engine->state))
		datapath_set_enforce(engine->datapath, false);
	return adopt_rules(engine, config->runtime_dir);
}

int engine_suspend(const struct engine *engine, struct snapshot *next)
{
	const char *reason = state_suspension(engine->state);

	if (!reason)
		return 0;
	next->suspension = strdup(reason);
	return next->suspension ? 0 : -ENOMEM;
}

int engine_start(const char *config_path, struct snapshot *first, struct lines *warnings,
		 struct engine **ret_engine, char error[DATAPATH_ERROR_BYTES])
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err = -ENOMEM;

	snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
	if (!engine)
		return err;
	engine->config_path = config_path;
	err = open_all(engine, first->config, error);
	if (!err)
		err = engine_suspend(engine, first);
	if (!err)
		err = engine_merge_manual(engine, first, warnings);
	if (!err)
		err = engine_merge_feeds(engine, first, warnings);
	if (!err)
		err = engine_switch(engine, first, false, error);
	engine_settle_feeds(engine, !err);
	if (err) {
		engine_stop(engine);
		return err;
	}
	engine_forget_expired(engine);
	*ret_engine = engine;
	return 0;
}

void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	feed_store_free(engine->feeds);
	snapshot_unref(engine->current);
	policy_free(engine->adopted);
	rule_ids_done(&engine->ids);
	rule_file_close(engine->rule_file);
	if (engine->datapath)
		datapath_close(engine->datapath);
	hits_close(engine->hits);
	protections_free(engine->protections);
	state_close(engine->state);
	free(engine);
}

int engine_detach(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	int err = datapath_detach(engine->current->config->bpffs_dir, error);

	if (!err)
		engine->is_detached = true;
	return err;
}

/* ---- jobs --------------------------------------------------------------- */

void engine_run(struct task *task, void *context)
{
	static void (*const runners[])(struct engine * engine, struct job * job) = {
		[JOB_RELOAD] = engine_reload,
		[JOB_ADD] = engine_add,
		[JOB_DELETE] = engine_delete,
		[JOB_IMPORT] = engine_import,
		[JOB_EXPIRE] = engine_expire,
		[JOB_FEED] = engine_take_feed,
		[JOB_FEED_ACCEPT] = engine_accept_feed,
		[JOB_FEED_DIFF] = engine_diff_feed,
		[JOB_SAMPLE] = engine_sample,
		[JOB_HISTORY] = engine_history,
		[JOB_UNDO] = engine_undo,
		[JOB_PROTECT] = engine_protect,
		[JOB_UNPROTECT] = engine_unprotect,
		[JOB_IMPACT] = engine_impact,
		[JOB_LINT] = engine_lint,
		[JOB_DIFF] = engine_diff,
	};
	struct job *job = (struct job *)task;
	struct engine *engine = context;
	const struct snapshot *before = engine->current;
	const double started_sec = time_monotonic_sec();

	runners[job->type](engine, job);
	if (engine->current != before)
		job->snapshot = snapshot_ref(engine->current);
	if (state_error(engine->state))
		job->state_error = strdup(state_error(engine->state));
	job->seconds = time_monotonic_sec() - started_sec;
}
