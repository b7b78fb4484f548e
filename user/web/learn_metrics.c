/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is learned, from which evidence. No label holds an address, a domain or a person. */
#include "web/learn_metrics.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "engine/learned.h"
#include "runtime/runtime.h"

static void write_head(struct evbuffer *buffer, const char *name, const char *type,
		       const char *help)
{
	evbuffer_add_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_entries(const struct learning_counters *counters, struct evbuffer *buffer)
{
	static const char name[] = "ipwl_learned_entries";

	write_head(buffer, name, "gauge", "Learned addresses by state and rule.");
	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++)
		for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
			evbuffer_add_printf(buffer, "%s{state=\"%s\",rule=\"%s\"} %" PRIu64 "\n",
					    name, learn_state_names[state], learn_rule_names[rule],
					    counters->entries[state][rule]);
}

static void write_domains(const struct learning_counters *counters, struct evbuffer *buffer)
{
	static const char name[] = "ipwl_learned_domains";

	write_head(buffer, name, "gauge", "Partner domains by state.");
	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++)
		evbuffer_add_printf(buffer, "%s{state=\"%s\"} %" PRIu64 "\n", name,
				    learn_state_names[state], counters->domains[state]);
}

static void write_removals(const struct learning_counters *counters, struct evbuffer *buffer)
{
	static const char name[] = "ipwl_learned_removals_total";

	write_head(buffer, name, "counter", "Learned entries taken out of force, by reason.");
	for (int cause = 0; cause < LEARN_CAUSE_COUNT; cause++)
		evbuffer_add_printf(buffer, "%s{reason=\"%s\"} %" PRIu64 "\n", name,
				    learn_cause_names[cause], counters->removals[cause]);
}

static void write_evidence(const struct learning_counters *counters, struct evbuffer *buffer)
{
	static const char noted[] = "ipwl_evidence_total";
	static const char dropped[] = "ipwl_evidence_dropped_total";
	static const char last[] = "ipwl_evidence_last_timestamp_seconds";

	write_head(buffer, noted, "counter", "Evidence noted, by source and kind.");
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
			evbuffer_add_printf(buffer, "%s{source=\"%s\",kind=\"%s\"} %" PRIu64 "\n",
					    noted, evidence_source_names[source],
					    evidence_kind_names[kind],
					    counters->evidence[source][kind]);
	write_head(buffer, dropped, "counter", "Evidence not noted, by source and reason.");
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		for (int reason = 0; reason < EVIDENCE_DROP_COUNT; reason++)
			evbuffer_add_printf(buffer, "%s{source=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
					    dropped, evidence_source_names[source],
					    evidence_drop_names[reason],
					    counters->dropped[source][reason]);
	write_head(buffer, last, "gauge",
		   "When evidence of a source was last noted; 0: not since the start.");
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		evbuffer_add_printf(buffer, "%s{source=\"%s\"} %" PRId64 "\n", last,
				    evidence_source_names[source],
				    counters->last_evidence_sec[source]);
}

void learn_metrics_write(const struct runtime *runtime, struct evbuffer *buffer)
{
	static const char held[] = "ipwl_learned_held";
	static const char failing[] = "ipwl_learning_failing";
	struct learning_counters counters;

	if (!runtime->snapshot->config->learn.is_on)
		return;
	learning_read_counters(runtime->view.learning, &counters);
	write_entries(&counters, buffer);
	write_domains(&counters, buffer);
	write_removals(&counters, buffer);
	write_evidence(&counters, buffer);
	write_head(buffer, held, "gauge",
		   "Learned addresses whose next state is held by a limit or the guard.");
	evbuffer_add_printf(buffer, "%s %" PRIu64 "\n", held, counters.held);
	write_head(buffer, failing, "gauge", "Whether learn.db cannot be used (1).");
	evbuffer_add_printf(buffer, "%s %d\n", failing, counters.is_failing);
}
