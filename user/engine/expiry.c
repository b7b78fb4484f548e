/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries whose time has come, of whatever source; runtime/expiry.c knows when. */
#include "engine/expiry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/feed_source.h"
#include "engine/fleet.h"
#include "engine/internal.h"
#include "engine/protected.h"
#include "engine/source.h"
#include "store/manual.h"
#include "store/rescued.h"

/* @set: NULL: none. */
static int set_drop_expired(struct entry_set **set, int64_t now_sec)
{
	struct entry_set *old = *set, *unexpired;

	if (!old || !old->first_expiry_sec || old->first_expiry_sec > now_sec)
		return 0;
	unexpired = entry_set_unexpired(old, now_sec);
	if (!unexpired)
		return -ENOMEM;
	*set = unexpired;
	entry_set_unref(old);
	return 0;
}

/* A clock that was ahead by no more than this had nothing expire that matters. */
#define STEP_SEC 2

static int drop_expired(struct snapshot *next, int64_t now_sec)
{
	for (size_t i = 0; i < next->policy->list_count * SOURCE_COUNT; i++) {
		struct list *list = &next->policy->lists[i / SOURCE_COUNT];
		int err = set_drop_expired(&list->sets[i % SOURCE_COUNT], now_sec);

		if (!err)
			err = set_drop_expired(&list->overruled[i % SOURCE_COUNT], now_sec);
		if (err)
			return err;
	}
	return 0;
}

void engine_forget_expired(struct engine *engine)
{
	if (!state_error(engine->state) && (manual_expire(engine->state, time_now_sec()) ||
					    rescued_expire(engine->state, time_now_sec())))
		log_warning("state", "%s", state_error(engine->state));
}

static void log_returned(size_t count, bool is_failed, const char *why)
{
	if (is_failed)
		log_warning("state",
			    "entries that expired while the clock was ahead are not back: %s", why);
	else if (count)
		log_warning("state",
			    "the clock was ahead: entries that expired meanwhile are back: %zu",
			    count);
}

void engine_return_expired(struct engine *engine)
{
	size_t count = 0;
	int err;

	if (state_error(engine->state))
		return;
	err = manual_return(engine->state, time_now_sec(), &count);
	if (!err && count)
		err = state_commit(engine->state);
	log_returned(count, err, err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
}

/* The same while a snapshot is in force. */
static int return_to_force(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	size_t count = 0;
	int err;

	if (state_error(engine->state))
		return 0;
	err = manual_return(engine->state, time_now_sec(), &count);
	/* Some may be there still: out of force, but not off a disk that was full. */
	if (!err && !count)
		err = state_begin(engine->state);
	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
	else
		err = engine_switch_manual(engine, error);
	log_returned(count, err, error);
	return err;
}

static bool has_expired(const struct snapshot *snapshot)
{
	return snapshot->next_expiry_sec && snapshot->next_expiry_sec <= time_now_sec();
}

/* Give @next what has not expired, of feeds and of the fleet also what had by a clock that was
 * ahead. */
static int fill_unexpired(struct engine *engine, struct snapshot *next, bool was_set_back,
			  bool rereads_feeds)
{
	int err = next ? 0 : -ENOMEM;

	if (!err && rereads_feeds)
		err = feed_source_reread(engine, next);
	if (!err && was_set_back)
		err = engine_fleet_reread(engine, next);
	if (!err)
		err = drop_expired(next, time_now_sec());
	if (!err && was_set_back)
		err = protected_overrule(engine->protections, next->policy);
	return err;
}

static int switch_unexpired(struct engine *engine, bool was_set_back, bool rereads_feeds,
			    char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	int err = fill_unexpired(engine, next, was_set_back, rereads_feeds);

	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
	else
		err = engine_switch(engine, next, false, error);
	if (rereads_feeds)
		feed_source.settle(engine, !err);
	snapshot_unref(next);
	return err;
}

int engine_expire(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	const int64_t now_sec = time_now_sec();
	const bool was_set_back = now_sec + STEP_SEC < engine->expiry_looked_at_sec;
	const bool rereads_feeds = was_set_back && config_has_feeds(engine->current->config);
	int err = was_set_back ? return_to_force(engine, error) : 0;

	if (!err && (rereads_feeds || (was_set_back && engine_fleet_replica(engine)) ||
		     has_expired(engine->current)))
		err = switch_unexpired(engine, was_set_back, rereads_feeds, error);
	if (err)
		return err;
	engine->expiry_looked_at_sec = now_sec;
	engine_forget_expired(engine);
	return 0;
}
