/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers requests when their fetches are finished. */
#include "feeds/waits.h"

#include <stdlib.h>
#include <string.h>

#include "feeds/schedule.h"

static void feed_wait_free(struct feed_wait *wait)
{
	for (size_t i = 0; i < wait->count; i++)
		free(wait->feeds[i].name);
	free(wait->feeds);
	free(wait);
}

static bool feed_wait_add(struct feed_wait *wait, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return false;
	wait->feeds[wait->count].name = copy;
	wait->feeds[wait->count].is_pending = true;
	wait->count++;
	wait->pending_count++;
	return true;
}

struct feed_wait *feed_wait_new(const char *const names[], size_t count,
				void (*done)(const struct feed_wait *wait), void *context)
{
	struct feed_wait *wait = calloc(1, sizeof(*wait));
	bool is_complete;

	if (!wait)
		return NULL;
	wait->done = done;
	wait->context = context;
	wait->feeds = calloc(count + 1, sizeof(*wait->feeds));
	is_complete = wait->feeds;
	for (size_t i = 0; i < count && is_complete; i++)
		is_complete = feed_wait_add(wait, names[i]);
	if (is_complete)
		return wait;
	feed_wait_free(wait);
	return NULL;
}

static void feed_wait_strike(struct feed_wait *wait, const char *name)
{
	for (size_t i = 0; i < wait->count; i++) {
		if (wait->feeds[i].is_pending && !strcmp(wait->feeds[i].name, name)) {
			wait->feeds[i].is_pending = false;
			wait->pending_count--;
		}
	}
}

void feed_waits_end(struct feed_wait **waits, const char *name)
{
	while (*waits) {
		struct feed_wait *wait = *waits;

		if (name)
			feed_wait_strike(wait, name);
		if (wait->pending_count) {
			waits = &wait->next;
			continue;
		}
		*waits = wait->next;
		wait->done(wait);
		feed_wait_free(wait);
	}
}

void feed_waits_free(struct feed_wait **waits)
{
	while (*waits) {
		struct feed_wait *wait = *waits;

		*waits = wait->next;
		wait->done(wait);
		feed_wait_free(wait);
	}
}

void feed_state_accept(struct feed_state *state)
{
	state->result = FEED_RESULT_NEW;
	free(state->message);
	state->message = strdup("was held back, and is accepted");
}
