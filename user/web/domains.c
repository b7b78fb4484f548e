/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts domains by their state. */
#include "web/domains.h"

#include <inttypes.h>

#include "feeds/schedule.h"
#include "web/exposition.h"

enum domain_health {
	DOMAIN_IS_WAITING, /* DNS was not asked since the start */
	DOMAIN_IS_FRESH,
	DOMAIN_IS_INCOMPLETE, /* fresh, but some terms cannot be expanded */
	DOMAIN_IS_FAILED,
	DOMAIN_IS_GONE,
	DOMAIN_IS_HELD,
	DOMAIN_IS_ABSENT, /* learned, and DNS knows of no SPF record */
	DOMAIN_HEALTH_COUNT,
};

static const char *const health_names[DOMAIN_HEALTH_COUNT] = {
	[DOMAIN_IS_WAITING] = "waiting",
	[DOMAIN_IS_FRESH] = "fresh",
	[DOMAIN_IS_INCOMPLETE] = "incomplete",
	[DOMAIN_IS_FAILED] = "failed",
	[DOMAIN_IS_GONE] = "gone",
	[DOMAIN_IS_HELD] = "held",
	[DOMAIN_IS_ABSENT] = "absent",
};

static enum domain_health health_of(const struct feed_state *state)
{
	const struct feed_report *report = &state->report;

	if (report->is_held)
		return DOMAIN_IS_HELD;
	if (report->gone_since_sec)
		return feed_report_matters(report) ? DOMAIN_IS_GONE : DOMAIN_IS_ABSENT;
	if (!state->has_result)
		return DOMAIN_IS_WAITING;
	if (state->result == FEED_RESULT_FAILED || state->result == FEED_RESULT_INVALID)
		return DOMAIN_IS_FAILED;
	return report->notes.count ? DOMAIN_IS_INCOMPLETE : DOMAIN_IS_FRESH;
}

struct sums {
	size_t healths[DOMAIN_HEALTH_COUNT];
	uint64_t entries;
	int64_t oldest_sec; /* of the last answers of domains with entries; 0: none has any */
};

static void sums_add(struct sums *sums, const struct feed_state *state)
{
	const struct feed_report *report = &state->report;

	sums->healths[health_of(state)]++;
	sums->entries += report->entry_count;
	if (report->entry_count && (!sums->oldest_sec || report->checked_at_sec < sums->oldest_sec))
		sums->oldest_sec = report->checked_at_sec;
}

void domains_write(const struct feeds *domains, const struct exposition *to)
{
	static const struct metric by_state = { "ipwl_domains", "gauge",
						"Domains of lists by state." };
	static const struct metric entries = { "ipwl_domain_entries", "gauge",
					       "Entries of all domains." };
	static const struct metric oldest = {
		"ipwl_domain_oldest_success_timestamp_seconds", "gauge",
		"When DNS last confirmed the entries of the domain that has waited longest; 0: no "
		"domain has entries."
	};
	static const struct metric refreshes = { "ipwl_domain_refreshes_total", "counter",
						 "Refreshes of domains by result." };
	struct sums sums = { .oldest_sec = 0 };

	if (!feeds_count(domains))
		return;
	for (size_t i = 0; i < feeds_count(domains); i++)
		sums_add(&sums, feeds_at(domains, i));
	exposition_head(to, &by_state);
	for (int health = 0; health < DOMAIN_HEALTH_COUNT; health++)
		exposition_add(to, "%s{state=\"%s\"} %zu\n", by_state.name, health_names[health],
			       sums.healths[health]);
	exposition_single(to, &entries, sums.entries);
	exposition_single(to, &oldest, (uint64_t)sums.oldest_sec);
	exposition_head(to, &refreshes);
	for (int result = 0; result < FEED_RESULT_COUNT; result++)
		exposition_add(to, "%s{result=\"%s\"} %" PRIu64 "\n", refreshes.name,
			       feed_result_names[result],
			       feeds_result_count(domains, (enum feed_result)result));
}
