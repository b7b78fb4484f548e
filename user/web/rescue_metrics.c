/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of sources that were looked up in DNS allow lists, by zone. */
#include "web/rescue_metrics.h"

#include <inttypes.h>

#include "runtime/rescue.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static void write_number(const struct exposition *to, const struct metric *metric,
			 const struct runtime *runtime,
			 uint64_t (*number_of)(const struct rescue_status *status))
{
	exposition_head(to, metric);
	for (size_t i = 0; i < rescue_count(runtime->rescue); i++) {
		struct rescue_status status;

		rescue_get_status(runtime->rescue, i, &status);
		exposition_add(to, "%s{", metric->name);
		exposition_label(to, "zone", status.zone);
		exposition_add(to, "} %" PRIu64 "\n", number_of(&status));
	}
}

static void write_counts(const struct exposition *to, const struct metric *metric,
			 const struct rescue_status *status, const char *label,
			 const uint64_t *counts, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		exposition_add(to, "%s{", metric->name);
		exposition_label(to, "zone", status->zone);
		exposition_add(to, ",%s=\"%s\"} %" PRIu64 "\n", label, names[i], counts[i]);
	}
}

static uint64_t up_of(const struct rescue_status *status)
{
	return status->is_up;
}

static uint64_t entries_of(const struct rescue_status *status)
{
	return status->entries;
}

static uint64_t waiting_of(const struct rescue_status *status)
{
	return status->waiting;
}

static uint64_t queries_of(const struct rescue_status *status)
{
	return status->queries;
}

static uint64_t left_of(const struct rescue_status *status)
{
	return status->left_today;
}

static void write_sources(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric results = { "ipwl_rescue_sources_total", "counter",
					       "Sources that were looked up, by result." };
	static const struct metric skips = { "ipwl_rescue_left_out_total", "counter",
					     "Blocked attempts whose source was not looked up." };
	struct rescue_status status;

	exposition_head(to, &results);
	for (size_t i = 0; i < rescue_count(runtime->rescue); i++) {
		rescue_get_status(runtime->rescue, i, &status);
		write_counts(to, &results, &status, "result", status.results, rescue_result_names,
			     RESCUE_RESULT_COUNT);
	}
	exposition_head(to, &skips);
	for (size_t i = 0; i < rescue_count(runtime->rescue); i++) {
		rescue_get_status(runtime->rescue, i, &status);
		write_counts(to, &skips, &status, "reason", status.skips, rescue_skip_names,
			     RESCUE_SKIP_COUNT);
	}
}

void rescue_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric up = {
		"ipwl_rescue_up", "gauge",
		"Whether a DNS allow list passes its checks (1), or is not asked (0)."
	};
	static const struct metric entries = { "ipwl_rescue_entries", "gauge",
					       "Sources that are allowed for a while." };
	static const struct metric waiting = { "ipwl_rescue_waiting", "gauge",
					       "Sources that wait for a look-up." };
	static const struct metric queries = { "ipwl_rescue_queries_total", "counter",
					       "Queries to a DNS allow list." };
	static const struct metric left = { "ipwl_rescue_queries_left", "gauge",
					    "Queries that the limit of the day allows now." };

	if (!rescue_count(runtime->rescue))
		return;
	write_number(to, &up, runtime, up_of);
	write_number(to, &entries, runtime, entries_of);
	write_number(to, &waiting, runtime, waiting_of);
	write_number(to, &queries, runtime, queries_of);
	write_number(to, &left, runtime, left_of);
	write_sources(runtime, to);
}
