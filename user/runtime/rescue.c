/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones of the rescue, and which sources are put into their queues. */
#include "runtime/rescue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/own_addresses.h"
#include "core/attempt.h"
#include "learn/never.h"
#include "runtime/rescue_internal.h"

#define INTERVAL_SEC 1
#define OWN_SEC 60

const char *const rescue_result_names[] = {
	[RESCUE_RESULT_RESCUED] = "rescued", [RESCUE_RESULT_UNLISTED] = "unlisted",
	[RESCUE_RESULT_TOO_LOW] = "too_low", [RESCUE_RESULT_FAILED] = "failed",
	[RESCUE_RESULT_REFUSED] = "refused",
};
_Static_assert(sizeof(rescue_result_names) / sizeof(*rescue_result_names) == RESCUE_RESULT_COUNT,
	       "all");

const char *const rescue_skip_names[] = {
	[RESCUE_SKIP_KNOWN] = "known",
	[RESCUE_SKIP_FULL] = "queue",
	[RESCUE_SKIP_OFF] = "off",
	[RESCUE_SKIP_NEVER] = "never",
};
_Static_assert(sizeof(rescue_skip_names) / sizeof(*rescue_skip_names) == RESCUE_SKIP_COUNT, "all");

/* ---- offers ------------------------------------------------------------------------- */

/* If they cannot be read, those known before count. */
static void follow_own_addresses(struct rescue *rescue)
{
	const double now_sec = time_monotonic_sec();
	struct prefix *own;
	size_t count;

	if (rescue->own && now_sec - rescue->own_read_at_sec <= OWN_SEC)
		return;
	rescue->own_read_at_sec = now_sec;
	if (own_addresses(&own, &count))
		return;
	free(rescue->own);
	rescue->own = own;
	rescue->own_count = count;
}

static void offer_to(struct rescue_runner *runner, const struct prefix *source, bool is_never)
{
	if (is_never) {
		runner->skips[RESCUE_SKIP_NEVER]++;
		return;
	}
	/* Before the first check sources wait: it takes a moment. */
	if (!runner->is_up && *runner->problem) {
		runner->skips[RESCUE_SKIP_OFF]++;
		return;
	}
	switch (rescue_waiting_offer(runner->waiting, source, time_monotonic_sec())) {
	case RESCUE_QUEUED:
		break;
	case RESCUE_FULL:
		runner->skips[RESCUE_SKIP_FULL]++;
		break;
	default:
		runner->skips[RESCUE_SKIP_KNOWN]++;
	}
}

static void rescue_arm(struct rescue *rescue, int delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(rescue->timer, &delay);
}

void rescue_offer(struct rescue *rescue, const struct attempt *attempt)
{
	const struct learn_settings *learn;
	bool is_never;

	if (!rescue || !rescue->count ||
	    (attempt->verdict != IPWL_BLOCK && attempt->verdict != IPWL_WOULD_BLOCK))
		return;
	learn = &rescue->runtime->snapshot->config->learn;
	follow_own_addresses(rescue);
	is_never = learn_refuse_address(learn, PREFIX_ARRAY(rescue->own, rescue->own_count),
					&attempt->source) != NULL;
	for (size_t i = 0; i < rescue->count; i++)
		offer_to(rescue->runners[i], &attempt->source, is_never);
	rescue_arm(rescue, 0);
}

/* ---- zones -------------------------------------------------------------------------- */

static void runner_free(struct rescue_runner *runner)
{
	if (!runner)
		return;
	feed_process_stop(runner->process);
	rescue_waiting_free(runner->waiting);
	free(runner);
}

static struct rescue_runner *runner_new(struct rescue *rescue, const struct rescue_zone *zone)
{
	struct rescue_runner *runner = calloc(1, sizeof(*runner));

	if (!runner)
		return NULL;
	runner->rescue = rescue;
	runner->zone = zone;
	runner->waiting = rescue_waiting_new(zone->per_second, zone->per_day);
	if (runner->waiting)
		return runner;
	free(runner);
	return NULL;
}

/* Take the runner of a zone with the same settings out of @former. NULL: there is none. The
 * configuration before is freed only after this. */
static struct rescue_runner *take_same(struct rescue_runner **former, size_t count,
				       const struct rescue_zone *zone)
{
	for (size_t i = 0; i < count; i++) {
		struct rescue_runner *runner = former[i];

		if (!runner || !rescue_zone_is_same(runner->zone, zone))
			continue;
		former[i] = NULL;
		runner->zone = zone;
		/* A person may have seen to what was wrong. */
		if (!runner->is_up)
			runner->check_due_sec = 0;
		return runner;
	}
	return NULL;
}

void rescue_configure(struct rescue *rescue)
{
	const struct rescue_settings *settings = &rescue->runtime->snapshot->config->rescue;
	struct rescue_runner *former[RESCUE_ZONES_MAX];
	const size_t former_count = rescue->count;

	memcpy(former, rescue->runners, sizeof(former));
	rescue->count = 0;
	for (size_t i = 0; i < settings->count; i++) {
		const struct rescue_zone *zone = &settings->zones[i];
		struct rescue_runner *runner = take_same(former, former_count, zone);

		if (!runner)
			runner = runner_new(rescue, zone);
		if (runner)
			rescue->runners[rescue->count++] = runner;
	}
	for (size_t i = 0; i < former_count; i++)
		runner_free(former[i]);
	if (rescue->count)
		rescue_arm(rescue, 0);
}

static void rescue_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct rescue *rescue = context;

	(void)fd;
	(void)what;
	if (!rescue->count || rescue->runtime->is_stopping)
		return;
	rescue_arm(rescue, INTERVAL_SEC);
	for (size_t i = 0; i < rescue->count; i++)
		rescue_runner_tick(rescue->runners[i]);
}

int rescue_open(struct runtime *runtime, struct rescue **ret_rescue)
{
	struct rescue *rescue = calloc(1, sizeof(*rescue));

	if (!rescue)
		return -ENOMEM;
	rescue->runtime = runtime;
	rescue->program = helper_find(&rescue_fetcher.helper);
	rescue->timer = evtimer_new(runtime->base, rescue_on_timer, rescue);
	if (!rescue->timer) {
		rescue_close(rescue);
		return -ENOMEM;
	}
	rescue_configure(rescue);
	*ret_rescue = rescue;
	return 0;
}

void rescue_close(struct rescue *rescue)
{
	if (!rescue)
		return;
	for (size_t i = 0; i < rescue->count; i++)
		runner_free(rescue->runners[i]);
	if (rescue->timer)
		event_free(rescue->timer);
	free(rescue->own);
	free(rescue->program);
	free(rescue);
}

/* ---- status ------------------------------------------------------------------------- */

size_t rescue_count(const struct rescue *rescue)
{
	return rescue ? rescue->count : 0;
}

static size_t count_entries(const struct policy *policy, const struct rescue_zone *zone)
{
	const struct list *list = policy_find_list(policy, zone->list);
	const struct entry_set *set = list ? list->sets[SOURCE_RESCUE] : NULL;
	size_t count = 0;

	for (size_t i = 0; set && i < set->count; i++)
		count += !strcmp(set->entries[i].about->origin, zone->name);
	return count;
}

void rescue_get_status(const struct rescue *rescue, size_t index, struct rescue_status *ret_status)
{
	const struct rescue_runner *runner = rescue->runners[index];

	*ret_status = (struct rescue_status) {
		.zone = runner->zone->name,
		.list = runner->zone->list,
		.is_up = runner->is_up,
		.problem = runner->problem,
		.checked_at_sec = runner->checked_at_sec,
		.entries = count_entries(rescue->runtime->snapshot->policy, runner->zone),
		.waiting = rescue_waiting_count(runner->waiting),
		.queries = runner->queries,
		.left_today = (uint64_t)rescue_waiting_left(runner->waiting, time_monotonic_sec()),
	};
	memcpy(ret_status->results, runner->results, sizeof(runner->results));
	memcpy(ret_status->skips, runner->skips, sizeof(runner->skips));
}
