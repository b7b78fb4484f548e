/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the manual entries of state.db (store/state.c) for the lists that are configured. */
#include "engine/manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/internal.h"
#include "engine/source.h"
#include "store/protections.h"
#include "store/state.h"

/* ---- rows ----------------------------------------------------------------- */

struct manual_reading {
	const struct policy *policy;
	struct manual_sets sets;
	struct lines *warnings;
	int64_t now_sec;
};

static int manual_take_row(const struct state_entry *row, void *context)
{
	struct manual_reading *reading = context;
	const struct list *list = policy_find_list(reading->policy, row->list);
	struct provenance about;
	struct entry entry = entry_of_row(row, &about);
	char origin[SCOPE_ORIGIN_BYTES];
	char prefix[PREFIX_TEXT_BYTES];
	struct entry_set **set;

	if (row->expires_at_sec && row->expires_at_sec <= reading->now_sec)
		return 0;
	if (!list || list->action != row->action) {
		if (reading->warnings)
			lines_add(
			    reading->warnings,
			    "the manual entry %s has no effect: no %s list \"%s\" is configured",
			    prefix_format(&row->prefix, prefix), action_names[row->action],
			    row->list);
		return 0;
	}
	about.origin = scope_origin(&row->scope, row->author, origin);
	set = &reading->sets.items[list - reading->policy->lists];
	if (!*set)
		*set = entry_set_new();
	return *set ? entry_set_add(*set, &entry) : -ENOMEM;
}

static void manual_pass_bad_row(const char *list, const char *prefix, void *context)
{
	const struct manual_reading *reading = context;

	if (reading->warnings)
		lines_add(reading->warnings,
			  "the manual entry \"%s\" of list \"%s\" is not a valid prefix",
			  prefix ? prefix : "", list ? list : "");
}

int manual_read(struct state *state, const struct policy *policy, struct lines *warnings,
		struct manual_sets *ret_sets)
{
	struct manual_reading reading = {
		.policy = policy,
		.sets = { .items = calloc(policy->list_count + 1, sizeof(struct entry_set *)),
			  .count = policy->list_count },
		.warnings = warnings,
		.now_sec = time_now_sec(),
	};
	int err;

	if (!reading.sets.items)
		return -ENOMEM;
	err = state_read(state, manual_take_row, manual_pass_bad_row, &reading);
	if (err) {
		manual_sets_done(&reading.sets);
		return err;
	}
	for (size_t i = 0; i < reading.sets.count; i++)
		if (reading.sets.items[i])
			entry_set_finish(reading.sets.items[i]);
	*ret_sets = reading.sets;
	return 0;
}

void manual_give(struct manual_sets *sets, struct policy *policy)
{
	for (size_t i = 0; i < sets->count; i++) {
		list_replace_set(&policy->lists[i], SOURCE_MANUAL, sets->items[i]);
		sets->items[i] = NULL;
	}
	manual_sets_done(sets);
}

void manual_sets_done(struct manual_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		entry_set_unref(sets->items[i]);
	free(sets->items);
	*sets = (struct manual_sets) { 0 };
}

/* ---- the source ------------------------------------------------------------ */

/* A database that was unusable may have been repaired by now. */
static void manual_reopen(struct engine *engine, struct lines *warnings)
{
	bool was_suspended = state_suspension(engine->state) != NULL;
	struct state *state;

	if (!state_error(engine->state) || state_open(engine->current->config->state_dir, &state))
		return;
	if (state_is_locked(state) && state_database(engine->state)) {
		/* The open one works again as soon as the lock is gone. */
		lines_add(warnings,
			  "%s by another program: until it lets go, entries cannot be changed",
			  state_error(state));
		state_close(state);
		return;
	}
	state_close(engine->state);
	engine->state = state;
	protections_load(engine->protections, state);
	if (state_suspension(state) && !was_suspended) {
		/* The administrator could not know of it when requesting this reload. */
		lines_add(warnings, "%s; enforcement is suspended until the next reload",
			  state_suspension(state));
		engine->manual.is_lost_now = true;
	} else if (state_error(state) && !(state_suspension(state) && state_database(state))) {
		/* Not if a usable database takes the place of the lost one: this reload accepts it.
		 */
		lines_add(warnings, "%s", state_error(state));
	}
}

/* The entries in force now stay in force. */
static int manual_keep_current(struct engine *engine, const struct policy *policy)
{
	struct manual_sets *sets = &engine->manual.sets;

	sets->items = calloc(policy->list_count + 1, sizeof(struct entry_set *));
	if (!sets->items)
		return -ENOMEM;
	sets->count = policy->list_count;
	for (size_t i = 0; engine->current && i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct list *old = policy_find_list(engine->current->policy, list->name);

		if (old && old->action == list->action && old->sets[SOURCE_MANUAL])
			sets->items[i] = entry_set_ref(old->sets[SOURCE_MANUAL]);
	}
	return 0;
}

static int manual_source_read(struct engine *engine, struct source_reading *reading)
{
	const struct policy *policy = reading->next->policy;
	int err;

	engine->manual.is_unread = engine->manual.is_lost_now = false;
	if (engine->current && !reading->is_trial)
		manual_reopen(engine, reading->warnings);
	err = manual_read(engine->state, policy, reading->warnings, &engine->manual.sets);
	if (!err || err == -ENOMEM)
		return err;
	lines_add(reading->warnings, "%s: manual entries cannot be read",
		  state_error(engine->state));
	engine->manual.is_unread = true;
	return manual_keep_current(engine, policy);
}

static int manual_source_fill(struct engine *engine, struct source_reading *reading)
{
	manual_give(&engine->manual.sets, reading->next->policy);
	return 0;
}

/* At the start no other entries are known. Later, the entries in force stay in force. */
static int manual_source_lost(const struct engine *engine, char **ret_why)
{
	const char *why = NULL;

	if (!engine->current || engine->manual.is_lost_now)
		why = state_suspension(engine->state);
	if (!why && !engine->current && engine->manual.is_unread)
		why = "the manual entries cannot be read";
	*ret_why = why ? strdup(why) : NULL;
	return why && !*ret_why ? -ENOMEM : 0;
}

static void manual_source_settle(struct engine *engine, bool is_in_force)
{
	(void)is_in_force;
	manual_sets_done(&engine->manual.sets);
}

const struct entry_source manual_source = {
	.read = manual_source_read,
	.fill = manual_source_fill,
	.lost = manual_source_lost,
	.settle = manual_source_settle,
};
