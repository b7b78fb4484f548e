/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of feeds. Their names need no escaping: letters, digits, . _ - */
#include <event2/buffer.h>
#include <inttypes.h>

#include "feeds/schedule.h"
#include "runtime/runtime.h"
#include "web/web.h"

static int64_t last_success(const struct feed_report *report)
{
	return report->checked_at_sec;
}

static int64_t entries(const struct feed_report *report)
{
	return (int64_t)report->entry_count;
}

static int64_t held(const struct feed_report *report)
{
	return report->is_held;
}

static int64_t skipped(const struct feed_report *report)
{
	return (int64_t)report->skipped_count;
}

static const struct {
	const char *name;
	const char *help;
	int64_t (*value)(const struct feed_report *report);
} gauges[] = {
	{ "ipwl_feed_last_success_timestamp_seconds",
	  "When the source last had what is in force; 0: never.", last_success },
	{ "ipwl_feed_entries", "Entries of a feed, exclusions apart.", entries },
	{ "ipwl_feed_held", "Whether a new copy of a feed is held back (1).", held },
	{ "ipwl_feed_skipped_lines", "Lines and records of a feed that were left out.", skipped },
};

void metrics_write_feeds(const struct runtime *runtime, struct evbuffer *buffer)
{
	static const char fetches[] = "ipwl_feed_fetches_total";
	const size_t count = feeds_count(runtime->feeds);

	for (size_t m = 0; m < sizeof(gauges) / sizeof(*gauges); m++) {
		evbuffer_add_printf(buffer, "# HELP %s %s\n# TYPE %s gauge\n", gauges[m].name,
				    gauges[m].help, gauges[m].name);
		for (size_t i = 0; i < count; i++) {
			const struct feed_report *report = &feeds_at(runtime->feeds, i)->report;

			evbuffer_add_printf(buffer, "%s{feed=\"%s\"} %" PRId64 "\n", gauges[m].name,
					    report->name, gauges[m].value(report));
		}
	}
	evbuffer_add_printf(buffer,
			    "# HELP %s Fetches of a feed by what came of them.\n"
			    "# TYPE %s counter\n",
			    fetches, fetches);
	for (size_t i = 0; i < count; i++) {
		const struct feed_state *state = feeds_at(runtime->feeds, i);

		for (int result = 0; result < FEED_RESULT_COUNT; result++)
			evbuffer_add_printf(buffer, "%s{feed=\"%s\",result=\"%s\"} %" PRIu64 "\n",
					    fetches, state->report.name, feed_result_names[result],
					    state->fetch_counts[result]);
	}
}
