/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of other hosts as an entry source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "config/feed_config.h"
#include "config/hazards.h"
#include "engine/danger.h"
#include "engine/fleet_internal.h"
#include "engine/source.h"

/* ---- entries ------------------------------------------------------------------------------ */

struct entry fleet_entry_of(const struct fleet_record *record, struct provenance *about,
			    char origin[SCOPE_ORIGIN_BYTES])
{
	*about =
	    (struct provenance) { .origin = scope_origin(&record->scope, record->origin, origin),
				  .author = record->author,
				  .added_at_sec = record->added_at_sec,
				  .expires_at_sec = record->expires_at_sec };
	return (struct entry) { .prefix = record->prefix,
				.source = SOURCE_FLEET,
				.reason = record->reason,
				.about = about };
}

struct filtering {
	const struct entry_set *set;
	bool *is_danger;
	size_t count;
};

static void note_danger(struct filtering *filtering, const struct entry *entry)
{
	bool *is_danger = &filtering->is_danger[entry - filtering->set->entries];

	filtering->count += !*is_danger;
	*is_danger = true;
}

static void visit_danger(const struct entry *entry, const char *what, void *context)
{
	char text[PREFIX_TEXT_BYTES];

	log_debug("fleet", "%s of %s %s: left out", prefix_format_short(&entry->prefix, text),
		  entry->about->origin, what);
	note_danger(context, entry);
}

static struct entry_set *copy_safe(const struct filtering *filtering)
{
	struct entry_set *safe = entry_set_new();

	for (size_t i = 0; safe && i < filtering->set->count; i++) {
		if (filtering->is_danger[i] || !entry_set_add(safe, &filtering->set->entries[i]))
			continue;
		entry_set_unref(safe);
		return NULL;
	}
	if (safe)
		entry_set_finish(safe);
	return safe;
}

struct entry_set *fleet_drop_dangers(const struct config *config, const struct list *list,
				     struct entry_set *set, size_t *ret_count)
{
	struct filtering filtering = { .set = set };
	struct entry_set *safe = set;

	if (list->action == ACTION_ALLOW || !set->count)
		return set;
	filtering.is_danger = calloc(set->count, sizeof(bool));
	if (!filtering.is_danger || danger_find(config, list, set, visit_danger, &filtering)) {
		safe = NULL;
	} else if (filtering.count) {
		safe = copy_safe(&filtering);
		log_warning("fleet",
			    "%zu %s of other hosts would block what no list should: the "
			    "list %s goes without them",
			    filtering.count, plural(filtering.count, "entry", "entries"),
			    list->name);
	}
	free(filtering.is_danger);
	if (safe != set)
		entry_set_unref(set);
	if (safe && ret_count)
		*ret_count = filtering.count;
	return safe;
}

/* ---- the source ----------------------------------------------------------------------------- */

struct fleet_reading {
	const struct fleet_replica *replica;
	const struct snapshot *next;
	struct manual_sets sets;
};

static int add_record(const struct fleet_record *record, void *context)
{
	struct fleet_reading *reading = context;
	const struct policy *policy = reading->next->policy;
	const struct list *list = policy_find_list(policy, record->list);
	char origin[SCOPE_ORIGIN_BYTES];
	struct provenance about;
	const struct entry entry = fleet_entry_of(record, &about, origin);
	struct entry_set **set;

	if (!fleet_is_wanted(reading->replica, reading->next->config, list, record))
		return 0;
	set = &reading->sets.items[list - policy->lists];
	if (!*set)
		*set = entry_set_new();
	return *set ? entry_set_add(*set, &entry) : -ENOMEM;
}

int fleet_sets_make(const struct fleet_replica *replica, const struct snapshot *next,
		    struct manual_sets *ret_sets)
{
	struct fleet_reading reading = {
		.replica = replica,
		.next = next,
		.sets = { .items = calloc(next->policy->list_count + 1, sizeof(struct entry_set *)),
			  .count = next->policy->list_count },
	};
	int err = reading.sets.items ? 0 : -ENOMEM;

	if (!err && replica)
		err = fleet_replica_walk_live(replica, time_now_ms(), add_record, &reading);
	for (size_t i = 0; i < reading.sets.count && !err; i++) {
		struct entry_set **set = &reading.sets.items[i];

		if (!*set)
			continue;
		entry_set_finish(*set);
		*set = fleet_drop_dangers(next->config, &next->policy->lists[i], *set, NULL);
		err = *set ? 0 : -ENOMEM;
	}
	if (err)
		manual_sets_done(&reading.sets);
	else
		*ret_sets = reading.sets;
	return err;
}

/* The entries in force now stay in force. Return: 0 or -ENOMEM. */
static int keep_current(const struct engine *engine, const struct policy *policy,
			struct manual_sets *ret_sets)
{
	struct manual_sets sets = { .items =
					calloc(policy->list_count + 1, sizeof(struct entry_set *)),
				    .count = policy->list_count };

	if (!sets.items)
		return -ENOMEM;
	for (size_t i = 0; engine->current && i < sets.count; i++) {
		const struct list *list = &policy->lists[i];
		const struct list *old = policy_find_list(engine->current->policy, list->name);

		if (old && old->action == list->action && old->sets[SOURCE_FLEET])
			sets.items[i] = entry_set_ref(old->sets[SOURCE_FLEET]);
	}
	*ret_sets = sets;
	return 0;
}

/* Return: 0, -ENOMEM or -EIO. */
static int stage_replica(struct engine *engine, const struct fleet_settings *settings)
{
	struct engine_fleet *fleet = engine->fleet;
	int err;

	if (!settings->name || engine_fleet_is(engine, settings->name, settings->host))
		return 0;
	err = fleet_member_find(engine->state, settings->name, &fleet->staged_member);
	return err ? err
		   : fleet_load(engine->state, &fleet->staged_member, settings->host,
				&fleet->staged);
}

static int fleet_source_read(struct engine *engine, struct source_reading *reading)
{
	const struct fleet_settings *settings = &reading->next->config->fleet;
	struct engine_fleet *fleet = engine->fleet;
	const struct fleet_replica *replica = NULL;
	int err = stage_replica(engine, settings);

	/* The database may be another one than before. */
	state_note_changes(engine->state, engine->current && fleet_settings_of(engine)->name);
	fleet->is_unread = err == -EIO;
	if (fleet->is_unread) {
		lines_add(reading->warnings, "%s: entries of the fleet cannot be read",
			  state_error(engine->state));
		return keep_current(engine, reading->next->policy, &fleet->sets);
	}
	if (settings->name)
		replica = fleet->staged ? fleet->staged : fleet->replica;
	if (!err)
		err = fleet_protections_give(engine, replica, reading->next);
	return err ? err : fleet_sets_make(replica, reading->next, &fleet->sets);
}

void fleet_sets_give(struct manual_sets *sets, struct policy *policy)
{
	for (size_t i = 0; i < sets->count; i++) {
		list_replace_set(&policy->lists[i], SOURCE_FLEET, sets->items[i]);
		sets->items[i] = NULL;
	}
	manual_sets_done(sets);
}

int engine_fleet_reread(const struct engine *engine, struct snapshot *next)
{
	struct manual_sets sets;
	int err;

	if (!engine->fleet->replica)
		return 0;
	err = fleet_sets_make(engine->fleet->replica, next, &sets);
	if (!err)
		fleet_sets_give(&sets, next->policy);
	return err;
}

static int fleet_source_fill(struct engine *engine, struct source_reading *reading)
{
	fleet_sets_give(&engine->fleet->sets, reading->next->policy);
	return 0;
}

/* At the start no other entries are known. */
static int fleet_source_lost(const struct engine *engine, char **ret_why)
{
	*ret_why = NULL;
	if (engine->current || !engine->fleet->is_unread)
		return 0;
	*ret_why = strdup("the entries of the fleet cannot be read");
	return *ret_why ? 0 : -ENOMEM;
}

static void take_staged(struct engine *engine)
{
	struct engine_fleet *fleet = engine->fleet;
	const bool is_on = fleet_settings_of(engine)->name != NULL;

	if (fleet->staged || !is_on) {
		fleet_replica_free(fleet->replica);
		fleet->replica = fleet->staged;
		fleet->member = fleet->staged_member;
		fleet->staged = NULL;
		fleet_records_done(&fleet->written);
	}
	fleet->evidence_day = -1;
	state_note_changes(engine->state, is_on);
	if (!fleet->replica)
		return;
	/* What is in force was made of all records. */
	fleet_replica_take_changes(fleet->replica, NULL, NULL);
	fleet->is_stale = fleet->is_manual_stale = fleet->are_protections_stale = false;
	if (fleet_member_enter(engine->state, &fleet->member, fleet_replica_self(fleet->replica)) ||
	    fleet_mark_differences(engine) || state_commit(engine->state)) {
		log_warning("fleet", "%s; what has changed here is not published yet",
			    state_error(engine->state) ? state_error(engine->state)
						       : strerror(ENOMEM));
		fleet_member_find(engine->state, fleet->member.name, &fleet->member);
	}
}

static void fleet_source_settle(struct engine *engine, bool is_in_force)
{
	struct engine_fleet *fleet = engine->fleet;

	if (is_in_force)
		take_staged(engine);
	else if (engine->current)
		fleet_protections_give(engine, fleet->replica, engine->current);
	fleet_replica_free(fleet->staged);
	fleet->staged = NULL;
	manual_sets_done(&fleet->sets);
}

const struct entry_source fleet_source = {
	.read = fleet_source_read,
	.fill = fleet_source_fill,
	.lost = fleet_source_lost,
	.settle = fleet_source_settle,
};
