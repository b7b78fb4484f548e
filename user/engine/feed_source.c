/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds as an entry source: their copies are merged in at start and reload, from memory or
 * disk. New copies are for feeds.c. */
#include "engine/feed_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/source.h"
#include "feeds/store.h"

#define SUSPENDED_BY_FEED "the stored copy of "

static const struct stored_feed *find_lost(struct feed_store *const stores[FEED_KIND_COUNT])
{
	const struct stored_feed *lost = NULL;

	for (int kind = 0; kind < FEED_KIND_COUNT && !lost; kind++)
		lost = feed_store_find_lost(stores[kind]);
	return lost;
}

/* At the start nothing else is known of the senders that a damaged copy had. */
static int feed_source_lost(const struct engine *engine, char **ret_why)
{
	const struct stored_feed *lost = find_lost(engine->staged_feeds);

	*ret_why = NULL;
	if (!lost || engine->current)
		return 0;
	if (asprintf(ret_why, SUSPENDED_BY_FEED "%s %s is damaged (%s)",
		     feed_kinds[lost->config->kind].word, lost->config->name, lost->trouble) >= 0)
		return 0;
	*ret_why = NULL;
	return -ENOMEM;
}

/* Read the feeds of a snapshot. Return: 0 or -ENOMEM. */
static int stage_feeds(struct engine *engine, const struct snapshot *next, bool rereads,
		       struct lines *warnings)
{
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++) {
		engine->staged_feeds[kind] = feed_store_load(
		    (enum feed_kind)kind, next, engine->feeds[kind], rereads, warnings);
		if (!engine->staged_feeds[kind])
			return -ENOMEM;
	}
	return 0;
}

static int fill_staged(const struct engine *engine, struct policy *policy)
{
	int err = 0;

	for (int kind = 0; kind < FEED_KIND_COUNT && !err; kind++)
		err = feed_store_fill(engine->staged_feeds[kind], policy, NULL, NULL);
	return err;
}

static int feed_source_read(struct engine *engine, struct source_reading *reading)
{
	return stage_feeds(engine, reading->next, false, reading->warnings);
}

static int feed_source_fill(struct engine *engine, struct source_reading *reading)
{
	return fill_staged(engine, reading->next->policy);
}

static void feed_source_settle(struct engine *engine, bool is_in_force)
{
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++) {
		if (is_in_force) {
			feed_store_free(engine->feeds[kind]);
			engine->feeds[kind] = engine->staged_feeds[kind];
		} else {
			feed_store_free(engine->staged_feeds[kind]);
		}
		engine->staged_feeds[kind] = NULL;
	}
	engine->learning->are_covers_old = true;
}

static int feed_source_report(const struct engine *engine, struct source_reports *ret_reports)
{
	int err = 0;

	for (int kind = 0; kind < FEED_KIND_COUNT && !err; kind++)
		err = feed_store_report(engine->feeds[kind], &ret_reports->feeds[kind]);
	return err;
}

int feed_source_reread(struct engine *engine, struct snapshot *next)
{
	struct lines warnings = { 0 };
	int err = stage_feeds(engine, next, true, &warnings);

	for (size_t i = 0; i < warnings.count; i++)
		log_warning("feeds", "%s", warnings.items[i]);
	lines_done(&warnings);
	return err ? err : fill_staged(engine, next->policy);
}

const struct entry_source feed_source = {
	.read = feed_source_read,
	.fill = feed_source_fill,
	.lost = feed_source_lost,
	.settle = feed_source_settle,
	.report = feed_source_report,
};

void feed_source_resume(const struct engine *engine, const struct stored_feed *feed,
			struct snapshot *next)
{
	const struct stored_feed *lost = find_lost(engine->feeds);

	if (!next->suspension || (lost && lost != feed) ||
	    strncmp(next->suspension, SUSPENDED_BY_FEED, strlen(SUSPENDED_BY_FEED)) != 0)
		return;
	free(next->suspension);
	next->suspension = NULL;
}
