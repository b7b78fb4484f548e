/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which feeds the schedule has: it follows the configuration. */
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "feeds/schedule_internal.h"
#include "feeds/timing.h"

static void feeds_on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	feeds_run(context);
}

static void feed_state_free(struct feed_state *state)
{
	if (state->process)
		state->feeds->fetch_count--;
	feed_process_stop(state->process);
	feed_report_done(&state->report);
	free(state->url);
	free(state->known_url);
	free(state->message);
	free(state->digest);
	free(state->from);
}

/* Move the state of @old to its new place, and tell its process about the new place. */
static void feed_state_inherit(struct feed_state *old, struct feed_state *state)
{
	struct feed_report report = state->report;

	feed_report_done(&old->report);
	*state = *old;
	state->report = report;
	*old = (struct feed_state) { 0 };
	if (state->process)
		feed_process_set_context(state->process, state);
}

/* Move the states of feeds that still exist. The others stay in @old. */
static void feeds_inherit(struct feeds *feeds, const struct feeds *old,
			  struct feed_reports *reports)
{
	for (size_t i = 0; i < reports->count; i++) {
		struct feed_state *state = &feeds->items[i];
		struct feed_state *before = feeds_find_state(old, reports->items[i].name);

		state->feeds = feeds;
		state->report = reports->items[i];
		if (before)
			feed_state_inherit(before, state);
	}
	reports->count = 0;
}

static void feeds_forget(struct feeds *feeds, const struct feeds *old)
{
	for (size_t i = 0; i < old->count; i++) {
		if (!old->items[i].report.name)
			continue;
		feed_waits_end(&feeds->waits, old->items[i].report.name);
		feed_state_free(&old->items[i]);
	}
	free(old->items);
}

static void feeds_take_configs(struct feeds *feeds, const struct snapshot *snapshot,
			       struct feed_reports *reports)
{
	const struct feeds old = *feeds;
	struct feed_state *items = calloc(reports->count + 1, sizeof(*items));

	/* The old configuration is freed in any case. */
	feeds->config = snapshot->config;
	domain_set_ref(snapshot->domains);
	domain_set_unref(feeds->domains);
	feeds->domains = snapshot->domains;
	feeds->configs = snapshot_feeds(snapshot, feeds->kind);
	if (!items) {
		log_error(feed_kinds[feeds->kind].plural, "they have not changed: %s",
			  strerror(ENOMEM));
		return;
	}
	feeds->items = items;
	feeds->count = reports->count;
	feeds_inherit(feeds, &old, reports);
	feeds_forget(feeds, &old);
	for (size_t i = 0; i < feeds->count; i++) {
		const struct feed_config *of_feed = feed_config_of(&items[i]);

		if (of_feed)
			feed_schedule_anew(&items[i], of_feed);
	}
}

void feeds_follow(struct feeds *feeds, const struct snapshot *snapshot,
		  struct feed_reports *reports)
{
	feeds_take_configs(feeds, snapshot, reports);
	feeds_run(feeds);
}

int feeds_open(enum feed_kind kind, const struct feed_fetcher *fetcher, struct event_base *base,
	       const struct feed_judge *judge, const struct snapshot *snapshot,
	       struct feed_reports *reports, struct feeds **ret_feeds)
{
	struct feeds *feeds = calloc(1, sizeof(*feeds));

	if (!feeds)
		return -ENOMEM;
	feeds->kind = kind;
	feeds->fetcher = fetcher;
	feeds->base = base;
	feeds->judge = *judge;
	feeds->program = helper_find(&fetcher->helper);
	feeds->timer = event_new(base, -1, 0, feeds_on_timer, feeds);
	if (!feeds->timer) {
		free(feeds->program);
		free(feeds);
		return -ENOMEM;
	}
	*ret_feeds = feeds;
	feeds_take_configs(feeds, snapshot, reports);
	/* Fetches begin with the loop: until then, feeds_share() may be called. */
	event_active(feeds->timer, EV_TIMEOUT, 0);
	return 0;
}

void feeds_end(struct feeds *feeds)
{
	feeds->is_ending = true;
}

void feeds_close(struct feeds *feeds)
{
	if (!feeds)
		return;
	for (size_t i = 0; i < feeds->count; i++)
		feed_state_free(&feeds->items[i]);
	feed_waits_free(&feeds->waits);
	event_free(feeds->timer);
	domain_set_unref(feeds->domains);
	free(feeds->items);
	free(feeds->program);
	free(feeds);
}
