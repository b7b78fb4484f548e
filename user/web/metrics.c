/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics as text. No label ever holds an address or a prefix. */
#include "web/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/names.h"
#include "exports/schedule.h"
#include "feeds/schedule.h"
#include "runtime/runtime.h"
#include "web/attempt_metrics.h"
#include "web/domains.h"
#include "web/exposition.h"
#include "web/fleet_metrics.h"
#include "web/flood_metrics.h"
#include "web/lane_metrics.h"
#include "web/learn_metrics.h"
#include "web/limit_metrics.h"
#include "web/maillog_metrics.h"
#include "web/process_metrics.h"
#include "web/rescue_metrics.h"
#include "web/seen_metrics.h"
#include "web/session_metrics.h"

#define COUNTER(member) offsetof(struct ipwl_traffic, member)

static uint64_t member_of(const struct ipwl_traffic *traffic, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)traffic + offset, sizeof(value));
	return value;
}

/* ---- interfaces --------------------------------------------------------- */

static const struct {
	struct metric metric;
	size_t offset;
} interface_metrics[] = {
	{ { "ipwl_packets_total", "counter", "Packets by verdict." }, COUNTER(packets) },
	{ { "ipwl_bytes_total", "counter", "Bytes of frames by verdict." }, COUNTER(bytes) },
	{ { "ipwl_connections_total", "counter",
	    "Attempts to connect to a mail port. A SYN "
	    "that is sent again counts once." },
	  COUNTER(connections) },
};

static void write_counters(const struct exposition *to, const char *name, size_t offset,
			   const char *interface, const struct ipwl_traffic *counters)
{
	int family, verdict;

	for (family = 0; family < IPWL_FAMILY_COUNT; family++) {
		for (verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
			exposition_add(to, "%s{", name);
			exposition_label(to, "interface", interface);
			exposition_add(to, ",family=\"%s\",verdict=\"%s\"} %" PRIu64 "\n",
				       family_names[family], verdict_names[verdict],
				       member_of(&counters[IPWL_COUNTER(family, verdict)], offset));
		}
	}
}

typedef struct ipwl_traffic interface_counters[IPWL_COUNTER_COUNT];

static void write_interfaces(const struct interfaces *interfaces, const struct exposition *to)
{
	interface_counters *counters = calloc(interfaces->count + 1, sizeof(*counters));
	size_t i, m;

	if (!counters)
		return;
	/* Read once, so that packets, bytes and connections are of one moment. */
	for (i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].interface)
			interface_read_counters(interfaces->items[i].interface, counters[i]);
	for (m = 0; m < sizeof(interface_metrics) / sizeof(*interface_metrics); m++) {
		const struct metric *metric = &interface_metrics[m].metric;

		exposition_head(to, metric);
		for (i = 0; i < interfaces->count; i++)
			if (interfaces->items[i].interface)
				write_counters(to, metric->name, interface_metrics[m].offset,
					       interfaces->items[i].name, counters[i]);
	}
	free(counters);
}

static void write_attached(const struct interfaces *interfaces, const struct exposition *to)
{
	static const struct metric attached = {
		"ipwl_interface_attached", "gauge",
		"Whether the XDP program is on the interface (1) or not (0)."
	};
	size_t i;

	exposition_head(to, &attached);
	for (i = 0; i < interfaces->count; i++) {
		enum attach_mode mode = attachment_mode(&interfaces->items[i]);

		exposition_add(to, "%s{", attached.name);
		exposition_label(to, "interface", interfaces->items[i].name);
		exposition_add(to, ",xdp_mode=\"%s\"} %d\n", attach_mode_names[mode],
			       mode != ATTACH_NONE);
	}
}

/* ---- lists -------------------------------------------------------------- */

static const struct {
	struct metric metric;
	size_t offset;
} list_metrics[] = {
	{ { "ipwl_list_packets_total", "counter", "Packets decided by a list." },
	  COUNTER(packets) },
	{ { "ipwl_list_connections_total", "counter", "Connections decided by a list." },
	  COUNTER(connections) },
};

static void write_list_labels(const struct exposition *to, const char *name,
			      const struct list *list)
{
	exposition_add(to, "%s{", name);
	exposition_label(to, "list", list->name);
	exposition_add(to, ",action=\"%s\"", action_names[list->action]);
}

/* The counters of a list, in the order of list_verdicts. */
struct list_traffic {
	struct ipwl_traffic of[LIST_VERDICTS];
};

static void write_list_metric(const struct policy *policy, const struct list_traffic *traffic,
			      const struct metric *metric, size_t offset,
			      const struct exposition *to)
{
	exposition_head(to, metric);
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		for (size_t v = 0; v < LIST_VERDICTS; v++) {
			write_list_labels(to, metric->name, list);
			exposition_add(to, ",verdict=\"%s\"} %" PRIu64 "\n",
				       verdict_names[list_verdicts[list->action][v]],
				       member_of(&traffic[i].of[v], offset));
		}
	}
}

static void write_list_counters(const struct runtime *runtime, const struct exposition *to)
{
	const struct policy *policy = runtime->snapshot->policy;
	struct list_traffic *traffic = calloc(policy->list_count + 1, sizeof(*traffic));

	if (!traffic)
		return;
	for (size_t i = 0; i < policy->list_count; i++)
		for (size_t v = 0; v < LIST_VERDICTS; v++)
			datapath_read_list(runtime->datapath, policy->lists[i].slot,
					   list_verdicts[policy->lists[i].action][v],
					   &traffic[i].of[v]);
	for (size_t m = 0; m < sizeof(list_metrics) / sizeof(*list_metrics); m++)
		write_list_metric(policy, traffic, &list_metrics[m].metric, list_metrics[m].offset,
				  to);
	free(traffic);
}

/* ---- averted by block list --------------------------------------------------- */

static void write_averted_pair(const struct exposition *to, const char *metric,
			       const struct list *allow, const struct list *block, uint64_t count)
{
	exposition_add(to, "%s{", metric);
	exposition_label(to, "allow_list", allow->name);
	exposition_add(to, ",");
	exposition_label(to, "block_list", block->name);
	exposition_add(to, "} %" PRIu64 "\n", count);
}

/* Only pairs of lists that overlap: most lists do not. */
static void write_averted(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric connections = {
		"ipwl_averted_connections_total", "counter",
		"Connections allowed by allow_list from addresses that block_list contains, too."
	};
	const struct policy *policy = runtime->snapshot->policy;
	struct averted_pair *pairs;
	size_t count;

	if (datapath_read_averted(runtime->datapath, &pairs, &count))
		return;
	exposition_head(to, &connections);
	for (size_t i = 0; i < count; i++) {
		const struct list *allow = policy_find_slot(policy, pairs[i].allow);
		const struct list *block = policy_find_slot(policy, pairs[i].block);

		/* The snapshot may be older than a list. */
		if (allow && block)
			write_averted_pair(to, connections.name, allow, block,
					   pairs[i].traffic.connections);
	}
	free(pairs);
}

/* Only lists that answer. */
static void write_answers(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric answers = { "ipwl_answers_total", "counter",
					       "SYNs of blocked sources that a list answered." };
	const struct policy *policy = runtime->snapshot->policy;

	exposition_head(to, &answers);
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		struct ipwl_traffic traffic;

		if (!list->on_block ||
		    datapath_read_answers(runtime->datapath, list->slot, &traffic))
			continue;
		exposition_add(to, "%s{", answers.name);
		exposition_label(to, "list", list->name);
		exposition_add(to, ",answer=\"%s\"} %" PRIu64 "\n", on_block_names[list->on_block],
			       (uint64_t)traffic.packets);
	}
}

static void write_list_entries(const struct snapshot *snapshot, const struct exposition *to)
{
	static const struct metric entries = { "ipwl_list_entries", "gauge",
					       "Entries of a list, without exclusions." };
	size_t i;
	int family;

	exposition_head(to, &entries);
	for (i = 0; i < snapshot->policy->list_count; i++) {
		for (family = 0; family < FAMILY_COUNT; family++) {
			write_list_labels(to, entries.name, &snapshot->policy->lists[i]);
			exposition_add(to, ",family=\"%s\"} %zu\n",
				       family == FAMILY_IPV4 ? "ipv4" : "ipv6",
				       snapshot->entry_counts[i].of[family]);
		}
	}
}

/* ---- feeds ----------------------------------------------------------------- */

/* Names of feeds need no escaping: letters, digits, . _ - */

static int64_t feed_last_success(const struct feed_report *report)
{
	return report->checked_at_sec;
}

static int64_t feed_entries(const struct feed_report *report)
{
	return (int64_t)report->entry_count;
}

static int64_t feed_is_held(const struct feed_report *report)
{
	return report->is_held;
}

static int64_t feed_skipped(const struct feed_report *report)
{
	return (int64_t)report->skipped_count;
}

static const struct {
	struct metric metric;
	int64_t (*value)(const struct feed_report *report);
} feed_gauges[] = {
	{ { "ipwl_feed_last_success_timestamp_seconds", "gauge",
	    "When the source last confirmed the copy in force; 0: never." },
	  feed_last_success },
	{ { "ipwl_feed_entries", "gauge", "Entries of a feed, without exclusions." },
	  feed_entries },
	{ { "ipwl_feed_held", "gauge", "Whether a new copy of a feed is held back (1)." },
	  feed_is_held },
	{ { "ipwl_feed_skipped_lines", "gauge", "Lines and records of a feed that were skipped." },
	  feed_skipped },
};

static void write_cut(const struct feeds *feeds, const struct exposition *to)
{
	static const struct metric cut = {
		"ipwl_feed_cut_entries", "gauge",
		"Entries of a feed of which reserved or own address space was cut out."
	};

	exposition_head(to, &cut);
	for (size_t i = 0; i < feeds_count(feeds); i++) {
		const struct feed_report *report = &feeds_at(feeds, i)->report;

		for (int space = 0; space < FEED_SPACE_COUNT; space++)
			exposition_add(to, "%s{feed=\"%s\",space=\"%s\"} %zu\n", cut.name,
				       report->name, feed_space_names[space],
				       report->cut_counts[space]);
	}
}

static void write_feeds(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric fetches = { "ipwl_feed_fetches_total", "counter",
					       "Fetches of a feed by result." };
	const struct feeds *feeds = runtime->feeds[FEED_OF_URL];
	const size_t count = feeds_count(feeds);

	for (size_t m = 0; m < sizeof(feed_gauges) / sizeof(*feed_gauges); m++) {
		const struct metric *metric = &feed_gauges[m].metric;

		exposition_head(to, metric);
		for (size_t i = 0; i < count; i++) {
			const struct feed_report *report = &feeds_at(feeds, i)->report;

			exposition_add(to, "%s{feed=\"%s\"} %" PRId64 "\n", metric->name,
				       report->name, feed_gauges[m].value(report));
		}
	}
	write_cut(feeds, to);
	exposition_head(to, &fetches);
	for (size_t i = 0; i < count; i++) {
		const struct feed_state *state = feeds_at(feeds, i);

		for (int result = 0; result < FEED_RESULT_COUNT; result++)
			exposition_add(to, "%s{feed=\"%s\",result=\"%s\"} %" PRIu64 "\n",
				       fetches.name, state->report.name, feed_result_names[result],
				       state->fetch_counts[result]);
	}
}

/* ---- exports ------------------------------------------------------------- */

static void write_exports(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric metrics[] = {
		{ "ipwl_export_last_successful", "gauge",
		  "Whether an exported file is up to date and its command succeeded (1)." },
		{ "ipwl_export_last_success_timestamp_seconds", "gauge",
		  "When an exported file was last found up to date." },
		{ "ipwl_export_entries", "gauge", "Prefixes in an exported file." },
	};
	const struct config *config = runtime->snapshot->config;
	size_t i, m;

	for (m = 0; config->export_count && m < sizeof(metrics) / sizeof(*metrics); m++) {
		exposition_head(to, &metrics[m]);
		for (i = 0; i < config->export_count; i++) {
			const struct export_state *state = exports_state(runtime->exports, i);
			int64_t values[sizeof(metrics) / sizeof(*metrics)];

			if (!state || (!state->has_run && !state->error))
				continue;
			values[0] = state->is_successful;
			values[1] = state->succeeded_at_sec;
			values[2] = (int64_t)state->prefix_count;
			exposition_add(to, "%s{", metrics[m].name);
			exposition_label(to, "path", config->exports[i].path);
			exposition_add(to, ",format=\"%s\"} %" PRId64 "\n",
				       export_format_names[config->exports[i].format], values[m]);
		}
	}
}

static void write_list_skipped(const struct snapshot *snapshot, const struct exposition *to)
{
	static const struct metric skipped = {
		"ipwl_list_skipped_lines", "gauge",
		"Lines of a list's files that were skipped because of errors."
	};
	size_t i;

	exposition_head(to, &skipped);
	for (i = 0; i < snapshot->policy->list_count; i++) {
		exposition_add(to, "%s{", skipped.name);
		exposition_label(to, "list", snapshot->policy->lists[i].name);
		exposition_add(to, "} %zu\n",
			       list_input_skipped_lines(&snapshot->config->list_inputs[i]));
	}
}

/* ---- the daemon --------------------------------------------------------- */

static void write_daemon(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric successful = { "ipwl_config_last_reload_successful", "gauge",
						  "Whether the last reload succeeded (1)." };
	static const struct metric timestamp = {
		"ipwl_config_last_reload_success_timestamp_seconds", "gauge",
		"When a reload last succeeded."
	};
	static const struct metric held = {
		"ipwl_reload_held", "gauge",
		"Whether the guard holds the last reload (1); `ipwlctl diff' shows it."
	};
	static const struct metric mode = {
		"ipwl_mode_in_force", "gauge",
		"The mode that decides about packets now is 1, the other one 0."
	};
	static const struct metric suspended = {
		"ipwl_enforcement_suspended", "gauge",
		"Whether nothing is dropped because an allowed sender may be missing (1)."
	};
	static const struct metric expiring = {
		"ipwl_expiring_in_use_entries", "gauge",
		"Manual allow entries in use that expire within 7 days."
	};
	static const struct metric build = { "ipwl_build_info", "gauge",
					     "The version of ipwl and of libbpf; always 1." };
	const bool is_enforcing = snapshot_is_enforcing(runtime->snapshot);

	exposition_single(to, &successful, runtime->reload.successful);
	exposition_single(to, &timestamp, (uint64_t)runtime->reload.succeeded_at_sec);
	exposition_single(to, &held, runtime->reload.held != NULL);
	exposition_head(to, &mode);
	exposition_add(to, "%s{mode=\"enforce\"} %d\n", mode.name, is_enforcing);
	exposition_add(to, "%s{mode=\"monitor\"} %d\n", mode.name, !is_enforcing);
	exposition_single(to, &suspended, runtime->snapshot->suspension != NULL);
	exposition_single(to, &expiring, runtime->expiring.count);
	exposition_head(to, &build);
	exposition_add(to, "%s{", build.name);
	exposition_label(to, "version", IPWL_VERSION);
	exposition_add(to, ",");
	exposition_label(to, "libbpf", datapath_libbpf_version());
	exposition_add(to, "} 1\n");
}

void metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	write_interfaces(&runtime->interfaces, to);
	write_list_counters(runtime, to);
	write_averted(runtime, to);
	write_answers(runtime, to);
	write_list_entries(runtime->snapshot, to);
	write_list_skipped(runtime->snapshot, to);
	write_attached(&runtime->interfaces, to);
	write_feeds(runtime, to);
	domains_write(runtime->feeds[FEED_OF_DOMAIN], to);
	learn_metrics_write(runtime, to);
	lane_metrics_write(runtime, to);
	reject_metrics_write(runtime, to);
	write_exports(runtime, to);
	write_daemon(runtime, to);
	maillog_metrics_write(runtime, to);
	session_metrics_write(runtime, to);
	seen_metrics_write(runtime, to);
	attempt_metrics_write(runtime, to);
	limit_metrics_write(runtime, to);
	flood_metrics_write(runtime, to);
	rescue_metrics_write(runtime, to);
	fleet_metrics_write(runtime, to);
	process_metrics_write(runtime, to);
	exposition_end(to);
}
