/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the replica, by records that come and by people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/entries.h"
#include "engine/fleet_internal.h"
#include "engine/learning.h"
#include "engine/records.h"

#define MARKS_AT_ONCE 10000

/* Write records for all marks, before anything is compared with what comes from others. */
static int write_all_marked(struct engine *engine)
{
	size_t count = MARKS_AT_ONCE;
	int err = 0;

	while (!err && count == MARKS_AT_ONCE)
		err = fleet_write_marked(engine, MARKS_AT_ONCE, &count);
	return err;
}

static int put_in_force(struct engine *engine, struct manual_batch *batch, struct refusal *refusal)
{
	char error[DATAPATH_ERROR_BYTES];
	int err = fleet_put_in_force(engine, batch, error);

	return err ? fleet_fail(engine, err, error, refusal) : 0;
}

/* ---- publish --------------------------------------------------------------------------- */

int engine_fleet_publish(struct engine *engine, struct fleet_records *ret_records, bool *ret_is_all,
			 struct refusal *refusal)
{
	struct engine_fleet *fleet = engine->fleet;
	size_t count = 0;
	int err;

	if (!fleet_ready(engine, refusal))
		return -ECANCELED;
	err = fleet_write_marked(engine, MARKS_AT_ONCE, &count);
	if (!err && count)
		err = state_commit(engine->state);
	if (err)
		return fleet_fail(engine, err, NULL, refusal);
	*ret_records = fleet->written;
	fleet->written = (struct fleet_records) { 0 };
	*ret_is_all = count < MARKS_AT_ONCE;
	return 0;
}

/* ---- take ------------------------------------------------------------------------------ */

/* Those that this host believes. NULL: out of memory. */
static const struct fleet_record **believed_of(const struct engine *engine,
					       const struct fleet_record *const records[],
					       size_t count, size_t *ret_count)
{
	const struct fleet_record **believed = calloc(count + 1, sizeof(struct fleet_record *));
	const char *self = fleet_replica_self(engine->fleet->replica);

	*ret_count = 0;
	for (size_t i = 0; believed && i < count; i++)
		if (!strcmp(records[i]->origin, self) ||
		    fleet_settings_believe(fleet_settings_of(engine), records[i]->origin))
			believed[(*ret_count)++] = records[i];
	return believed;
}

/* The only host that has said something; NULL: several have, or nobody. */
static const char *only_origin(const struct fleet_record *const records[], size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (strcmp(records[i]->origin, records[0]->origin) != 0)
			return NULL;
	return count ? records[0]->origin : NULL;
}

static int take_believed(struct engine *engine, const struct fleet_record *const records[],
			 size_t count, struct manual_batch *batch, struct fleet_taking *taking)
{
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	int err = state_begin(engine->state);

	if (!err)
		err = write_all_marked(engine);
	if (!err)
		err = fleet_replica_take(engine->fleet->replica, &keeper, records, count,
					 &engine->current->config->guard, time_now_ms(), taking);
	for (size_t i = 0; i < count && !err; i++)
		err = fleet_follow(engine, batch, records[i]);
	/* What this host keeps, because it is protected, it says again. */
	return err ? err : write_all_marked(engine);
}

int engine_fleet_take(struct engine *engine, const struct fleet_record *const records[],
		      size_t count, bool is_last, struct fleet_taking *ret_taking,
		      struct refusal *refusal)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(NULL, HISTORY_FLEET) };
	struct engine_fleet *fleet = engine->fleet;
	struct fleet_taking taking = { 0 };
	const struct fleet_record **believed;
	size_t believed_count;
	int err;

	if (!fleet_ready(engine, refusal))
		return -ECANCELED;
	believed = believed_of(engine, records, count, &believed_count);
	if (!believed)
		return refusal_set_memory(refusal);
	batch.record.author = only_origin(believed, believed_count);
	batch.record.reason = believed_count == 1 ? believed[0]->reason : NULL;
	err = take_believed(engine, believed, believed_count, &batch, &taking);
	if (!err && !is_last)
		err = state_commit(engine->state);
	if (err)
		err = fleet_fail(engine, err, NULL, refusal);
	else if (is_last)
		err = put_in_force(engine, &batch, refusal);
	free(believed);
	if (taking.evidence_count && engine->learning->store) {
		if (err || evidence_commit(engine->learning->store))
			evidence_rollback(engine->learning->store);
	}
	if (taking.full_count && !err && !fleet->is_full_told) {
		fleet->is_full_told = true;
		log_warning("fleet", "a host has said more of what it has seen than is taken: "
				     "`ipwlctl fleet' shows which");
	}
	if (!err)
		*ret_taking = taking;
	return err;
}

/* ---- what is held --------------------------------------------------------------------------- */

struct holding {
	const char *host; /* NULL: all */
	struct fleet_records records;
};

static int note_held(const struct fleet_record *record, bool is_held, void *context)
{
	struct holding *holding = context;

	if (!is_held || (holding->host && strcmp(record->origin, holding->host) != 0))
		return 0;
	return fleet_records_add(&holding->records, record);
}

static int accept_all(struct engine *engine, const struct fleet_records *held,
		      struct manual_batch *batch)
{
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	int err = state_begin(engine->state);

	if (!err)
		err = write_all_marked(engine);
	for (size_t i = 0; i < held->count && !err; i++)
		err = fleet_replica_accept(engine->fleet->replica, &keeper, held->items[i]->origin,
					   time_now_ms());
	for (size_t i = 0; i < held->count && !err; i++)
		err = fleet_follow(engine, batch, held->items[i]);
	return err ? err : write_all_marked(engine);
}

int engine_fleet_accept(struct engine *engine, const struct deed *by, const char *host,
			size_t *ret_count, struct refusal *refusal)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_FLEET) };
	struct holding holding = { .host = host };
	int err;

	if (!fleet_ready(engine, refusal))
		return -ECANCELED;
	err = fleet_replica_walk(engine->fleet->replica, note_held, &holding);
	if (err) {
		err = refusal_set_memory(refusal);
	} else if (!holding.records.count) {
		err = refusal_set(refusal, OUTCOME_NOT_FOUND, "no removals are held%s%s",
				  host ? " of " : "", host ? host : "");
	} else {
		batch.record.origin = host;
		err = accept_all(engine, &holding.records, &batch);
		err = err ? fleet_fail(engine, err, NULL, refusal)
			  : put_in_force(engine, &batch, refusal);
	}
	if (!err)
		*ret_count = holding.records.count;
	fleet_records_done(&holding.records);
	return err;
}

/* ---- what is forgotten ------------------------------------------------------------------------
 */

struct forgotten {
	struct engine *engine;
	size_t count;
};

/* What was learned of its evidence goes, if at all, by the life cycle of what is learned. */
static int count_forgotten(const struct fleet_record *record, void *context)
{
	struct forgotten *forgotten = context;

	fleet_evidence_touch(forgotten->engine, record);
	forgotten->count++;
	return 0;
}

int engine_fleet_forget(struct engine *engine, const struct deed *by, const char *host,
			size_t *ret_count, struct refusal *refusal)
{
	struct fleet_replica *replica = fleet_ready(engine, refusal);
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_FLEET) };
	struct forgotten forgotten = { .engine = engine };
	int err;

	if (!replica)
		return -ECANCELED;
	if (!strcmp(host, fleet_replica_self(replica)))
		return refusal_set(refusal, OUTCOME_INVALID,
				   "%s is this host: `ipwlctl del' deletes its entries", host);
	batch.record.origin = host;
	engine->fleet->are_protections_stale = true;
	err = fleet_replica_forget(replica, &keeper, host, time_now_ms(), count_forgotten,
				   &forgotten);
	if (err)
		return fleet_fail(engine, err, NULL, refusal);
	if (!forgotten.count)
		return refusal_set(refusal, OUTCOME_NOT_FOUND, "nothing is known of %s", host);
	err = put_in_force(engine, &batch, refusal);
	if (engine->learning->store && evidence_commit(engine->learning->store))
		evidence_rollback(engine->learning->store);
	if (!err)
		*ret_count = forgotten.count;
	return err;
}

int engine_fleet_prune(struct engine *engine, struct refusal *refusal)
{
	struct fleet_replica *replica = fleet_ready(engine, refusal);
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	struct forgotten forgotten = { .engine = engine };
	int err;

	if (!replica)
		return -ECANCELED;
	err = fleet_replica_forget(replica, &keeper, NULL, time_now_ms(), count_forgotten,
				   &forgotten);
	if (!err)
		err = fleet_members_prune(engine->state, &engine->fleet->member,
					  time_now_ms() - FLEET_KEEP_MS);
	if (!err)
		err = state_commit(engine->state);
	if (engine->learning->store && evidence_commit(engine->learning->store))
		evidence_rollback(engine->learning->store);
	return err ? fleet_fail(engine, err, NULL, refusal) : 0;
}

/* ---- delete -------------------------------------------------------------------------------------
 */

/* Whether any host lists the prefix, here or elsewhere. */
static bool is_listed(const struct engine *engine, const char *list, const struct prefix *prefix)
{
	const struct fleet_replica *replica = engine->fleet->replica;

	for (size_t i = 0; i < FLEET_KIND_COUNT * fleet_replica_origin_count(replica); i++) {
		const struct fleet_record *record;
		struct fleet_origin origin;

		fleet_replica_get_origin(replica, i / FLEET_KIND_COUNT, &origin);
		record = fleet_replica_find(replica, origin.name, list, prefix,
					    (enum fleet_kind)(i % FLEET_KIND_COUNT));
		if (record && fleet_replica_is_live(replica, record, time_now_ms()))
			return true;
	}
	return false;
}

static int delete_check(const struct engine *engine, const struct list *list,
			const struct entry_change *change, struct refusal *refusal)
{
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < change->prefix_count; i++)
		if (!engine_find_manual(list, &change->prefixes[i]) &&
		    !is_listed(engine, list->name, &change->prefixes[i]))
			return refusal_set(refusal, OUTCOME_NOT_FOUND,
					   "no host has added %s to list \"%s\"",
					   prefix_format(&change->prefixes[i], text), list->name);
	return engine_refuse_protected(engine, change, refusal)
		   ? -ECANCELED
		   : engine_refuse_deletions(engine, list, change, refusal);
}

static int delete_everywhere(struct engine *engine, struct manual_batch *batch,
			     const struct list *list, const struct prefix *prefix)
{
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	struct engine_fleet *fleet = engine->fleet;
	const struct fleet_record tombstone = { .list = list->name,
						.prefix = *prefix,
						.kind = FLEET_MANUAL,
						.op = FLEET_DEL,
						.action = list->action,
						.added_at_sec = batch->record.at_sec,
						.reason = batch->record.reason };
	int err = engine_find_manual(list, prefix)
		      ? manual_delete(batch, list->name, list->action, prefix)
		      : 0;

	if (!err)
		err = fleet_end_learned(engine, batch, list->name, prefix);
	if (!err)
		err = fleet_replica_write(fleet->replica, &keeper, &tombstone, time_now_ms());
	return err ? err
		   : fleet_records_add(&fleet->written,
				       fleet_replica_find(fleet->replica,
							  fleet_replica_self(fleet->replica),
							  list->name, prefix, FLEET_MANUAL));
}

int engine_fleet_delete(struct engine *engine, const struct deed *by,
			const struct entry_change *change, struct refusal *refusal)
{
	const struct list *list =
	    fleet_ready(engine, refusal) ? engine_find_list(engine, change->list, refusal) : NULL;
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_DELETE) };
	const bool is_allow = list && list->action == ACTION_ALLOW;
	int err;

	if (!list || delete_check(engine, list, change, refusal))
		return -ECANCELED;
	err = manual_begin(&batch);
	if (!err)
		err = write_all_marked(engine);
	for (size_t i = 0; i < change->prefix_count && !err; i++)
		err = delete_everywhere(engine, &batch, list, &change->prefixes[i]);
	if (err)
		return fleet_fail(engine, err, NULL, refusal);
	engine->fleet->is_manual_stale = true;
	err = put_in_force(engine, &batch, refusal);
	if (!err && is_allow)
		engine_count_deletions(engine, change);
	return err;
}

/* ---- hosts --------------------------------------------------------------------------------------
 */

static int compare_hosts(const void *a, const void *b)
{
	return strcmp(((const struct fleet_host *)a)->name, ((const struct fleet_host *)b)->name);
}

int engine_fleet_hosts(struct engine *engine, struct fleet_host **ret_hosts, size_t *ret_count,
		       struct refusal *refusal)
{
	const struct fleet_replica *replica = fleet_ready(engine, refusal);
	const size_t count = replica ? fleet_replica_origin_count(replica) : 0;
	struct fleet_host *hosts;

	if (!replica)
		return -ECANCELED;
	hosts = calloc(count + 1, sizeof(*hosts));
	if (!hosts)
		return refusal_set_memory(refusal);
	for (size_t i = 0; i < count; i++) {
		struct fleet_origin origin;

		fleet_replica_get_origin(replica, i, &origin);
		strncpy(hosts[i].name, origin.name, sizeof(hosts[i].name) - 1);
		hosts[i].is_self = !strcmp(origin.name, fleet_replica_self(replica));
		hosts[i].count = origin.count;
		hosts[i].held_count = origin.held_count;
		hosts[i].evidence_count = origin.evidence_count;
		hosts[i].is_full = origin.evidence_count >= FLEET_EVIDENCE_MAX;
		hosts[i].digest = origin.digest;
		hosts[i].said_at_ms = fleet_version_ms(origin.version);
	}
	qsort(hosts, count, sizeof(*hosts), compare_hosts);
	*ret_hosts = hosts;
	*ret_count = count;
	return 0;
}
