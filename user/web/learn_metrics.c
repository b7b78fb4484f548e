/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is learned, from which evidence. No label holds an address, a domain or a person. */
#include "web/learn_metrics.h"

#include <inttypes.h>

#include "engine/learned.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static void write_entries(const struct learning_counters *counters, const struct exposition *to)
{
	static const struct metric metric = { "ipwl_learned_entries", "gauge",
					      "Learned addresses by state and rule." };

	exposition_head(to, &metric);
	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++)
		for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
			exposition_add(to, "%s{state=\"%s\",rule=\"%s\"} %" PRIu64 "\n",
				       metric.name, learn_state_names[state],
				       learn_rule_names[rule], counters->entries[state][rule]);
}

static void write_domains(const struct learning_counters *counters, const struct exposition *to)
{
	static const struct metric metric = { "ipwl_learned_domains", "gauge",
					      "Partner domains by state." };

	exposition_head(to, &metric);
	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++)
		exposition_add(to, "%s{state=\"%s\"} %" PRIu64 "\n", metric.name,
			       learn_state_names[state], counters->domains[state]);
}

static void write_removals(const struct learning_counters *counters, const struct exposition *to)
{
	static const struct metric metric = { "ipwl_learned_removals_total", "counter",
					      "Learned entries taken out of force, by reason." };

	exposition_head(to, &metric);
	for (int cause = 0; cause < LEARN_CAUSE_COUNT; cause++)
		exposition_add(to, "%s{reason=\"%s\"} %" PRIu64 "\n", metric.name,
			       learn_cause_names[cause], counters->removals[cause]);
}

static void write_evidence(const struct learning_counters *counters, const struct exposition *to)
{
	static const struct metric noted = { "ipwl_evidence_total", "counter",
					     "Evidence noted, by source and kind." };
	static const struct metric dropped = { "ipwl_evidence_dropped_total", "counter",
					       "Evidence not noted, by source and reason." };
	static const struct metric last = {
		"ipwl_evidence_last_timestamp_seconds", "gauge",
		"When evidence of a source was last noted; 0: not since the start."
	};

	exposition_head(to, &noted);
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
			exposition_add(to, "%s{source=\"%s\",kind=\"%s\"} %" PRIu64 "\n",
				       noted.name, evidence_source_names[source],
				       evidence_kind_names[kind], counters->evidence[source][kind]);
	exposition_head(to, &dropped);
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		for (int reason = 0; reason < EVIDENCE_DROP_COUNT; reason++)
			exposition_add(to, "%s{source=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
				       dropped.name, evidence_source_names[source],
				       evidence_drop_names[reason],
				       counters->dropped[source][reason]);
	exposition_head(to, &last);
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		exposition_add(to, "%s{source=\"%s\"} %" PRId64 "\n", last.name,
			       evidence_source_names[source], counters->last_evidence_sec[source]);
}

void learn_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric held = {
		"ipwl_learned_held", "gauge",
		"Learned addresses whose next state is held by a limit or the guard."
	};
	static const struct metric failing = { "ipwl_learning_failing", "gauge",
					       "Whether learn.db cannot be used (1)." };
	struct learning_counters counters;

	if (!runtime->snapshot->config->learn.is_on)
		return;
	learning_read_counters(runtime->view.learning, &counters);
	write_entries(&counters, to);
	write_domains(&counters, to);
	write_removals(&counters, to);
	write_evidence(&counters, to);
	exposition_single(to, &held, counters.held);
	exposition_single(to, &failing, counters.is_failing);
}
