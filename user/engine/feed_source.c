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
#include "engine/source.h"
#include "feeds/store.h"

#define SUSPENDED_BY_FEED "the stored copy of feed "

/* At the start nothing else is known of the senders that a damaged copy had. */
static int feed_source_lost(const struct engine *engine, char **ret_why)
{
	const struct stored_feed *lost = feed_store_find_lost(engine->staged_feeds);

	*ret_why = NULL;
	if (!lost || engine->current)
		return 0;
	if (asprintf(ret_why, SUSPENDED_BY_FEED "%s is damaged (%s)", lost->config->name,
		     lost->trouble) >= 0)
		return 0;
	*ret_why = NULL;
	return -ENOMEM;
}

static int feed_source_read(struct engine *engine, struct source_reading *reading)
{
	const struct feed_store_owner owner = { reading->next->config, reading->next->policy };

	engine->staged_feeds = feed_store_load(&owner, engine->feeds, false, reading->warnings);
	return engine->staged_feeds ? 0 : -ENOMEM;
}

static int feed_source_fill(struct engine *engine, struct source_reading *reading)
{
	return feed_store_fill(engine->staged_feeds, reading->next->policy, NULL, NULL);
}

static void feed_source_settle(struct engine *engine, bool is_in_force)
{
	if (is_in_force) {
		feed_store_free(engine->feeds);
		engine->feeds = engine->staged_feeds;
	} else {
		feed_store_free(engine->staged_feeds);
	}
	engine->staged_feeds = NULL;
}

static int feed_source_report(const struct engine *engine, struct source_reports *ret_reports)
{
	return feed_store_report(engine->feeds, &ret_reports->feeds);
}

int feed_source_reread(struct engine *engine, struct snapshot *next)
{
	const struct feed_store_owner owner = { next->config, next->policy };
	struct lines warnings = { 0 };

	engine->staged_feeds = feed_store_load(&owner, engine->feeds, true, &warnings);
	for (size_t i = 0; i < warnings.count; i++)
		log_warning("feeds", "%s", warnings.items[i]);
	lines_done(&warnings);
	return engine->staged_feeds
		   ? feed_store_fill(engine->staged_feeds, next->policy, NULL, NULL)
		   : -ENOMEM;
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
	const struct stored_feed *lost = feed_store_find_lost(engine->feeds);

	if (!next->suspension || (lost && lost != feed) ||
	    strncmp(next->suspension, SUSPENDED_BY_FEED, strlen(SUSPENDED_BY_FEED)) != 0)
		return;
	free(next->suspension);
	next->suspension = NULL;
}
