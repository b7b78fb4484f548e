/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes learned addresses and partners as JSON. */
#include "api/learn_json.h"

#include "http/http.h"
#include "runtime/runtime.h"

#define DATE_BYTES 10 /* 2026-11-28 */

json_t *day_json(int64_t day)
{
	char text[TIME_TEXT_BYTES];

	time_format(day * LEARN_DAY_SEC, text);
	return json_stringn(text, DATE_BYTES);
}

json_t *json_text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

json_t *learned_json(const struct learned *learned, const char *list)
{
	const enum learn_state next = learn_next_state(learned->state);
	char prefix[PREFIX_TEXT_BYTES];
	json_t *json;

	json = json_pack(
	    "{s:s,s:o,s:o,s:s,s:b,s:s,s:s,s:f,s:o,s:o,s:o,s:o,s:o,s:b}", "prefix",
	    prefix_format(&learned->prefix, prefix), "domain", json_text_or_null(learned->domain),
	    "list", json_text(list), "state", learn_state_names[learned->state], "in_force",
	    learn_state_is_in_force(learned->state), "rule", learn_rule_names[learned->rule],
	    "cause", learn_cause_names[learned->cause], "score", learned->score, "since",
	    json_time(learned->since_sec), "added_at", json_time(learned->added_sec), "why",
	    json_text(learned->why), "next_state",
	    next == LEARN_NONE ? json_null() : json_string(learn_state_names[next]), "next_at",
	    json_time(learned->next_sec), "held", learned->is_held);
	return json;
}

json_t *partner_json(const struct learn_partner *partner)
{
	const struct learned *learned = &partner->learned;

	return json_pack(
	    "{s:s,s:b,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:s,s:b,s:o,s:o,s:b,s:o}", "domain",
	    partner->domain, "partner", partner->is_partner, "messages",
	    (json_int_t)partner->messages, "host_messages", (json_int_t)partner->host_messages,
	    "days", (json_int_t)partner->days, "users", (json_int_t)partner->users, "last_day",
	    partner->last_day ? day_json(partner->last_day) : json_null(), "never",
	    json_text(partner->never), "addresses", json_count(partner->address_count), "state",
	    learn_state_names[learned->state], "in_force", learn_state_is_in_force(learned->state),
	    "since", json_time(learned->since_sec), "next_at", json_time(learned->next_sec), "held",
	    learned->is_held, "entries", json_count(partner->entry_count));
}

static json_t *domain_counts_json(const struct learning_counters *counters)
{
	json_t *json = json_object();

	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++)
		json_object_set_new(json, learn_state_names[state],
				    json_count(counters->domains[state]));
	return json;
}

/* The number of addresses in each state. */
static json_t *learned_counts_json(const struct learning_counters *counters)
{
	json_t *json = json_object();

	for (int state = LEARN_NONE + 1; state < LEARN_STATE_COUNT; state++) {
		uint64_t count = 0;

		for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
			count += counters->entries[state][rule];
		json_object_set_new(json, learn_state_names[state], json_count(count));
	}
	return json;
}

json_t *learning_json(const struct runtime *runtime)
{
	const struct learn_settings *settings = &runtime->snapshot->config->learn;
	struct learning_counters counters;
	json_t *last;

	if (!settings->is_on)
		return json_null();
	learning_read_counters(runtime->view.learning, &counters);
	last = json_object();
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++)
		json_object_set_new(last, evidence_source_names[source],
				    json_time(counters.last_evidence_sec[source]));
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:b}", "mode",
			 settings->is_auto ? "auto" : "suggest", "list", settings->list,
			 "addresses", learned_counts_json(&counters), "domains",
			 domain_counts_json(&counters), "last_evidence", last, "held",
			 json_count(counters.held), "failing", counters.is_failing);
}
