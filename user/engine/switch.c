/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switch from one policy to the next: numbers its rules, applies it to the kernel
 * (datapath/apply.c) and commits to disk. If a step fails, nothing has changed. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/protected.h"
#include "store/hits.h"
#include "store/rule_file.h"
#include "store/state.h"

/* Removed rules whose counters are read one by one: of more, all counters are read at once. */
#define KEPT_ONE_BY_ONE_MAX (2U * IPWL_CHUNK_RULES)

/* @change: from what the kernel decides by to @to; NULL: that is not known. */
static int switch_kernel(struct engine *engine, const struct snapshot *to,
			 const struct rules_change *change, char error[DATAPATH_ERROR_BYTES])
{
	struct datapath_change datapath_change = {
		.policy = to->policy,
		.uses_index = !to->config->is_index_off,
		.is_rebuild = !change || change->is_everything,
		.ports = to->config->ports,
		.port_count = to->config->port_count,
		.enforce = snapshot_is_enforcing(to),
		.events = { .is_on = to->config->events.per_second != 0,
			    .per_second = to->config->events.per_second,
			    .per_source_minute = to->config->events.per_source_minute },
		.limits = to->config->limits,
		.flood = to->config->flood,
	};

	if (change) {
		datapath_change.changed = change->changed;
		datapath_change.changed_count = change->changed_count;
		datapath_change.added_rules = change->added;
		datapath_change.added_rule_count = change->added_count;
	}
	progress_begin(false, 0, "writing the tables of the kernel");
	return datapath_apply(engine->datapath, &datapath_change, error);
}

static int switch_finish_snapshot(struct engine *engine, struct snapshot *next,
				  char error[DATAPATH_ERROR_BYTES])
{
	int err = datapath_assign_slots(engine->datapath, next->policy, error);

	if (err)
		return err;
	err = snapshot_finish(next);
	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
	return err;
}

/* Commit to disk; if that fails, restore the kernel's tables. */
static int switch_commit_state(struct engine *engine, const struct rules_change *change,
			       char error[DATAPATH_ERROR_BYTES])
{
	/* The same prefixes change on the way back, without new rules. */
	const struct rules_change back = {
		.changed = change->changed,
		.changed_count = change->changed_count,
		.is_everything = change->is_everything,
	};
	int err = state_commit(engine->state);

	if (!err)
		return 0;
	engine->is_kernel_known = !switch_kernel(engine, engine->current, &back, error);
	if (!engine->is_kernel_known)
		log_error("engine", "cannot restore the previous tables in the kernel: %s", error);
	snprintf(error, DATAPATH_ERROR_BYTES, "%s", state_error(engine->state));
	return err;
}

/* The kernel has @next. The remaining steps cannot fail. */
static void switch_take(struct engine *engine, struct snapshot *next,
			const struct rules_change *change)
{
	int err = engine->rule_file ? rule_file_update(engine->rule_file, next->policy, change) : 0;

	if (err)
		log_warning("engine",
			    "cannot write the rule file: %s; the counters of entries will start "
			    "again from zero after a restart",
			    strerror(-err));
	if (rules_commit(&engine->ids, change))
		log_debug("engine", "some rule ids are lost: out of memory");
	hits_restart_rules(engine->hits, change->added, change->added_count);
	snapshot_unref(engine->current);
	engine->current = snapshot_ref(next);
	engine->is_kernel_known = true;
	policy_free(engine->adopted);
	engine->adopted = NULL;
}

/* Note what rules have counted since the last look, before their counters become those of
 * others: an entry that returns has its hits again. */
static void switch_keep_hits(struct engine *engine, const struct rules_change *change)
{
	const struct policy *policy = engine->current ? engine->current->policy : NULL;
	const int64_t now_sec = time_now_sec();

	if (!policy || !change->removed_count || !hits_since_sec(engine->hits))
		return;
	if (change->removed_count > KEPT_ONE_BY_ONE_MAX) {
		struct sampling all = { 0 };

		if (sampling_step(&all, engine->hits, engine->datapath, policy, SIZE_MAX, now_sec) <
		    0)
			log_debug("hits", "not read before a change: out of memory");
		return;
	}
	for (size_t i = 0; i < change->removed_count; i++) {
		const struct removed_rule *removed = &change->removed_rules[i];
		struct ipwl_rule_counters counters;
		const struct hits_reading reading = { removed->rule, &counters };

		if (!datapath_read_rule(engine->datapath, removed->rule->id, &counters) &&
		    counters.packets)
			hits_note(engine->hits, removed->list, &reading, 1, now_sec);
	}
}

static int switch_numbered(struct engine *engine, struct snapshot *next, bool commits_state,
			   const struct rules_change *change, char error[DATAPATH_ERROR_BYTES])
{
	int err = switch_finish_snapshot(engine, next, error);

	if (err)
		return err;
	err = switch_kernel(engine, next, change, error);
	if (err || !commits_state)
		return err;
	return switch_commit_state(engine, change, error);
}

int engine_switch(struct engine *engine, struct snapshot *next, bool commits_state,
		  char error[DATAPATH_ERROR_BYTES])
{
	const struct snapshot *current = engine->current;
	struct rules_change change = { 0 };
	int err;

	progress_begin(false, 0, "comparing the entries with those in force");
	err = rules_number(next->policy, current ? current->policy : engine->adopted, &engine->ids,
			   &change);
	if (err == -ENOSPC)
		snprintf(error, DATAPATH_ERROR_BYTES,
			 "the lists have more than %u different prefixes",
			 IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES - 1U);
	else if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
	if (err)
		return err;
	change.is_everything |= !engine->is_kernel_known;
	err = switch_numbered(engine, next, commits_state, &change, error);
	if (err) {
		rules_rollback(&engine->ids, &change);
	} else {
		switch_keep_hits(engine, &change);
		switch_take(engine, next, &change);
	}
	rules_change_done(&change);
	return err;
}

/* Takes over @set and the transaction. */
static int switch_list(struct engine *engine, const char *name, struct entry_set *set,
		       char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = set ? snapshot_copy(engine->current) : NULL;
	int err;

	if (!next) {
		entry_set_unref(set);
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	list_replace_set(policy_find_list(next->policy, name), SOURCE_MANUAL, set);
	err = engine_switch(engine, next, true, error);
	snapshot_unref(next);
	return err;
}

int engine_switch_list(struct engine *engine, const char *name, struct entry_set *set,
		       char error[DATAPATH_ERROR_BYTES])
{
	int err = switch_list(engine, name, set, error);

	if (err)
		state_rollback(engine->state);
	return err;
}

/* @protections: as the open transaction has them, to be filled in. */
static int switch_manual(struct engine *engine, struct snapshot *next,
			 struct protections *protections, char error[DATAPATH_ERROR_BYTES])
{
	struct entry_set *learned;
	struct manual_sets sets;
	int err = manual_read(engine->state, next->policy, NULL, &sets);

	if (!err) {
		manual_give(&sets, next->policy);
		err = learned_source_read_set(engine, next->config, &learned);
	}
	if (!err) {
		learned_source_give(next->config, next->policy, learned);
		err = protections_load(protections, engine->state);
	}
	if (!err)
		err = protected_overrule(protections, next->policy);
	if (err) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -ENOMEM || !state_error(engine->state)
			     ? strerror(-err)
			     : state_error(engine->state));
		return err;
	}
	return engine_switch(engine, next, true, error);
}

int engine_switch_manual(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	struct protections *protections = protections_new();
	int err = -ENOMEM;

	snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
	if (protections)
		protections_give(protections, protections_foreign(engine->protections));
	if (next && protections)
		err = switch_manual(engine, next, protections, error);
	if (err)
		state_rollback(engine->state);
	else
		protections_take(engine->protections, protections);
	protections_free(protections);
	snapshot_unref(next);
	return err;
}
