/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manual entries: added, deleted. Each writes its row and its record (store/manual.c) in a
 * transaction that is committed once the kernel has the list's new entries (switch.c).
 */
#include "engine/entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "config/hazards.h"
#include "core/provenance.h"
#include "engine/danger.h"
#include "engine/internal.h"
#include "engine/records.h"
#include "store/manual.h"

#define REFUSED "%s; nothing has changed"

/* Copy to @set the entries of @old but those of @change and those expired at @now_sec. */
static int copy_entries(const struct entry_set *old, const struct entry_change *change,
			int64_t now_sec, struct entry_set *set)
{
	size_t next = 0;

	for (size_t i = 0; old && i < old->count; i++) {
		const struct entry *entry = &old->entries[i];
		int order = -1, err;

		while (next < change->prefix_count &&
		       (order = prefix_compare(&change->prefixes[next], &entry->prefix)) < 0)
			next++;
		if ((entry->about->expires_at_sec && entry->about->expires_at_sec <= now_sec) ||
		    order == 0)
			continue;
		err = entry_set_add(set, entry);
		if (err)
			return err;
	}
	return 0;
}

/* Add to @set an entry like @model for each prefix of @change. */
static int add_entries(const struct entry_change *change, const struct entry *model,
		       struct entry_set *set)
{
	struct entry entry = *model;
	int err = 0;

	for (size_t i = 0; i < change->prefix_count && !err; i++) {
		entry.prefix = change->prefixes[i];
		err = entry_set_add(set, &entry);
	}
	return err;
}

/* The list's manual entries without those of @change; with entries like @model (or NULL) instead.
 * NULL: out of memory. */
static struct entry_set *changed_set(const struct list *list, const struct entry_change *change,
				     int64_t now_sec, const struct entry *model)
{
	struct entry_set *set = entry_set_new();

	if (!set)
		return NULL;
	if (copy_entries(list->sets[SOURCE_MANUAL], change, now_sec, set) ||
	    (model && add_entries(change, model, set))) {
		entry_set_unref(set);
		return NULL;
	}
	entry_set_finish(set);
	return set;
}

/* ---- add ---------------------------------------------------------------- */

static int add_check_prefix(const struct list *list, const struct prefix *prefix,
			    struct refusal *refusal)
{
	const char *wrong = policy_refuse_prefix(prefix, list->action);
	char text[PREFIX_TEXT_BYTES];

	if (wrong)
		return refusal_set(refusal, OUTCOME_INVALID, "%s", wrong);
	if (!list_has(list, prefix, true))
		return 0;
	holders_add(list, prefix, true, &refusal->details);
	return refusal_set(refusal, OUTCOME_CONFLICT,
			   "%s is excluded from list \"%s\": remove the exclusion first",
			   prefix_format(prefix, text), list->name);
}

/* An entry is in force where it was added. Elsewhere, its scope decides. */
static int add_check_scope(const struct engine *engine, const struct scope *scope,
			   struct refusal *refusal)
{
	const struct fleet_settings *fleet = &engine->current->config->fleet;

	if (!scope->is_local && !scope->only_hosts && !scope->not_hosts)
		return 0;
	if (!fleet->name)
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "this host is in no fleet, so the entry is on no other: leave "
				   "out which hosts it is for");
	if ((scope->only_hosts && !scope_are_hosts(scope->only_hosts)) ||
	    (scope->not_hosts && !scope_are_hosts(scope->not_hosts)))
		return refusal_set(refusal, OUTCOME_INVALID,
				   "write hosts as mx1,mx2: names with commas between them");
	if (!scope_has(scope, fleet->host))
		return refusal_set(
		    refusal, OUTCOME_INVALID,
		    "the entry would be in force on this host, %s, too: add it on one "
		    "of the hosts that it is for",
		    fleet->host);
	return 0;
}

static int add_check(const struct engine *engine, const struct list *list,
		     const struct entry_change *change, struct refusal *refusal)
{
	int err = add_check_scope(engine, &change->scope, refusal);

	for (size_t i = 0; i < change->prefix_count && !err; i++)
		err = add_check_prefix(list, &change->prefixes[i], refusal);
	if (!err && change->ttl_sec)
		err = engine_refuse_protected(engine, change, refusal);
	return err;
}

/* Write the rows and one record, in a transaction that is left open. */
static int add_rows(struct engine *engine, const struct deed *by, const struct list *list,
		    const struct entry_change *change, const struct entry *model)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_ADD) };
	struct entry entry = *model;
	int err = manual_begin(&batch);

	for (size_t i = 0; i < change->prefix_count && !err; i++) {
		struct state_entry row;

		entry.prefix = change->prefixes[i];
		row = row_of_entry(list, &entry);
		row.scope = change->scope;
		err = manual_put(&batch, &row);
	}
	return err;
}

static void add_hazard(const struct hazard *hazard, void *context)
{
	char prefix[PREFIX_TEXT_BYTES], text[HAZARD_TEXT_BYTES];

	lines_add(context, "%s %s", prefix_format_short(&hazard->entry->prefix, prefix),
		  hazard_describe(hazard, text));
}

/* The entries of @change alone; NULL: out of memory. */
static struct entry_set *new_entries(const struct entry_change *change, const struct entry *model)
{
	struct entry_set *set = entry_set_new();

	if (set && add_entries(change, model, set)) {
		entry_set_unref(set);
		return NULL;
	}
	if (set)
		entry_set_finish(set);
	return set;
}

static int add_check_dangers(const struct engine *engine, const struct list *list,
			     const struct entry_change *change, struct entry_set *entries,
			     struct refusal *refusal)
{
	struct lines dangers = { 0 };
	char prefix[PREFIX_TEXT_BYTES];
	const char *what = prefix_format_short(&change->prefixes[0], prefix);
	int err;

	if (change->is_forced)
		return 0;
	err = danger_check(engine, list, entries, &dangers);
	if (change->prefix_count > 1)
		what = plural(dangers.count, "one of these prefixes", "some of these prefixes");
	err = err ? refusal_set_memory(refusal) : danger_refuse(list, what, &dangers, refusal);
	lines_done(&dangers);
	return err;
}

/* Warn of what no block list should have; without memory for it, of nothing. */
static void add_warn(const struct engine *engine, const struct list *list,
		     struct entry_set *entries, struct lines *warnings)
{
	struct list alone = { .name = list->name, .action = list->action };
	struct hazards hazards;

	alone.sets[SOURCE_MANUAL] = entries;
	hazards_init(&hazards, engine->current->config);
	hazards_find(&alone, &hazards.spaces, add_hazard, warnings);
	hazards_done(&hazards);
}

static int add_switch(struct engine *engine, const struct deed *by, const struct list *list,
		      const struct entry_change *change, const struct entry *model,
		      struct refusal *refusal)
{
	char error[DATAPATH_ERROR_BYTES];

	if (add_rows(engine, by, list, change, model))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
	if (engine_switch_list(engine, list->name,
			       changed_set(list, change, model->about->added_at_sec, model), error))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, error);
	return 0;
}

int engine_add(struct engine *engine, const struct deed *by, const struct entry_change *change,
	       struct lines *warnings, struct refusal *refusal)
{
	const struct list *list = engine_find_list(engine, change->list, refusal);
	const int64_t now_sec = time_now_sec();
	char origin[SCOPE_ORIGIN_BYTES];
	const struct provenance about = {
		.origin = scope_origin(&change->scope, by->author, origin),
		.author = by->author,
		.added_at_sec = now_sec,
		.expires_at_sec = change->ttl_sec ? now_sec + change->ttl_sec : 0,
	};
	const struct entry model = { .source = SOURCE_MANUAL,
				     .reason = by->reason,
				     .about = &about };
	struct entry_set *entries;
	int err;

	if (!list || add_check(engine, list, change, refusal))
		return -ECANCELED;
	entries = new_entries(change, &model);
	if (!entries)
		return refusal_set_memory(refusal);
	err = add_check_dangers(engine, list, change, entries, refusal);
	if (!err)
		err = add_switch(engine, by, list, change, &model, refusal);
	if (!err) {
		/* The old policy, and list with it, may be gone by now. */
		list = policy_find_list(engine->current->policy, change->list);
		for (size_t i = 0; i < change->prefix_count; i++)
			holders_warn(engine->current->policy, list, &change->prefixes[i], warnings);
		add_warn(engine, list, entries, warnings);
	}
	entry_set_unref(entries);
	return err;
}

/* ---- delete ------------------------------------------------------------- */

/* Delete the rows and write one record, in a transaction that is left open. */
static int delete_rows(struct engine *engine, const struct deed *by, const struct list *list,
		       const struct entry_change *change)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_DELETE) };
	int err = manual_begin(&batch);

	for (size_t i = 0; i < change->prefix_count && !err; i++)
		err = manual_delete(&batch, list->name, list->action, &change->prefixes[i]);
	return err;
}

/* The number of entries that were deleted by hand within the last minute. */
static size_t deletions_lately(const struct engine *engine)
{
	return time_monotonic_sec() - engine->deletions_from_monotonic_sec > GUARD_DELETIONS_SEC
		   ? 0
		   : engine->deletion_count;
}

char *engine_hold_deletion(const struct engine *engine, const struct list *list, size_t count)
{
	const uint32_t limit = engine->current->config->guard.max_deleted_entries;
	const size_t before = deletions_lately(engine);
	char *message;
	int bytes;

	if (list->action != ACTION_ALLOW || limit == GUARD_NO_LIMIT || before + count <= limit)
		return NULL;
	if (count == 1)
		bytes = asprintf(&message, "%zu allow %s been deleted within a minute", before,
				 plural(before, "entry has", "entries have"));
	else
		bytes = asprintf(&message,
				 "%zu allow entries would be deleted, and %zu %s been within a "
				 "minute",
				 count, before, plural(before, "has", "have"));
	return bytes < 0 ? NULL : message;
}

int engine_refuse_deletions(const struct engine *engine, const struct list *list,
			    const struct entry_change *change, struct refusal *refusal)
{
	const size_t count = change->prefix_count;
	char *message =
	    change->is_forced ? NULL : engine_hold_deletion(engine, list, change->prefix_count);
	int err = 0;

	if (message)
		err = refusal_set(refusal, OUTCOME_HELD,
				  "held: %s; nothing has changed. `ipwlctl undo --since' restores "
				  "them; `ipwlctl del --accept' deletes %s, too",
				  message, plural(count, "this one", "these"));
	free(message);
	return err;
}

void engine_count_deletions(struct engine *engine, const struct entry_change *change)
{
	const double now_sec = time_monotonic_sec();

	if (change->is_forced)
		return;
	if (now_sec - engine->deletions_from_monotonic_sec > GUARD_DELETIONS_SEC) {
		engine->deletions_from_monotonic_sec = now_sec;
		engine->deletion_count = 0;
	}
	engine->deletion_count += change->prefix_count;
}

/* Tell who else lists the prefixes; if there are several, of which prefix. */
static void delete_find_holders(const struct list *list, const struct entry_change *change,
				struct lines *ret_holders)
{
	if (change->prefix_count == 1) {
		holders_add(list, &change->prefixes[0], false, ret_holders);
		return;
	}
	for (size_t i = 0; i < change->prefix_count; i++) {
		char prefix[PREFIX_TEXT_BYTES];
		struct lines holders = { 0 };

		prefix_format(&change->prefixes[i], prefix);
		holders_add(list, &change->prefixes[i], false, &holders);
		for (size_t j = 0; j < holders.count; j++)
			lines_add(ret_holders, "%s (%s)", holders.items[j], prefix);
		lines_done(&holders);
	}
}

int engine_delete(struct engine *engine, const struct deed *by, const struct entry_change *change,
		  struct lines *ret_holders, struct refusal *refusal)
{
	const struct list *list = engine_find_deletable(engine, change, refusal);
	char error[DATAPATH_ERROR_BYTES];
	bool is_allow;

	if (!list || engine_refuse_deletions(engine, list, change, refusal))
		return -ECANCELED;
	is_allow = list->action == ACTION_ALLOW;
	if (delete_rows(engine, by, list, change))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
	if (engine_switch_list(engine, list->name, changed_set(list, change, time_now_sec(), NULL),
			       error))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, error);
	if (is_allow)
		engine_count_deletions(engine, change);
	delete_find_holders(policy_find_list(engine->current->policy, change->list), change,
			    ret_holders);
	return 0;
}
