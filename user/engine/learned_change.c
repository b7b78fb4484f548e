/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of learned addresses. The rows are written first, but committed last: what is in
 * force (state.db and the kernel) is committed in between. If the last commit fails, the rows
 * follow later (learned_follow.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/fleet_internal.h"
#include "engine/guard.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/records.h"
#include "store/learned_entries.h"
#include "store/learned_rows.h"

#define REASON_BYTES (2 * EVIDENCE_DOMAIN_BYTES + 32)

static bool is_added(const struct learned_change *change)
{
	return learn_state_is_in_force(change->to.state) &&
	       !learn_state_is_in_force(change->was.state);
}

static bool is_removed(const struct learned_change *change)
{
	return learn_state_is_in_force(change->was.state) &&
	       !learn_state_is_in_force(change->to.state);
}

/* ---- rows --------------------------------------------------------------------------- */

static int write_row(struct engine *engine, const struct learned_change *change)
{
	struct evidence_store *store = engine->learning->store;
	const struct learned *to = &change->to;
	int err = evidence_clear_touched(store, &to->prefix);

	if (!err && change->forgets)
		err = evidence_forget(store, &to->prefix);
	/* The review takes back what was said of it to the fleet. */
	if (!err && change->forgets && engine->fleet->replica)
		err = evidence_touch(store, &to->prefix);
	if (err)
		return err;
	if (to->state != LEARN_NONE)
		return learned_row_put(
		    store, to, learn_due_sec(to, learning_settings(engine), learning_now(engine)));
	return change->was.state == LEARN_NONE ? 0 : learned_row_delete(store, &to->prefix);
}

static int write_rows(struct engine *engine, const struct learned_change *changes, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = write_row(engine, &changes[i]);
	return err;
}

/* What the history says of a change that is made because of reverse names. NULL: nothing. */
static const char *name_reason(const struct learned_change *changes, size_t count,
			       char text[REASON_BYTES])
{
	const struct learned_change *first = NULL;
	size_t removed = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_removed(&changes[i]))
			continue;
		if (changes[i].to.cause != LEARN_BY_NAME)
			return NULL;
		if (!removed++)
			first = &changes[i];
	}
	if (!first)
		return NULL;
	if (removed > 1)
		return "reverse names of other organisations";
	snprintf(text, REASON_BYTES, "reverse name of %s, not of %s", first->to.organisation,
		 first->was.organisation);
	return text;
}

/* ---- what is in force ------------------------------------------------------------------ */

static int put_entries(struct engine *engine, struct manual_batch *batch,
		       const struct learned_change *changes, size_t count)
{
	const char *list = learning_settings(engine)->list;
	int err = manual_begin(batch);

	for (size_t i = 0; i < count && !err; i++) {
		const struct learned *to = &changes[i].to;
		const struct learned_entry entry = { .prefix = to->prefix,
						     .rule = learn_rule_names[to->rule],
						     .why = to->why,
						     .added_at_sec = to->added_sec };

		if (is_added(&changes[i]))
			err = learned_entry_put(batch, list, &entry);
		else if (is_removed(&changes[i]))
			err = learned_entry_delete(batch, list, &to->prefix);
	}
	return err;
}

/* The snapshot with the learned entries of the open transaction. NULL: @error says why. */
static struct snapshot *next_snapshot(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	struct entry_set *set = NULL;
	int err = next ? learned_source_read_set(engine, next->config, &set) : -ENOMEM;

	if (!err) {
		learned_source_give(next->config, next->policy, set);
		return next;
	}
	snprintf(error, DATAPATH_ERROR_BYTES, "%s",
		 err == -EIO && state_error(engine->state) ? state_error(engine->state)
							   : strerror(-err));
	snapshot_unref(next);
	return NULL;
}

/* The guard looks at what learning removes by itself. */
static int switch_entries(struct engine *engine, bool is_guarded, char **ret_held,
			  char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = next_snapshot(engine, error);
	int err = next ? 0 : -EIO;

	if (!err && is_guarded && engine_guard(engine, next, ret_held, NULL)) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
		err = -ENOMEM;
	}
	if (!err && *ret_held)
		err = -EAGAIN;
	if (!err)
		err = engine_switch(engine, next, true, error);
	snapshot_unref(next);
	return err;
}

/* Return: 0; -EAGAIN: held by the guard; -errno: @error says why. Then nothing has changed. */
static int change_force(struct engine *engine, const struct deed *by,
			const struct learned_change *changes, size_t count, char **ret_held,
			char error[DATAPATH_ERROR_BYTES])
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_LEARNED) };
	char reason[REASON_BYTES];
	size_t added = 0, removed = 0;
	int err;

	if (!by)
		batch.record.reason = name_reason(changes, count, reason);
	for (size_t i = 0; i < count; i++) {
		added += is_added(&changes[i]);
		removed += is_removed(&changes[i]);
	}
	if (!added && !removed)
		return 0;
	if (put_entries(engine, &batch, changes, count)) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 state_error(engine->state) ? state_error(engine->state)
						    : strerror(ENOMEM));
		state_rollback(engine->state);
		return -EIO;
	}
	err = switch_entries(engine, removed && !by, ret_held, error);
	if (err)
		state_rollback(engine->state);
	return err;
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* Removals that the guard holds are tried again on the next day. */
static void hold_removals(struct learned_change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_removed(&changes[i]))
			continue;
		changes[i].to = changes[i].was;
		changes[i].to.is_held = true;
		changes[i].notice = LEARN_NO_NOTICE;
	}
}

static void count_removals(struct learning *learning, const struct learned_change *changes,
			   size_t count)
{
	pthread_mutex_lock(&learning->lock);
	for (size_t i = 0; i < count; i++)
		learning->counters.removals[changes[i].to.cause] += is_removed(&changes[i]);
	pthread_mutex_unlock(&learning->lock);
}

static int try_change(struct engine *engine, const struct deed *by, struct learned_change *changes,
		      size_t count, char **ret_held, struct refusal *refusal)
{
	struct evidence_store *store = engine->learning->store;
	char error[DATAPATH_ERROR_BYTES];
	int err = write_rows(engine, changes, count);

	if (err) {
		evidence_rollback(store);
		return learning_refuse_failed(engine, refusal);
	}
	err = change_force(engine, by, changes, count, ret_held, error);
	if (err) {
		evidence_rollback(store);
		return err == -EAGAIN ? err
				      : refusal_set(refusal, OUTCOME_INTERNAL,
						    "%s; nothing has changed", error);
	}
	if (evidence_commit(store)) {
		engine->learning->needs_follow = true;
		log_error("learn", "%s; the life cycle of addresses follows later",
			  evidence_error(store) ? evidence_error(store) : "learn.db fails");
	}
	count_removals(engine->learning, changes, count);
	return 0;
}

int learning_change(struct engine *engine, const struct deed *by, struct learned_change *changes,
		    size_t count, char **ret_held, struct refusal *refusal)
{
	char *again = NULL;
	int err;

	*ret_held = NULL;
	err = try_change(engine, by, changes, count, ret_held, refusal);
	if (err != -EAGAIN)
		return err;
	hold_removals(changes, count);
	return try_change(engine, by, changes, count, &again, refusal);
}
