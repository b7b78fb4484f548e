/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts what has changed in the replica in force. Few changes are put into the sets in force one by
 * one, and the history has each of them; of many, the sets are made anew and the history has
 * sums. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/fleet_internal.h"
#include "engine/learning.h"
#include "engine/protected.h"
#include "engine/records.h"

#define FEW_MAX 1000

/* ---- which have changed -------------------------------------------------------------- */

struct place {
	char list[POLICY_NAME_MAX + 1];
	struct prefix prefix;
};

struct places {
	struct place items[FEW_MAX];
	size_t count; /* may be more than there is room for */
};

static int note_place(const char *list, const struct prefix *prefix, void *context)
{
	struct places *places = context;
	struct place *place = &places->items[places->count];

	if (places->count++ >= FEW_MAX)
		return 0;
	strncpy(place->list, list, sizeof(place->list) - 1);
	place->list[sizeof(place->list) - 1] = '\0';
	place->prefix = *prefix;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a, *other = b;
	const int order = strcmp(one->list, other->list);

	return order ? order : prefix_compare(&one->prefix, &other->prefix);
}

/* ---- one list ------------------------------------------------------------------------------ */

/* The places of one list. */
struct share {
	const struct place *places;
	size_t count;
};

/* Copy to @set the entries of @old (or NULL) at other places. */
static int copy_others(const struct entry_set *old, const struct share *share,
		       struct entry_set *set)
{
	size_t next = 0;

	for (size_t i = 0; old && i < old->count; i++) {
		int order = -1, err;

		while (next < share->count && (order = prefix_compare(&share->places[next].prefix,
								      &old->entries[i].prefix)) < 0)
			next++;
		if (next < share->count && order == 0)
			continue;
		err = entry_set_add(set, &old->entries[i]);
		if (err)
			return err;
	}
	return 0;
}

struct gathering {
	const struct fleet_replica *replica;
	const struct config *config;
	const struct list *list;
	struct entry_set *set;
};

static int gather_record(const struct fleet_record *record, void *context)
{
	const struct gathering *gathering = context;
	char origin[SCOPE_ORIGIN_BYTES];
	struct provenance about;
	struct entry entry;

	if (!fleet_is_wanted(gathering->replica, gathering->config, gathering->list, record))
		return 0;
	entry = fleet_entry_of(record, &about, origin);
	return entry_set_add(gathering->set, &entry);
}

/* What other hosts list at these places. NULL: out of memory. */
static struct entry_set *gather(const struct engine *engine, const struct list *list,
				const struct share *share)
{
	struct gathering gathering = { engine->fleet->replica, engine->current->config, list,
				       entry_set_new() };
	int err = gathering.set ? 0 : -ENOMEM;

	for (size_t i = 0; i < share->count && !err; i++)
		err = fleet_replica_live(gathering.replica, list->name, &share->places[i].prefix,
					 time_now_ms(), gather_record, &gathering);
	if (err) {
		entry_set_unref(gathering.set);
		return NULL;
	}
	entry_set_finish(gathering.set);
	return fleet_drop_dangers(gathering.config, list, gathering.set, NULL);
}

/* NULL: out of memory. */
static struct entry_set *changed_set(const struct engine *engine, const struct list *list,
				     const struct share *share)
{
	struct entry_set *fresh = gather(engine, list, share);
	struct entry_set *set = fresh ? entry_set_new() : NULL;
	int err = set ? copy_others(list->sets[SOURCE_FLEET], share, set) : -ENOMEM;

	for (size_t i = 0; fresh && i < fresh->count && !err; i++)
		err = entry_set_add(set, &fresh->entries[i]);
	entry_set_unref(fresh);
	if (err) {
		entry_set_unref(set);
		return NULL;
	}
	entry_set_finish(set);
	return set;
}

/* ---- the history ------------------------------------------------------------------------------
 */

/* The first entry of a prefix, or NULL. */
static const struct entry *find_entry(const struct entry_set *set, const struct prefix *prefix)
{
	const size_t i = set ? entry_set_lower_bound(set, prefix) : 0;

	return set && i < set->count && !prefix_compare(&set->entries[i].prefix, prefix)
		   ? &set->entries[i]
		   : NULL;
}

static int put_change(struct manual_batch *batch, struct history_change *change)
{
	int err = batch->record.id ? 0 : history_begin(batch->state, &batch->record);

	return err ? err : history_put(batch->state, &batch->record, batch->change_count++, change);
}

static int record_place(struct manual_batch *batch, const struct list *before,
			const struct entry_set *after, const struct prefix *prefix)
{
	const struct entry *old = find_entry(before->sets[SOURCE_FLEET], prefix);
	const struct entry *now = find_entry(after, prefix);
	char *was = old ? fleet_entry_image(old) : NULL;
	char *is = now ? fleet_entry_image(now) : NULL;
	struct history_change change = { .list = before->name,
					 .action = before->action,
					 .source = SOURCE_FLEET,
					 .prefix = prefix,
					 .added = now && !old,
					 .removed = old && !now,
					 .was = was,
					 .now = is };
	int err = 0;

	if (!was != !old || !is != !now)
		err = -ENOMEM;
	else if (!was != !is || (was && strcmp(was, is) != 0))
		err = put_change(batch, &change);
	free(was);
	free(is);
	return err;
}

/* ---- few changes, or many -------------------------------------------------------------------- */

/* Give a list what it is to have, and record what changes. */
static int change_list(const struct engine *engine, struct snapshot *next, const char *name,
		       const struct share *share, struct manual_batch *batch, bool *is_changed)
{
	struct list *list = policy_find_list(next->policy, name);
	struct entry_set *set;
	int err = 0;

	if (!list)
		return 0;
	set = changed_set(engine, list, share);
	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < share->count && !err; i++)
		err = record_place(batch, list, set, &share->places[i].prefix);
	if (err || (!set->count && !list->sets[SOURCE_FLEET])) {
		entry_set_unref(set);
		return err;
	}
	list_replace_set(list, SOURCE_FLEET, set);
	*is_changed = true;
	return 0;
}

static int change_few(const struct engine *engine, struct snapshot *next, struct places *places,
		      struct manual_batch *batch, bool *is_changed)
{
	int err = 0;

	qsort(places->items, places->count, sizeof(places->items[0]), compare_places);
	for (size_t i = 0, end; i < places->count && !err; i = end) {
		struct share share = { .places = &places->items[i] };

		for (end = i;
		     end < places->count && !strcmp(places->items[end].list, places->items[i].list);
		     end++)
			share.count++;
		err = change_list(engine, next, places->items[i].list, &share, batch, is_changed);
	}
	return err;
}

static int change_many(const struct engine *engine, struct snapshot *next,
		       struct manual_batch *batch, bool *is_changed)
{
	const struct policy *before = engine->current->policy;
	struct manual_sets sets;
	int err = fleet_sets_make(engine->fleet->replica, next, &sets);

	if (err)
		return err;
	for (size_t i = 0; i < sets.count && !err; i++) {
		struct history_change change = { .list = before->lists[i].name,
						 .action = before->lists[i].action,
						 .source = SOURCE_FLEET };

		engine_count_changes(before->lists[i].sets[SOURCE_FLEET], sets.items[i], &change);
		if (change.added || change.removed)
			err = put_change(batch, &change);
	}
	if (err) {
		manual_sets_done(&sets);
		return err;
	}
	fleet_sets_give(&sets, next->policy);
	*is_changed = true;
	return 0;
}

/* Entries of this host that were changed by records of others. */
static int refresh_own(struct engine *engine, struct snapshot *next)
{
	struct entry_set *learned;
	struct manual_sets sets;
	int err = manual_read(engine->state, next->policy, NULL, &sets);

	if (err)
		return err;
	manual_give(&sets, next->policy);
	err = learned_source_read_set(engine, next->config, &learned);
	if (err)
		return err;
	learned_source_give(next->config, next->policy, learned);
	return protections_load(engine->protections, engine->state);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static int make_next(struct engine *engine, struct snapshot *next, struct places *places,
		     struct manual_batch *batch, bool *is_changed)
{
	struct engine_fleet *fleet = engine->fleet;
	int err = fleet_replica_take_changes(fleet->replica, note_place, places);

	if (!err)
		err = fleet->is_stale || places->count > FEW_MAX
			  ? change_many(engine, next, batch, is_changed)
			  : change_few(engine, next, places, batch, is_changed);
	if (!err && fleet->is_manual_stale) {
		*is_changed = true;
		err = refresh_own(engine, next);
	}
	if (!err && (fleet->is_stale || fleet->are_protections_stale)) {
		*is_changed = true;
		err = fleet_protections_give(engine, fleet->replica, next);
	}
	/* What feeds exclude of protected entries may be another part now. */
	return !err && *is_changed ? protected_overrule(engine->protections, next->policy) : err;
}

int fleet_put_in_force(struct engine *engine, struct manual_batch *batch,
		       char error[DATAPATH_ERROR_BYTES])
{
	struct engine_fleet *fleet = engine->fleet;
	struct snapshot *next = snapshot_copy(engine->current);
	struct places *places = calloc(1, sizeof(*places));
	bool is_changed = false;
	int err = next && places ? 0 : -ENOMEM;

	if (!err)
		err = state_begin(engine->state);
	if (!err)
		err = make_next(engine, next, places, batch, &is_changed);
	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -EIO && state_error(engine->state) ? state_error(engine->state)
								   : strerror(-err));
	else if (is_changed)
		err = engine_switch(engine, next, true, error);
	else if ((err = state_commit(engine->state)))
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", state_error(engine->state));
	if (!err)
		fleet->is_stale = fleet->is_manual_stale = fleet->are_protections_stale = false;
	free(places);
	snapshot_unref(next);
	return err;
}
