/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds entries of the rescue, and supplies them to the lists. */
#include "engine/rescue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/records.h"
#include "engine/source.h"
#include "store/rescued.h"
#include "store/state.h"

/* ---- the source --------------------------------------------------------------------- */

struct rescue_reading {
	const struct config *config;
	const struct policy *policy;
	struct rescue_sets *sets;
	int64_t now_sec;
};

/* Entries of a zone that is no longer configured have no effect. */
static int take_row(const struct rescued_entry *row, void *context)
{
	struct rescue_reading *reading = context;
	const struct rescue_zone *zone = rescue_settings_find(&reading->config->rescue, row->zone);
	const struct provenance about = { .origin = row->zone,
					  .added_at_sec = row->added_at_sec,
					  .expires_at_sec = row->expires_at_sec };
	const struct entry entry = {
		.prefix = row->prefix, .source = SOURCE_RESCUE, .reason = row->why, .about = &about
	};
	struct entry_set **set;
	const struct list *list;

	if (!zone || row->expires_at_sec <= reading->now_sec)
		return 0;
	list = policy_find_list(reading->policy, zone->list);
	set = &reading->sets->items[list - reading->policy->lists];
	if (!*set)
		*set = entry_set_new();
	return *set ? entry_set_add(*set, &entry) : -ENOMEM;
}

static void sets_done(struct rescue_sets *sets)
{
	for (size_t i = 0; sets->items && i < sets->count; i++)
		entry_set_unref(sets->items[i]);
	free(sets->items);
	*sets = (struct rescue_sets) { 0 };
}

/* Read the entries by the index of their list. Return: 0, -ENOMEM or -EIO. */
static int sets_read(struct state *state, const struct snapshot *snapshot,
		     struct rescue_sets *ret_sets)
{
	struct rescue_sets sets = { .items = calloc(snapshot->policy->list_count + 1,
						    sizeof(struct entry_set *)),
				    .count = snapshot->policy->list_count };
	struct rescue_reading reading = { snapshot->config, snapshot->policy, &sets,
					  time_now_sec() };
	int err = sets.items ? 0 : -ENOMEM;

	if (!err && snapshot->config->rescue.count)
		err = rescued_read(state, take_row, &reading);
	if (err) {
		sets_done(&sets);
		return err;
	}
	for (size_t i = 0; i < sets.count; i++)
		if (sets.items[i])
			entry_set_finish(sets.items[i]);
	*ret_sets = sets;
	return 0;
}

static void sets_give(struct rescue_sets *sets, struct policy *policy)
{
	for (size_t i = 0; i < sets->count; i++) {
		list_replace_set(&policy->lists[i], SOURCE_RESCUE, sets->items[i]);
		sets->items[i] = NULL;
	}
	sets_done(sets);
}

/* The entries in force now stay in force. Return: 0 or -ENOMEM. */
static int keep_current(struct engine *engine, const struct policy *policy)
{
	struct rescue_sets *sets = &engine->rescue;

	*sets = (struct rescue_sets) { .items = calloc(policy->list_count + 1,
						       sizeof(struct entry_set *)),
				       .count = policy->list_count };
	if (!sets->items)
		return -ENOMEM;
	for (size_t i = 0; engine->current && i < sets->count; i++) {
		const struct list *list = &policy->lists[i];
		const struct list *old = policy_find_list(engine->current->policy, list->name);

		if (old && old->action == list->action && old->sets[SOURCE_RESCUE])
			sets->items[i] = entry_set_ref(old->sets[SOURCE_RESCUE]);
	}
	return 0;
}

/* Nobody is dropped who would not be dropped without the rescue, so a database that cannot be read
 * is no reason to suspend. */
static int rescue_source_read(struct engine *engine, struct source_reading *reading)
{
	int err = sets_read(engine->state, reading->next, &engine->rescue);

	if (err != -EIO)
		return err;
	lines_add(reading->warnings, "%s: entries of the rescue cannot be read",
		  state_error(engine->state));
	return keep_current(engine, reading->next->policy);
}

static int rescue_source_fill(struct engine *engine, struct source_reading *reading)
{
	sets_give(&engine->rescue, reading->next->policy);
	return 0;
}

static void rescue_source_settle(struct engine *engine, bool is_in_force)
{
	(void)is_in_force;
	sets_done(&engine->rescue);
}

const struct entry_source rescue_source = {
	.read = rescue_source_read,
	.fill = rescue_source_fill,
	.settle = rescue_source_settle,
};

/* ---- new entries ---------------------------------------------------------------------- */

/* Entries of the zone that are in force. */
static size_t count_entries(const struct list *list, const char *zone)
{
	const struct entry_set *set = list->sets[SOURCE_RESCUE];
	const int64_t now_sec = time_now_sec();
	size_t count = 0;

	for (size_t i = 0; set && i < set->count; i++)
		count += set->entries[i].about->expires_at_sec > now_sec &&
			 !strcmp(set->entries[i].about->origin, zone);
	return count;
}

static int put_source(struct manual_batch *batch, const struct rescue_zone *zone,
		      const struct rescued *source)
{
	const uint32_t sec = rescue_entry_sec(zone, source->ttl_sec);
	char why[RESCUE_WHY_BYTES + 64], ttl[DURATION_TEXT_BYTES];
	const struct rescued_entry entry = { .prefix = source->source,
					     .zone = zone->name,
					     .why = why,
					     .added_at_sec = time_now_sec(),
					     .expires_at_sec = time_now_sec() + sec };

	snprintf(why, sizeof(why), "rescued: %s, TTL %s", source->why,
		 duration_format(source->ttl_sec, ttl));
	return rescued_put(batch, zone->list, &entry);
}

static void note_block_by_hand(const struct list *list, const struct entry *entry, uint32_t rule_id,
			       void *context)
{
	bool *is_by_hand = context;

	/* Exclusions have no rule. */
	*is_by_hand |= rule_id && list->action == ACTION_BLOCK && entry->source == SOURCE_MANUAL;
}

/* A person knows better than a list of somebody else. */
static bool is_blocked_by_hand(const struct engine *engine, const struct prefix *source)
{
	bool is_by_hand = false;

	policy_covering(engine->current->policy, source, note_block_by_hand, &is_by_hand);
	return is_by_hand;
}

/* Note why a source may have no entry. Return: how many may. */
static size_t refuse_some(struct engine *engine, const struct rescue_zone *zone,
			  struct rescued *sources, size_t count)
{
	const struct list *list = policy_find_list(engine->current->policy, zone->list);
	const size_t present = count_entries(list, zone->name);
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		sources[i].refusal = learning_refuse(engine, &sources[i].source);
		if (!sources[i].refusal && is_blocked_by_hand(engine, &sources[i].source))
			sources[i].refusal = "it is blocked by hand";
		if (!sources[i].refusal && present + taken >= zone->max_entries)
			sources[i].refusal = "max_entries is reached";
		taken += !sources[i].refusal;
	}
	return taken;
}

static int put_all(struct engine *engine, const struct rescue_zone *zone,
		   const struct rescued *sources, size_t count)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(NULL, HISTORY_RESCUE) };
	int err;

	batch.record.origin = zone->name;
	err = manual_begin(&batch);
	for (size_t i = 0; i < count && !err; i++)
		if (!sources[i].refusal)
			err = put_source(&batch, zone, &sources[i]);
	return err;
}

/* Put the entries of the open transaction in force and commit it. */
static int switch_entries(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	struct rescue_sets sets = { 0 };
	int err = next ? sets_read(engine->state, next, &sets) : -ENOMEM;

	if (err) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -EIO && state_error(engine->state) ? state_error(engine->state)
								   : strerror(-err));
	} else {
		sets_give(&sets, next->policy);
		err = engine_switch(engine, next, true, error);
	}
	snapshot_unref(next);
	return err;
}

int engine_rescue(struct engine *engine, const char *zone, struct rescued *sources, size_t count,
		  struct refusal *refusal)
{
	const struct rescue_zone *settings =
	    rescue_settings_find(&engine->current->config->rescue, zone);
	char error[DATAPATH_ERROR_BYTES];

	if (!settings)
		return refusal_set(refusal, OUTCOME_CONFLICT, "%s is no longer configured", zone);
	if (!refuse_some(engine, settings, sources, count))
		return 0;
	if (put_all(engine, settings, sources, count)) {
		state_rollback(engine->state);
		return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
				   state_error(engine->state) ? state_error(engine->state)
							      : strerror(ENOMEM));
	}
	if (!switch_entries(engine, error))
		return 0;
	state_rollback(engine->state);
	return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed", error);
}
