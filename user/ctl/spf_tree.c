/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the expansion of an SPF record as text. */
#include "ctl/spf_tree.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/plural.h"

/* RFC 7208, section 4.6.4. */
#define LOOKUPS_MAX 10
#define VOIDS_MAX 2
#define OUTCOME_BYTES 96

static const char *const family_names[FAMILY_COUNT] = { "IPv4", "IPv6" };

/* ---- terms ------------------------------------------------------------------ */

/* Whether a term is @above or was reached through it. */
static bool is_below(const struct dns_result *result, uint32_t term, uint32_t above)
{
	while (term != DNS_NO_TERM && term != above)
		term = result->records[result->terms[term].record].parent_term;
	return term == above;
}

/* The networks of a family that the term has brought. */
static size_t count_networks(const struct dns_result *result, uint32_t term, enum family family)
{
	size_t count = 0;

	for (size_t i = 0; i < result->prefix_count; i++)
		count += result->prefixes[i].prefix.family == family &&
			 is_below(result, result->prefixes[i].term, term);
	return count;
}

static void describe_outcome(const struct dns_result *result, uint32_t term, enum family family,
			     char text[OUTCOME_BYTES])
{
	static const char *const words[DNS_OUTCOME_COUNT] = {
		[DNS_TERM_NOT_REACHED] = "not reached",
		[DNS_TERM_REFUSED] = "gives no pass",
		[DNS_TERM_VOID] = "no answer",
		[DNS_TERM_OTHER_FAMILY] = "",
		[DNS_TERM_NO_EFFECT] = "",
		[DNS_TERM_MACRO] = "skipped: it depends on the message",
		[DNS_TERM_EXISTS] = "skipped: it depends on the message",
		[DNS_TERM_PTR] = "skipped: it depends on the client's name",
		[DNS_TERM_TOO_WIDE] = "left out: too broad",
		[DNS_TERM_RESERVED] = "left out: reserved address space",
		[DNS_TERM_ERROR] = "error",
	};
	const enum dns_outcome outcome = result->terms[term].outcomes[family];
	const size_t count = count_networks(result, term, family);

	if (outcome == DNS_TERM_TAKEN)
		snprintf(text, OUTCOME_BYTES, "%zu %s", count,
			 plural(count, "network", "networks"));
	else
		snprintf(text, OUTCOME_BYTES, "%s", words[outcome]);
}

static enum colour colour_of(const struct dns_term *term)
{
	enum colour colour = COLOUR_NONE;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (term->outcomes[family] == DNS_TERM_ERROR)
			return COLOUR_RED;
		if (term->outcomes[family] >= DNS_TERM_MACRO)
			colour = COLOUR_YELLOW;
	}
	return colour;
}

/* "2 networks" if both families say the same, else each with its name. */
static void write_outcomes(struct writer *writer, const struct dns_result *result, uint32_t term)
{
	char texts[FAMILY_COUNT][OUTCOME_BYTES];
	bool is_first = true;

	for (int family = 0; family < FAMILY_COUNT; family++)
		describe_outcome(result, term, (enum family)family, texts[family]);
	if (result->terms[term].outcomes[FAMILY_IPV4] ==
		result->terms[term].outcomes[FAMILY_IPV6] &&
	    result->terms[term].outcomes[FAMILY_IPV4] != DNS_TERM_TAKEN) {
		if (*texts[0])
			writer_text(writer, colour_of(&result->terms[term]), "  %s", texts[0]);
		return;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!*texts[family])
			continue;
		writer_text(writer, colour_of(&result->terms[term]), "%s%s %s",
			    is_first ? "  " : ", ", family_names[family], texts[family]);
		is_first = false;
	}
}

static void write_record(struct writer *writer, const struct dns_result *result, uint32_t index,
			 int indent)
{
	const struct dns_record *record = &result->records[index];

	for (uint32_t i = 0; i < record->term_count; i++) {
		const uint32_t term = record->first_term + i;

		writer_text(writer, COLOUR_NONE, "%*s%s", indent, "", result->terms[term].text);
		write_outcomes(writer, result, term);
		writer_line_end(writer);
		if (result->terms[term].target_record != DNS_NO_TERM)
			write_record(writer, result, result->terms[term].target_record, indent + 2);
	}
}

/* ---- families --------------------------------------------------------------- */

static void write_family(struct writer *writer, const struct dns_result *result, enum family family)
{
	static const char *const words[DNS_STATUS_COUNT] = {
		[DNS_OK] = "",
		[DNS_NO_RECORD] = ": there is no SPF record",
		[DNS_NO_DOMAIN] = ": the domain does not exist",
		[DNS_PERMANENT] = ": error in the record",
		[DNS_TEMPORARY] = ": temporary failure",
	};
	const struct dns_family *found = &result->families[family];
	const bool is_good = found->status == DNS_OK && !found->is_incomplete;
	size_t count = 0;

	for (size_t i = 0; i < result->prefix_count; i++)
		count += result->prefixes[i].prefix.family == family;
	writer_text(writer, is_good ? COLOUR_GREEN : COLOUR_YELLOW,
		    "%s: %zu %s, %" PRIu32 " of %d lookups, %" PRIu32
		    " of %d without an answer%s%s",
		    family_names[family], count, plural(count, "network", "networks"),
		    found->lookups, LOOKUPS_MAX, found->voids, VOIDS_MAX, words[found->status],
		    found->status == DNS_OK && found->is_incomplete ? ": incomplete" : "");
	writer_line_end(writer);
	if (!*found->message)
		return;
	writer_text(writer, COLOUR_NONE, "    %s", found->message);
	writer_line_end(writer);
}

void spf_tree_write(struct writer *writer, const struct dns_result *result)
{
	char duration[DURATION_TEXT_BYTES], text[PREFIX_TEXT_BYTES];

	if (result->record_count) {
		writer_text(writer, COLOUR_NONE, "%s", result->records[0].domain);
		writer_line_end(writer);
		write_record(writer, result, 0, 2);
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		write_family(writer, result, (enum family)family);
	if (result->ttl_sec) {
		writer_text(writer, COLOUR_NONE, "valid for %s%s",
			    duration_format(result->ttl_sec, duration),
			    result->is_authenticated ? ", authenticated" : "");
		writer_line_end(writer);
	}
	for (size_t i = 0; i < result->prefix_count; i++) {
		writer_text(writer, COLOUR_NONE, "%s",
			    prefix_format_short(&result->prefixes[i].prefix, text));
		writer_line_end(writer);
	}
}
