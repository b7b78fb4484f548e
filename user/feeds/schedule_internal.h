/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schedule of feeds, for schedule*.c. */
#ifndef FEEDS_SCHEDULE_INTERNAL_H
#define FEEDS_SCHEDULE_INTERNAL_H

#include <event2/event.h>

#include "config/domain_set.h"
#include "feeds/process.h"
#include "feeds/schedule.h"
#include "feeds/waits.h"

struct feeds {
	enum feed_kind kind;
	const struct feed_fetcher *fetcher;
	struct event_base *base;
	struct feed_judge judge;
	struct feed_sharer sharer;   /* ask() NULL: there is none */
	const struct config *config; /* in force */
	struct feed_configs configs;
	struct domain_set *domains; /* that has them; or NULL */
	struct event *timer;
	bool is_ending;
	char *program;
	struct feed_state *items;
	size_t count;
	size_t fetch_count;
	uint64_t result_counts[FEED_RESULT_COUNT];
	struct feed_wait *waits;
};

/* The configuration of a feed; NULL: it is gone. */
const struct feed_config *feed_config_of(const struct feed_state *state);

/* Start the fetches that are due, and sleep until the next one is. */
void feeds_run(struct feeds *feeds);

#endif
