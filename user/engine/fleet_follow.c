/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes entries of this host if the fleet says something of them: another host has removed one,
 * or this one has lost what it said itself. */
#include <errno.h>

#include "engine/fleet_internal.h"
#include "engine/learning.h"
#include "store/learned_entries.h"
#include "store/protections.h"

static int begin_batch(struct manual_batch *batch)
{
	return batch->record.id ? 0 : manual_begin(batch);
}

struct finding {
	bool is_found;
	bool is_local;
	enum action action;
};

static int note_found(const struct state_entry *entry, void *context)
{
	*(struct finding *)context = (struct finding) { .is_found = true,
							.is_local = entry->scope.is_local,
							.action = entry->action };
	return 0;
}

static int note_learned(const struct learned_entry *entry, void *context)
{
	(void)entry;
	*(bool *)context = true;
	return 0;
}

/* The entry was lost with state.db, or restored from a backup as it was before. */
static int return_entry(struct engine *engine, struct manual_batch *batch,
			const struct fleet_record *record)
{
	const struct state_entry entry = { .list = record->list,
					   .action = record->action,
					   .prefix = record->prefix,
					   .reason = record->reason,
					   .author = record->author,
					   .added_at_sec = record->added_at_sec,
					   .expires_at_sec = record->expires_at_sec,
					   .scope = record->scope };
	bool says = false;
	int err = fleet_says(engine, record, &says);

	if (err || says || protections_have_own(engine->protections, record->list, &record->prefix))
		return err;
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = true;
	return err ? err : manual_put(batch, &entry);
}

static int return_protection(struct engine *engine, struct manual_batch *batch,
			     const struct fleet_record *record)
{
	const struct history_record of_batch = batch->record;
	const struct state_entry entry = { .list = record->list,
					   .action = record->action,
					   .prefix = record->prefix,
					   .reason = record->reason,
					   .author = record->author,
					   .added_at_sec = record->added_at_sec,
					   .scope = record->scope };
	struct finding finding = { 0 };
	int err;

	if (protections_have_own(engine->protections, record->list, &record->prefix))
		return 0;
	err = state_find(engine->state, record->list, &record->prefix, note_found, &finding);
	if (err || (finding.is_found && finding.action != record->action))
		return err;
	err = begin_batch(batch);
	if (err)
		return err;
	engine->fleet->is_manual_stale = true;
	batch->record.author = record->author;
	batch->record.reason = record->reason;
	batch->record.at_sec = record->added_at_sec;
	err = manual_protect(batch, record->list, record->action, &record->prefix,
			     finding.is_found ? NULL : &entry);
	batch->record.author = of_batch.author;
	batch->record.reason = of_batch.reason;
	batch->record.at_sec = of_batch.at_sec;
	return err;
}

static int return_learned(struct engine *engine, struct manual_batch *batch,
			  const struct fleet_record *record)
{
	const struct learned_entry entry = { .prefix = record->prefix,
					     .rule = record->author,
					     .why = record->reason,
					     .added_at_sec = record->added_at_sec };
	bool is_found = false;
	int err;

	if (!record->author || !fleet_has_learned(engine, record->list))
		return 0;
	err = learned_entry_find(engine->state, &record->prefix, note_learned, &is_found);
	if (err || is_found)
		return err;
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = engine->learning->needs_follow = true;
	return err ? err : learned_entry_put(batch, record->list, &entry);
}

/* This host ended it before it was restored from a backup. */
static int withdraw_protection(struct engine *engine, struct manual_batch *batch,
			       const struct fleet_record *record)
{
	int err;

	if (!protections_have_own(engine->protections, record->list, &record->prefix))
		return 0;
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = true;
	return err ? err : manual_unprotect(batch, record->list, record->action, &record->prefix);
}

/* This host has said something else than that a person has added an entry, and lost it. */
static int follow_other(struct engine *engine, struct manual_batch *batch,
			const struct fleet_record *record)
{
	const struct fleet_record *said =
	    fleet_said_of(engine, record->list, &record->prefix, record->kind);
	const bool is_live =
	    said && fleet_replica_is_live(engine->fleet->replica, said, time_now_ms());

	if (!said || !fleet_publishes(engine, record->kind))
		return 0;
	if (record->kind == FLEET_LEARNED)
		return is_live ? return_learned(engine, batch, said) : 0;
	return is_live ? return_protection(engine, batch, said)
		       : withdraw_protection(engine, batch, said);
}

int fleet_end_learned(struct engine *engine, struct manual_batch *batch, const char *list,
		      const struct prefix *prefix)
{
	bool is_found = false;
	int err = fleet_has_learned(engine, list)
		      ? learned_entry_find(engine->state, prefix, note_learned, &is_found)
		      : 0;

	if (err || !is_found)
		return err;
	err = begin_batch(batch);
	/* Its row is barred by learned_follow.c. */
	engine->fleet->is_manual_stale = engine->learning->needs_follow = true;
	return err ? err : learned_entry_delete(batch, list, prefix);
}

/* Another host has removed what this one has learned. */
static int remove_learned(struct engine *engine, struct manual_batch *batch,
			  const struct fleet_record *record)
{
	const struct fleet_record *said =
	    fleet_said_of(engine, record->list, &record->prefix, FLEET_LEARNED);

	if (!said || said->op != FLEET_ADD || said->action != record->action ||
	    fleet_replica_is_live(engine->fleet->replica, said, time_now_ms()) ||
	    protections_have(engine->protections, record->list, &record->prefix))
		return 0;
	return fleet_end_learned(engine, batch, record->list, &record->prefix);
}

/* A protected entry stays, and this host says so again. */
static int remove_entry(struct engine *engine, struct manual_batch *batch,
			const struct fleet_record *record, const struct finding *finding)
{
	int err;

	if (protections_have(engine->protections, record->list, &record->prefix))
		return fleet_mark_put(engine->state, record->list, &record->prefix);
	err = begin_batch(batch);
	engine->fleet->is_manual_stale = true;
	return err ? err : manual_delete(batch, record->list, finding->action, &record->prefix);
}

int fleet_follow(struct engine *engine, struct manual_batch *batch,
		 const struct fleet_record *record)
{
	const struct fleet_replica *replica = engine->fleet->replica;
	const bool is_own = !strcmp(record->origin, fleet_replica_self(replica));
	const struct fleet_record *said;
	struct finding finding = { 0 };
	int err;

	if (record->kind == FLEET_EVIDENCE) {
		fleet_evidence_touch(engine, record);
		return 0;
	}
	engine->fleet->are_protections_stale |= record->kind == FLEET_PROTECTIONS;
	if (!is_own && record->op != FLEET_DEL)
		return 0;
	if (is_own && record->kind != FLEET_MANUAL)
		return follow_other(engine, batch, record);
	err = record->op == FLEET_DEL ? remove_learned(engine, batch, record) : 0;
	if (err)
		return err;
	said = fleet_said_of(engine, record->list, &record->prefix, FLEET_MANUAL);
	if (!said || !fleet_publishes(engine, FLEET_MANUAL))
		return 0;
	err = state_find(engine->state, record->list, &record->prefix, note_found, &finding);
	if (err || finding.is_local)
		return err;
	if (fleet_replica_is_live(replica, said, time_now_ms()))
		return is_own ? return_entry(engine, batch, said) : 0;
	/* One that has expired is deleted by whoever deletes what has. */
	if (said->op == FLEET_ADD && said->expires_at_sec && said->expires_at_sec <= time_now_sec())
		return 0;
	if (!finding.is_found)
		return fleet_mark_put(engine->state, record->list, &record->prefix);
	if (finding.action != said->action)
		return 0;
	return remove_entry(engine, batch, record, &finding);
}
