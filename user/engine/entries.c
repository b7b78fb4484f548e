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

/* Copy to @set the entries of @old but the one at @without and those expired at @now_sec. */
static int copy_entries(const struct entry_set *old, const struct prefix *without, int64_t now_sec,
			struct entry_set *set)
{
	for (size_t i = 0; old && i < old->count; i++) {
		const struct entry *entry = &old->entries[i];
		int err;

		if ((entry->expires_at_sec && entry->expires_at_sec <= now_sec) ||
		    !prefix_compare(&entry->prefix, without))
			continue;
		err = entry_set_add(set, entry);
		if (err)
			return err;
	}
	return 0;
}

/* The list's manual entries without that of @prefix, with @more (or NULL) instead. NULL: out
 * of memory. */
static struct entry_set *changed_set(const struct list *list, const struct prefix *prefix,
				     int64_t now_sec, const struct entry *more)
{
	struct entry_set *set = entry_set_new();

	if (!set)
		return NULL;
	if (copy_entries(list->sets[SOURCE_MANUAL], prefix, now_sec, set) ||
	    (more && entry_set_add(set, more))) {
		entry_set_unref(set);
		return NULL;
	}
	entry_set_finish(set);
	return set;
}

/* ---- add ---------------------------------------------------------------- */

static int add_check(const struct engine *engine, const struct list *list,
		     const struct entry_change *change, struct refusal *refusal)
{
	const char *wrong = policy_refuse_prefix(&change->prefix, list->action);
	char prefix[PREFIX_TEXT_BYTES];

	if (wrong)
		return refusal_set(refusal, OUTCOME_INVALID, "%s", wrong);
	if (list_has(list, &change->prefix, true)) {
		holders_add(list, &change->prefix, true, &refusal->details);
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "%s is excluded from list \"%s\": remove the exclusion first",
				   prefix_format(&change->prefix, prefix), list->name);
	}
	return change->ttl_sec ? engine_refuse_protected(engine, change, refusal) : 0;
}

static int add_row(struct engine *engine, const struct deed *by, const struct list *list,
		   const struct entry *entry)
{
	const struct state_entry row = row_of_entry(list, entry);
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_ADD) };
	int err = manual_begin(&batch);

	return err ? err : manual_put(&batch, &row);
}

static void add_hazard(const struct hazard *hazard, void *context)
{
	char prefix[PREFIX_TEXT_BYTES], text[HAZARD_TEXT_BYTES];

	lines_add(context, "%s %s", prefix_format_short(&hazard->entry->prefix, prefix),
		  hazard_describe(hazard, text));
}

static int add_check_dangers(const struct engine *engine, const struct list *list,
			     const struct entry *entry, struct refusal *refusal)
{
	struct entry_set *set = entry_set_new();
	struct lines dangers = { 0 };
	char prefix[PREFIX_TEXT_BYTES];
	int err = set ? entry_set_add(set, entry) : -ENOMEM;

	if (!err) {
		entry_set_finish(set);
		err = danger_check(engine, list, set, &dangers);
	}
	entry_set_unref(set);
	err = err ? refusal_set_memory(refusal)
		  : danger_refuse(list, prefix_format_short(&entry->prefix, prefix), &dangers,
				  refusal);
	lines_done(&dangers);
	return err;
}

/* Warn of what no block list should have; without memory for it, of nothing. */
static void add_warn(const struct engine *engine, const struct list *list,
		     const struct entry *entry, struct lines *warnings)
{
	struct list alone = { .name = list->name, .action = list->action };
	struct entry_set *set = entry_set_new();
	struct hazards hazards;

	if (!set || entry_set_add(set, entry)) {
		entry_set_unref(set);
		return;
	}
	entry_set_finish(set);
	alone.sets[SOURCE_MANUAL] = set;
	hazards_init(&hazards, engine->current->config);
	hazards_find(&alone, &hazards.spaces, add_hazard, warnings);
	hazards_done(&hazards);
	entry_set_unref(set);
}

int engine_add(struct engine *engine, const struct deed *by, const struct entry_change *change,
	       struct entry_found *ret_found, struct lines *warnings, struct refusal *refusal)
{
	const struct list *list = engine_find_list(engine, change->list, refusal);
	char error[DATAPATH_ERROR_BYTES];
	const int64_t now_sec = time_now_sec();
	const struct entry entry = {
		.prefix = change->prefix,
		.source = SOURCE_MANUAL,
		.origin = by->author,
		.reason = by->reason,
		.author = by->author,
		.added_at_sec = now_sec,
		.expires_at_sec = change->ttl_sec ? now_sec + change->ttl_sec : 0,
	};

	if (!list || add_check(engine, list, change, refusal) ||
	    (!change->is_forced && add_check_dangers(engine, list, &entry, refusal)))
		return -ECANCELED;
	if (add_row(engine, by, list, &entry))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
	if (engine_switch_list(engine, list->name,
			       changed_set(list, &change->prefix, now_sec, &entry), error))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, error);
	/* The old policy, and list with it, may be gone by now. */
	list = policy_find_list(engine->current->policy, change->list);
	engine_keep_entry(list, &change->prefix, ret_found);
	holders_warn(engine->current->policy, list, &change->prefix, warnings);
	add_warn(engine, list, &entry, warnings);
	return 0;
}

/* ---- delete ------------------------------------------------------------- */

static int delete_row(struct engine *engine, const struct deed *by, const struct list *list,
		      const struct prefix *prefix)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_DELETE) };
	int err = manual_begin(&batch);

	return err ? err : manual_delete(&batch, list->name, list->action, prefix);
}

char *engine_hold_deletion(const struct engine *engine, const struct list *list)
{
	const uint32_t limit = engine->current->config->guard.max_deleted_entries;
	char *message;

	if (list->action != ACTION_ALLOW || limit == GUARD_NO_LIMIT ||
	    time_monotonic_sec() - engine->deletions_from_monotonic_sec > GUARD_DELETIONS_SEC ||
	    engine->deletion_count < limit)
		return NULL;
	if (asprintf(&message, "%zu allow %s been deleted within a minute", engine->deletion_count,
		     plural(engine->deletion_count, "entry has", "entries have")) < 0)
		return NULL;
	return message;
}

static int delete_hold(const struct engine *engine, const struct list *list,
		       const struct entry_change *change, struct refusal *refusal)
{
	char *message = change->is_forced ? NULL : engine_hold_deletion(engine, list);
	int err = 0;

	if (message)
		err = refusal_set(refusal, OUTCOME_HELD,
				  "held: %s; nothing has changed. `ipwlctl undo --since' restores "
				  "them; `ipwlctl del --accept' deletes this one, too",
				  message);
	free(message);
	return err;
}

static void delete_count(struct engine *engine, const struct entry_change *change)
{
	const double now_sec = time_monotonic_sec();

	if (change->is_forced)
		return;
	if (now_sec - engine->deletions_from_monotonic_sec > GUARD_DELETIONS_SEC) {
		engine->deletions_from_monotonic_sec = now_sec;
		engine->deletion_count = 0;
	}
	engine->deletion_count++;
}

int engine_delete(struct engine *engine, const struct deed *by, const struct entry_change *change,
		  struct entry_found *ret_found, struct lines *ret_holders, struct refusal *refusal)
{
	const struct list *list = engine_find_deletable(engine, change, refusal);
	char error[DATAPATH_ERROR_BYTES];
	bool is_allow;

	if (!list || delete_hold(engine, list, change, refusal))
		return -ECANCELED;
	is_allow = list->action == ACTION_ALLOW;
	engine_keep_entry(list, &change->prefix, ret_found);
	if (delete_row(engine, by, list, &change->prefix))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
	if (engine_switch_list(engine, list->name,
			       changed_set(list, &change->prefix, time_now_sec(), NULL), error))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, error);
	if (is_allow)
		delete_count(engine, change);
	list = policy_find_list(engine->current->policy, change->list);
	holders_add(list, &change->prefix, false, ret_holders);
	return 0;
}
