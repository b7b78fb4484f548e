/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `explain`: the evidence about an address or a domain, and what the rules make of it. */
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "ctl/exchange.h"
#include "ctl/learn.h"

static const struct column address_columns[] = {
	{ "subject", NULL, FORM_PLAIN },  { "kind", NULL, FORM_PLAIN },
	{ "prefix", NULL, FORM_PLAIN },	  { "learned", NULL, FORM_PLAIN },
	{ "never", NULL, FORM_PLAIN },	  { "complaints", NULL, FORM_PLAIN },
	{ "name", NULL, FORM_PLAIN },	  { "rules", NULL, FORM_PLAIN },
	{ "days", NULL, FORM_PLAIN },	  { "domains", NULL, FORM_PLAIN },
	{ "hosts", NULL, FORM_PLAIN },	  { "spf", NULL, FORM_PLAIN },
	{ "sessions", NULL, FORM_PLAIN }, { NULL, NULL, FORM_PLAIN },
};

static const struct column subject_columns[] = {
	{ "subject", NULL, FORM_PLAIN },
	{ "kind", NULL, FORM_PLAIN },
	{ "partner", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* A day has only the kinds of evidence that occurred. */
static const struct column day_columns[] = {
	{ "day", "DAY", FORM_PLAIN },
	{ "sent", "SENT", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "accepted", "ACCEPTED", FORM_NUMBER },
	{ "rejected", "REJECTED", FORM_NUMBER },
	{ "listed", "LISTED", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "ham", "HAM", FORM_NUMBER },
	{ "spam", "SPAM", FORM_NUMBER },
	{ "reply", "REPLIES", FORM_NUMBER },
	{ "reported-ham", "REPORTED-HAM", FORM_NUMBER },
	{ "reported-spam", "REPORTED-SPAM", FORM_NUMBER },
	{ "outbound", "OUTBOUND", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "inbound", "INBOUND", FORM_NUMBER | COLUMN_LEAVES(4) },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column domain_columns[] = {
	{ "domain", "DOMAIN", FORM_PLAIN | COLUMN_NAME },
	{ "authenticated_days", "AUTHENTICATED-DAYS", FORM_NUMBER },
	{ "server", "SERVER", FORM_PLAIN },
	{ "messages", "OUR-MESSAGES", FORM_NUMBER },
	{ "days", "DAYS", FORM_NUMBER },
	{ "users", "USERS", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column link_columns[] = {
	{ "prefix", "ADDRESS", FORM_PLAIN },
	{ "authenticated_days", "AUTHENTICATED-DAYS", FORM_NUMBER },
	{ "server", "SERVER", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "state", "STATE", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void write_line(struct writer *writer, enum colour colour, const char *label,
		       const char *text)
{
	writer_text(writer, colour, "%s%s", label, text);
	writer_line_end(writer);
}

/* ---- an address ------------------------------------------------------------- */

static void write_standing(struct writer *writer, const json_t *answer)
{
	const json_t *learned = json_object_get(answer, "learned");
	const bool is_in_force = json_is_true(json_object_get(learned, "in_force"));

	if (!json_is_object(learned)) {
		write_line(writer, COLOUR_NONE, text_of(answer, "prefix"), ": not learned");
	} else {
		writer_text(writer, is_in_force ? COLOUR_GREEN : COLOUR_NONE,
			    "%s: %s since %s, %s, by rule %s", text_of(answer, "prefix"),
			    text_of(learned, "state"), text_of(learned, "since"),
			    is_in_force ? "in force" : "not in force", text_of(learned, "rule"));
		writer_line_end(writer);
		write_line(writer, COLOUR_NONE, "why: ", text_of(learned, "why"));
	}
	if (*text_of(learned, "next_at")) {
		writer_text(writer, COLOUR_NONE, "next: %s at %s",
			    *text_of(learned, "next_state") ? text_of(learned, "next_state")
							    : "forgotten",
			    text_of(learned, "next_at"));
		writer_line_end(writer);
	}
	if (json_is_true(json_object_get(learned, "held")))
		write_line(writer, COLOUR_YELLOW, "held: ", "a limit holds the next state");
	if (*text_of(answer, "never"))
		write_line(writer, COLOUR_YELLOW, "never learned: ", text_of(answer, "never"));
	if (*text_of(answer, "name"))
		write_line(writer, COLOUR_NONE, "reverse name: ", text_of(answer, "name"));
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* Sessions that the kernel counted. */
static void write_sessions(struct writer *writer, const json_t *sessions)
{
	if (!json_is_object(sessions))
		return;
	writer_text(writer, COLOUR_NONE, "SMTP sessions since %s: %lld outbound, %lld inbound",
		    text_of(sessions, "since"), number_of(sessions, "outbound"),
		    number_of(sessions, "inbound"));
	writer_line_end(writer);
	if (*text_of(sessions, "last_outbound_at")) {
		writer_text(
		    writer, COLOUR_NONE, "  outbound: %lld %s sent, %lld received, the last at %s",
		    number_of(sessions, "sent_bytes"),
		    plural((uint64_t)number_of(sessions, "sent_bytes"), "byte", "bytes"),
		    number_of(sessions, "received_bytes"), text_of(sessions, "last_outbound_at"));
		writer_line_end(writer);
	}
	if (*text_of(sessions, "last_inbound_at")) {
		writer_text(writer, COLOUR_NONE, "  inbound: %lld %s received, the last at %s",
			    number_of(sessions, "inbound_bytes"),
			    plural((uint64_t)number_of(sessions, "inbound_bytes"), "byte", "bytes"),
			    text_of(sessions, "last_inbound_at"));
		writer_line_end(writer);
	}
}

static void write_rule(struct writer *writer, const json_t *rule)
{
	const json_t *criteria = json_object_get(rule, "criteria");
	const bool is_used = json_is_true(json_object_get(rule, "used"));
	const bool is_met = json_is_true(json_object_get(rule, "met"));
	const json_t *criterion;
	size_t i;

	writer_text(writer, is_used && is_met ? COLOUR_GREEN : COLOUR_NONE, "rule %s: %s%s%s%s",
		    text_of(rule, "rule"), is_met ? "met" : "not met", is_used ? "" : ", not used",
		    *text_of(rule, "domain") ? ", for " : "", text_of(rule, "domain"));
	writer_line_end(writer);
	json_array_foreach(criteria, i, criterion)
	{
		const bool is_criterion_met = json_is_true(json_object_get(criterion, "met"));

		writer_text(writer, COLOUR_NONE, "  %s %s", is_criterion_met ? "[x]" : "[ ]",
			    text_of(criterion, "text"));
		writer_line_end(writer);
	}
}

/* What a host of the fleet has seen, as part of the days. */
static void write_host(struct writer *writer, const json_t *host)
{
	const char *key, *before = ": ";
	json_t *value;

	writer_text(writer, COLOUR_NONE, "of these on %s", text_of(host, "host"));
	json_object_foreach((json_t *)(uintptr_t)host, key, value)
	{
		if (!json_is_integer(value) || !strcmp(key, "days"))
			continue;
		writer_text(writer, COLOUR_NONE, "%s%lld %s", before,
			    (long long)json_integer_value(value), key);
		before = ", ";
	}
	writer_text(writer, COLOUR_NONE, ", on %lld %s", number_of(host, "days"),
		    plural((uint64_t)number_of(host, "days"), "day", "days"));
	writer_line_end(writer);
}

static void write_address(struct writer *writer, const json_t *answer)
{
	const json_t *rules = json_object_get(answer, "rules");
	const json_t *days = json_object_get(answer, "days");
	const json_t *rule, *host;
	size_t i;

	writer_members(writer, address_columns, answer);
	if (writer->is_json)
		return;
	write_standing(writer, answer);
	write_sessions(writer, json_object_get(answer, "sessions"));
	json_array_foreach(rules, i, rule) write_rule(writer, rule);
	writer_table(writer, NULL, day_columns, "", days);
	json_array_foreach(json_object_get(answer, "hosts"), i, host) write_host(writer, host);
	writer_table(writer, NULL, domain_columns, "", json_object_get(answer, "domains"));
	if (!json_array_size(days))
		write_line(writer, COLOUR_NONE, "", "there is no evidence");
}

/* ---- a domain --------------------------------------------------------------- */

/* What becomes of the SPF record of a partner. */
static void write_record(struct writer *writer, const json_t *partner)
{
	const bool is_in_force = json_is_true(json_object_get(partner, "in_force"));
	const json_int_t entries = json_integer_value(json_object_get(partner, "entries"));

	if (!*text_of(partner, "since"))
		return;
	writer_text(writer, is_in_force ? COLOUR_GREEN : COLOUR_NONE,
		    "SPF record: %s since %s, %s, %lld %s", text_of(partner, "state"),
		    text_of(partner, "since"), is_in_force ? "in force" : "not in force",
		    (long long)entries, plural((uint64_t)entries, "entry", "entries"));
	writer_line_end(writer);
	if (json_is_true(json_object_get(partner, "held")))
		write_line(writer, COLOUR_YELLOW, "held: ", "a limit holds the next state");
}

static void write_domain(struct writer *writer, const json_t *answer)
{
	const json_t *partner = json_object_get(answer, "partner");
	const bool is_partner = json_is_true(json_object_get(partner, "partner"));
	static const char *const keys[] = { "messages", "days", "users" };
	long long counts[3];

	for (size_t i = 0; i < 3; i++)
		counts[i] = json_integer_value(json_object_get(partner, keys[i]));
	writer_members(writer, subject_columns, answer);
	writer_text(writer, is_partner ? COLOUR_GREEN : COLOUR_NONE, "%s: %s",
		    text_of(partner, "domain"), is_partner ? "a partner" : "not a partner");
	writer_line_end(writer);
	writer_text(writer, COLOUR_NONE, "our messages: %lld, on %lld %s, by %lld %s", counts[0],
		    counts[1], plural((uint64_t)counts[1], "day", "days"), counts[2],
		    plural((uint64_t)counts[2], "user", "users"));
	if (number_of(partner, "host_messages"))
		writer_text(writer, COLOUR_NONE, "; %lld of them on other hosts of the fleet",
			    number_of(partner, "host_messages"));
	writer_line_end(writer);
	if (*text_of(partner, "never"))
		write_line(writer, COLOUR_YELLOW, "never a partner: ", text_of(partner, "never"));
	write_record(writer, partner);
	writer_table(writer, "addresses", link_columns, "", json_object_get(answer, "addresses"));
}

static void write_explanation(struct writer *writer, const json_t *answer)
{
	if (!strcmp(text_of(answer, "kind"), "domain"))
		write_domain(writer, answer);
	else
		write_address(writer, answer);
}

static enum ctl_exit run_explain(const struct arguments *arguments)
{
	const struct parameter query[] = { { "subject", arguments->positional[0] },
					   { NULL, NULL } };
	const struct request request = { .method = "GET",
					 .path = "/v1/explain",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "kind", write_explanation);
}

const struct command command_explain = {
	.name = "explain",
	.positional = "ADDRESS|DOMAIN",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "show the evidence about a sender, and what the rules make of it",
	.description =
	    "For an address: its state, which conditions of each rule it meets and which\n"
	    "it lacks, and the evidence of each day. For a domain: whether it is a\n"
	    "partner, and the addresses that send for it.",
	.run = run_explain,
};
