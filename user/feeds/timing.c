/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When feeds are fetched. After a failure, a source is asked again soon, then less and less
 * often. A source that says when to come back is not asked earlier. */
#include "feeds/timing.h"

#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_SEC 600

/* Lengthen an interval by up to a tenth, so that a thousand hosts do not all ask in the same
 * second. */
static int64_t add_jitter(int64_t interval_sec)
{
	uint32_t random;

	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return interval_sec + (int64_t)((uint64_t)random * (uint64_t)(interval_sec / 10) >> 32);
}

static void schedule_first(struct feed_state *state, const struct feed_config *config)
{
	const struct feed_report *report = &state->report;
	int64_t last_sec = report->checked_at_sec;

	if (report->is_held && report->held_at_sec > last_sec)
		last_sec = report->held_at_sec;
	state->next_at_sec = time_now_sec();
	/* A time in the future comes from a clock that was wrong. */
	if (feed_config_has_url(config, report->url) && last_sec <= state->next_at_sec)
		state->next_at_sec = last_sec + add_jitter(config->refresh_sec);
}

void feed_schedule_anew(struct feed_state *state, const struct feed_config *config)
{
	const int64_t latest_sec = time_now_sec() + config->refresh_max_sec;
	const bool is_known = state->known_url && !strcmp(state->known_url, config->url);

	if (!is_known)
		schedule_first(state, config);
	else if (state->next_at_sec > latest_sec + config->refresh_max_sec / 10 &&
		 !state->failure_count)
		state->next_at_sec = latest_sec;
	if (is_known)
		return;
	free(state->known_url);
	state->known_url = strdup(config->url);
}

/* How long to wait after a failure. */
static int64_t back_off(size_t failure_count, int64_t longest_sec)
{
	if (failure_count < 16 && (int64_t)RETRY_SEC << (failure_count - 1) < longest_sec)
		return (int64_t)RETRY_SEC << (failure_count - 1);
	return longest_sec;
}

void feed_schedule_next(struct feed_state *state, const struct feed_config *config,
			int64_t retry_after_sec)
{
	const int64_t longest_sec = config ? config->refresh_max_sec : RETRY_SEC;
	int64_t wait_sec = config ? config->refresh_sec : RETRY_SEC;

	if (state->failure_count)
		wait_sec = back_off(state->failure_count, longest_sec);
	else if (retry_after_sec > longest_sec)
		retry_after_sec = longest_sec;
	if (wait_sec < retry_after_sec)
		wait_sec = retry_after_sec;
	state->next_at_sec = time_now_sec() + add_jitter(wait_sec);
}
