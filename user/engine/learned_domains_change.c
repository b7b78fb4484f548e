/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of partner domains: their rows in state.db, the feeds that the snapshot carries, and what
 * these have in force, together or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/guard.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/protected.h"
#include "engine/records.h"
#include "feeds/store.h"
#include "store/learned_domains.h"
#include "store/state.h"

/* A change of several domains. */
struct domains_changing {
	struct engine *engine;
	const struct deed *by; /* NULL: learning itself */
	struct learned_change *changes;
	size_t count;
	struct domain_rows rows; /* as they will be */
	char **held;
	char error[DATAPATH_ERROR_BYTES];
};

static bool is_removed(const struct learned_change *change)
{
	return learn_state_is_in_force(change->was.state) &&
	       !learn_state_is_in_force(change->to.state);
}

/* Whether other domains are fetched, or others are in force. */
static bool changes_feeds(const struct domains_changing *changing)
{
	for (size_t i = 0; i < changing->count; i++) {
		const enum learn_state was = changing->changes[i].was.state;
		const enum learn_state to = changing->changes[i].to.state;

		if (learned_domain_is_fetched(was) != learned_domain_is_fetched(to) ||
		    learn_state_is_in_force(was) != learn_state_is_in_force(to))
			return true;
	}
	return false;
}

static int make_rows(struct domains_changing *changing)
{
	const struct domain_rows before = learned_domain_rows(changing->engine);
	struct domain_rows *rows = &changing->rows;
	size_t kept = 0;

	rows->items = calloc(before.count + changing->count + 1, sizeof(*rows->items));
	if (!rows->items)
		return -ENOMEM;
	if (before.count)
		memcpy(rows->items, before.items, before.count * sizeof(*rows->items));
	rows->count = before.count;
	for (size_t i = 0; i < changing->count; i++) {
		const struct learned *to = &changing->changes[i].to;
		struct learned *row = domain_rows_find(&before, to->domain);

		if (row)
			rows->items[row - before.items] = *to;
		else
			rows->items[rows->count++] = *to;
	}
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].state != LEARN_NONE)
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
	domain_rows_sort(rows);
	return 0;
}

static int write_rows(const struct domains_changing *changing)
{
	struct state *state = changing->engine->state;
	int err = state_begin(state);

	for (size_t i = 0; i < changing->count && !err; i++) {
		const struct learned *to = &changing->changes[i].to;

		err = to->state == LEARN_NONE ? learned_domain_delete(state, to->domain)
					      : learned_domain_put(state, to);
	}
	return err;
}

/* Switch to the feeds that the rows make. @store: of these. */
static int switch_feeds(struct domains_changing *changing, struct snapshot *next,
			struct feed_store **ret_store)
{
	struct engine *engine = changing->engine;
	struct lines warnings = { 0 };
	struct feed_store *store;
	int err = domain_rows_give(&changing->rows, next);

	if (err)
		return err;
	store =
	    feed_store_load(FEED_OF_DOMAIN, next, engine->feeds[FEED_OF_DOMAIN], false, &warnings);
	for (size_t i = 0; i < warnings.count; i++)
		log_warning("learn", "%s", warnings.items[i]);
	lines_done(&warnings);
	*ret_store = store;
	err = store ? feed_store_fill(store, next->policy, NULL, NULL) : -ENOMEM;
	if (!err)
		err = protected_overrule(engine->protections, next->policy);
	if (!err && !changing->by)
		err = engine_guard(engine, next, changing->held, NULL);
	if (err)
		return err;
	return *changing->held ? -EAGAIN : engine_switch(engine, next, true, changing->error);
}

/* The history has one record for each domain whose entries come or go. */
static void record_feeds(const struct domains_changing *changing, const struct feed_store *before,
			 const struct feed_store *after)
{
	struct lines warnings = { 0 };

	for (size_t i = 0; i < changing->count; i++) {
		const struct learned_change *change = &changing->changes[i];
		const bool is_gone = is_removed(change);
		char name[EVIDENCE_DOMAIN_BYTES + sizeof(SPF_SCHEME)];
		const struct stored_feed *feed;
		size_t count;

		snprintf(name, sizeof(name), SPF_SCHEME "%s", change->to.domain);
		feed = feed_store_find(is_gone ? before : after, name);
		count = feed ? feed_entry_count(feed->set) : 0;
		if (!count || learn_state_is_in_force(change->was.state) ==
				  learn_state_is_in_force(change->to.state))
			continue;
		engine_record_feed(changing->engine, changing->by, feed->config,
				   &(struct feed_diff) { .added_count = is_gone ? 0 : count,
							 .removed_count = is_gone ? count : 0 },
				   &warnings);
	}
	for (size_t i = 0; i < warnings.count; i++)
		log_warning("learn", "%s", warnings.items[i]);
	lines_done(&warnings);
}

static void forget_copies(const struct domains_changing *changing, const char *directory)
{
	for (size_t i = 0; i < changing->count; i++) {
		char name[EVIDENCE_DOMAIN_BYTES + sizeof(SPF_SCHEME)];

		if (learned_domain_is_fetched(changing->changes[i].to.state))
			continue;
		snprintf(name, sizeof(name), SPF_SCHEME "%s", changing->changes[i].to.domain);
		if (feed_config_find(
			config_feeds(changing->engine->current->config, FEED_OF_DOMAIN), name))
			continue;
		for (int kind = 0; kind < COPY_KIND_COUNT; kind++)
			if (feed_copy_remove(directory, name, (enum copy_kind)kind))
				log_warning("learn", "cannot remove the copies of %s", name);
	}
}

static int change_feeds(struct domains_changing *changing)
{
	struct engine *engine = changing->engine;
	struct snapshot *next = snapshot_copy(engine->current);
	/* The old feeds belong to it. */
	struct snapshot *before = snapshot_ref(engine->current);
	struct feed_store *store = NULL, *old = engine->feeds[FEED_OF_DOMAIN];
	int err = next ? switch_feeds(changing, next, &store) : -ENOMEM;

	if (err) {
		feed_store_free(store);
	} else {
		engine->feeds[FEED_OF_DOMAIN] = store;
		engine->learning->are_covers_old = engine->learning->have_domains_come = true;
		record_feeds(changing, old, store);
		forget_copies(changing, store->directory);
		feed_store_free(old);
	}
	snapshot_unref(before);
	snapshot_unref(next);
	return err;
}

/* Everything is committed, or nothing is. Return: 0; -EAGAIN: held; -errno. */
static int try_change(struct domains_changing *changing)
{
	struct engine *engine = changing->engine;
	int err = make_rows(changing);

	if (!err)
		err = write_rows(changing);
	if (!err)
		err =
		    changes_feeds(changing) ? change_feeds(changing) : state_commit(engine->state);
	if (err) {
		state_rollback(engine->state);
		free(changing->rows.items);
		return err;
	}
	free(engine->learning->domains);
	engine->learning->domains = changing->rows.items;
	engine->learning->domain_count = changing->rows.count;
	return 0;
}

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

int learned_domains_change(struct engine *engine, const struct deed *by,
			   struct learned_change *changes, size_t count, char **ret_held,
			   struct refusal *refusal)
{
	struct domains_changing changing = {
		.engine = engine, .by = by, .changes = changes, .count = count, .held = ret_held
	};
	char *again = NULL;
	int err;

	*ret_held = NULL;
	err = try_change(&changing);
	if (err == -EAGAIN) {
		hold_removals(changes, count);
		changing.held = &again;
		err = try_change(&changing);
		free(again);
	}
	learned_domains_count(engine);
	if (!err)
		return 0;
	return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
			   *changing.error			       ? changing.error
			   : err == -EIO && state_error(engine->state) ? state_error(engine->state)
								       : strerror(-err));
}

/* ---- for the main loop ------------------------------------------------------------------- */

bool engine_take_domains(struct engine *engine, struct feed_reports *ret_reports)
{
	struct learning *learning = engine->learning;

	if (!learning->have_domains_come ||
	    feed_store_report(engine->feeds[FEED_OF_DOMAIN], ret_reports))
		return false;
	learning->have_domains_come = false;
	return true;
}
