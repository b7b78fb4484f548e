/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes attempts and keeps seen.db working. */
#include "engine/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "core/effective.h"
#include "datapath/events.h"
#include "engine/internal.h"
#include "engine/seen_internal.h"

#define NSEC_PER_SEC 1000000000LL
#define START_TRIES 1000

struct seen *seen_new(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return NULL;
	pthread_mutex_init(&seen->lock, NULL);
	seen->journal = seen_journal_new();
	if (!seen->journal) {
		seen_free(seen);
		return NULL;
	}
	return seen;
}

void seen_free(struct seen *seen)
{
	if (!seen)
		return;
	seen_close(seen->store);
	seen_journal_free(seen->journal);
	pthread_mutex_destroy(&seen->lock);
	free(seen);
}

static const struct seen_settings *seen_settings(const struct engine *engine)
{
	return &engine->current->config->seen;
}

const char *engine_seen_error(const struct engine *engine)
{
	return engine->seen->store ? seen_error(engine->seen->store) : NULL;
}

void seen_read_counters(struct seen *seen, struct seen_counters *ret_counters)
{
	pthread_mutex_lock(&seen->lock);
	*ret_counters = seen->counters;
	pthread_mutex_unlock(&seen->lock);
}

static void publish_counters(struct seen *seen)
{
	struct seen_counters counters = { .is_failing = seen->is_failing, .noted = seen->noted };

	seen_journal_counts(seen->journal, &counters.told_lines, &counters.untold);
	if (seen->store) {
		counters.row_count = seen_row_count(seen->store);
		counters.waiting = seen_waiting_count(seen->store);
		seen_read_left_out(seen->store, 0, &counters.left_out);
	}
	pthread_mutex_lock(&seen->lock);
	seen->counters = counters;
	pthread_mutex_unlock(&seen->lock);
}

/* ---- seen.db ------------------------------------------------------------------ */

/* Say once that it begins to fail, and once that it works again. */
static void report(struct seen *seen, int err)
{
	const char *error = err && seen->store ? seen_error(seen->store) : NULL;

	if (err && !seen->is_failing)
		log_warning("seen", "%s; attempts are not stored until this is fixed",
			    error ? error : strerror(-err));
	else if (!err && seen->is_failing)
		log_info("seen", "attempts are stored again");
	seen->is_failing = err != 0;
}

static void report_lost(char *lost)
{
	if (lost)
		log_error("seen", "%s: the attempts in it are lost", lost);
	free(lost);
}

static int read_kernel_counts(const struct engine *engine, struct seen_kernel_counts *ret_counts)
{
	struct event_counts counts;
	int err = datapath_read_event_counts(engine->datapath, &counts);

	if (err)
		return err;
	*ret_counts = (struct seen_kernel_counts) {
		.cookie = datapath_cookie(engine->datapath),
		.reported = counts.fates[IPWL_FATE_REPORTED],
		.source_limit = counts.fates[IPWL_FATE_SOURCE_LIMIT],
		.limit = counts.fates[IPWL_FATE_LIMIT],
		.ring_full = counts.fates[IPWL_FATE_RING_FULL],
	};
	return 0;
}

/* Read how many events were reported and not consumed, as of one moment: if one is reported
 * meanwhile, look again. In a flood the ring is soon full. */
static int read_start(const struct engine *engine, struct seen_kernel_counts *ret_counts,
		      uint64_t *ret_unread_count)
{
	struct seen_kernel_counts before;
	int err = 0;

	for (int i = 0; i < START_TRIES && !err; i++) {
		err = read_kernel_counts(engine, &before);
		if (!err)
			err = datapath_count_unread_events(engine->datapath, ret_unread_count);
		if (!err)
			err = read_kernel_counts(engine, ret_counts);
		if (!err && before.reported == ret_counts->reported)
			break;
	}
	return err;
}

void seen_begin(struct engine *engine, const struct config *config)
{
	struct seen *seen = engine->seen;
	struct seen_kernel_counts counts = { 0 };
	uint64_t unread_count = 0;
	char *lost = NULL;
	int err = seen_open(config->state_dir, &seen->store, &lost);

	report_lost(lost);
	if (!err)
		err = read_start(engine, &counts, &unread_count);
	if (err) {
		seen_close(seen->store);
		seen->store = NULL;
		report(seen, err);
		return;
	}
	seen_continue(seen->store, &counts, unread_count);
}

/* Say that a former process had not written all it knew, or that too much waited. */
static void report_lost_attempts(uint64_t count)
{
	if (count)
		log_warning("seen",
			    "%llu %s: ipwld ended before it could store them, or could not store "
			    "them",
			    (unsigned long long)count,
			    plural(count, "attempt is lost", "attempts are lost"));
}

static int seen_store_write(struct engine *engine)
{
	struct seen *seen = engine->seen;
	const struct seen_settings *settings = seen_settings(engine);
	struct seen_kernel_counts counts;
	struct seen_left_out before, after;
	char *lost = NULL;
	int err = seen_ready(seen->store, &lost);

	report_lost(lost);
	if (!err)
		err = read_kernel_counts(engine, &counts);
	if (err)
		return err;
	seen_read_left_out(seen->store, 0, &before);
	before.lost -= seen_lost_count(seen->store);
	err = seen_write(seen->store, &counts, settings->max_rows, time_now_sec());
	seen_read_left_out(seen->store, 0, &after);
	if (!err)
		report_lost_attempts(after.lost > before.lost ? after.lost - before.lost : 0);
	return err;
}

/* `keep: none`: what was stored is deleted, too. */
static void seen_end(struct seen *seen)
{
	if (!seen->store)
		return;
	if (seen_clear(seen->store)) {
		report(seen, -EIO);
		return;
	}
	seen_close(seen->store);
	seen->store = NULL;
	seen->is_failing = false;
}

void engine_update_seen(struct engine *engine)
{
	struct seen *seen = engine->seen;
	const bool is_stored = seen_settings(engine)->keep_sec != 0;

	if (!is_stored)
		seen_end(seen);
	else if (!seen->store)
		seen_begin(engine, engine->current->config);
	if (is_stored && seen->store)
		report(seen, seen_store_write(engine));
	seen_journal_sweep(seen->journal, seen_settings(engine)->journal_per_minute,
			   time_monotonic_sec());
	publish_counters(seen);
}

void seen_forget_old(struct engine *engine, int64_t now_sec)
{
	struct seen *seen = engine->seen;
	const int64_t keep_sec = seen_settings(engine)->keep_sec;

	if (seen->store && keep_sec)
		report(seen, seen_prune(seen->store, now_sec - keep_sec));
}

/* ---- attempts ------------------------------------------------------------------- */

struct beaten {
	uint16_t port;
	const struct list *list;
	const struct entry *entry;
};

/* The block entry that would decide without allow lists: an enforcing list comes before a
 * monitoring one, then the most specific entry, then the list named first. */
static void take_beaten(const struct list *list, const struct entry *entry, void *context)
{
	struct beaten *beaten = context;

	if (list->action != ACTION_BLOCK || !list_has_port(list, beaten->port))
		return;
	if (beaten->list && (list->is_monitor != beaten->list->is_monitor
				 ? list->is_monitor
				 : entry->prefix.len <= beaten->entry->prefix.len))
		return;
	beaten->list = list;
	beaten->entry = entry;
}

static void set_match(struct seen_match *match, const char *list, const struct prefix *entry)
{
	memcpy(match->list, list, strlen(list) + 1);
	match->has_entry = entry != NULL;
	if (entry)
		match->entry = *entry;
}

static struct seen_row row_of(const struct engine *engine, const struct attempt *attempt)
{
	const int64_t at_sec = attempt->at_ns / NSEC_PER_SEC;
	struct beaten beaten = { .port = attempt->port_to };
	struct seen_row row = {
		.source = attempt->source,
		.port = attempt->port_to,
		.verdict = attempt->verdict,
		.first_sec = at_sec,
		.last_sec = at_sec,
		.attempts = 1,
		.left_out = attempt->left_out,
	};

	set_match(&row.decided, attempt->list, attempt->has_entry ? &attempt->entry : NULL);
	if (attempt->verdict == IPWL_AVERTED)
		effective_entries(engine->current->policy, &attempt->source, NULL, take_beaten,
				  &beaten);
	if (beaten.list)
		set_match(&row.beaten, beaten.list->name, &beaten.entry->prefix);
	return row;
}

void engine_note_attempts(struct engine *engine, const struct attempt *attempts, size_t count)
{
	const struct seen_settings *settings = seen_settings(engine);
	struct seen *seen = engine->seen;
	const double now_sec = time_monotonic_sec();

	for (size_t i = 0; i < count; i++) {
		const struct seen_row row = row_of(engine, &attempts[i]);

		seen_journal_take(seen->journal, &row, settings->journal_per_minute, now_sec);
		if (seen->store && settings->keep_sec)
			seen_note(seen->store, &row);
	}
	seen->noted += count;
	engine_update_seen(engine);
}
