/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes entries of what DNS answered about a domain, and says what is missing from them. */
#include "domains/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "domains/shared.h"

#define REASON_BYTES 512

static const char *const family_names[FAMILY_COUNT] = { "IPv4", "IPv6" };

int domain_answer_write(const struct dns_result *result, FILE *stream)
{
	struct dns_result lasting = *result;

	/* A cache counts it down, so the same answer would look like another. */
	lasting.ttl_sec = 0;
	return dns_result_write(&lasting, stream);
}

/* ---- what is missing ------------------------------------------------------- */

/* Why a term was not expanded; NULL: it was, or it did not need to be. */
static const char *missing_why(enum dns_outcome outcome)
{
	switch (outcome) {
	case DNS_TERM_MACRO:
		return "it depends on the message";
	case DNS_TERM_EXISTS:
		return "exists cannot be expanded";
	case DNS_TERM_PTR:
		return "ptr cannot be expanded";
	case DNS_TERM_TOO_WIDE:
		return "it is too wide";
	case DNS_TERM_RESERVED:
		return "it is reserved address space";
	case DNS_TERM_ERROR:
		return "it has an error";
	default:
		return NULL;
	}
}

static void note_terms(const struct dns_result *result, struct lines *notes)
{
	for (size_t i = 0; i < result->term_count; i++) {
		const struct dns_term *term = &result->terms[i];
		const char *why = missing_why(term->outcomes[FAMILY_IPV4]);

		if (!why)
			why = missing_why(term->outcomes[FAMILY_IPV6]);
		if (why)
			lines_add(notes, "%s in the record of %s: %s", term->text,
				  result->records[term->record].domain, why);
	}
}

static void note_families(const struct dns_result *result, struct lines *notes)
{
	const struct dns_family *families = result->families;
	const bool is_same = !strcmp(families[FAMILY_IPV4].message, families[FAMILY_IPV6].message);

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (*families[family].message && !(is_same && family))
			lines_add(notes, "%s%s%s", is_same ? "" : family_names[family],
				  is_same ? "" : ": ", families[family].message);
}

/* ---- entries ----------------------------------------------------------------- */

/* Say which term lists the addresses. NULL: they are those of a host. */
static const char *reason_of(const struct dns_result *result, uint32_t term_number,
			     const char *preface, char text[REASON_BYTES])
{
	const struct dns_term *term;

	if (term_number == DNS_NO_TERM)
		return NULL;
	term = &result->terms[term_number];
	if (term->record)
		snprintf(text, REASON_BYTES, "%.20s%.200s in the record of %.250s", preface,
			 term->text, result->records[term->record].domain);
	else
		snprintf(text, REASON_BYTES, "%.20s%.480s", preface, term->text);
	return text;
}

/* The record of a shared provider through which a term was reached; NULL: there is none. */
static const char *shared_record(const struct dns_result *result, uint32_t term, const char *shared)
{
	while (shared && term != DNS_NO_TERM) {
		const struct dns_record *record = &result->records[result->terms[term].record];

		if (domains_have(shared, record->domain))
			return record->domain;
		term = record->parent_term;
	}
	return NULL;
}

static int add_entries(const struct dns_result *result, const struct domain_reading *reading,
		       struct domain_content *content, size_t *ret_left_out)
{
	const struct provenance about = { .origin = reading->origin,
					  .added_at_sec = reading->added_at_sec };
	char reason[REASON_BYTES];
	int err = 0;

	for (size_t i = 0; i < result->prefix_count && !err; i++) {
		const struct dns_prefix *prefix = &result->prefixes[i];
		const struct entry entry = {
			.prefix = prefix->prefix,
			.source = (uint8_t)reading->source,
			.reason = reason_of(result, prefix->term, reading->preface, reason),
			.about = &about,
		};

		if (reading->takes_shared ||
		    !shared_record(result, prefix->term, reading->shared)) {
			err = entry_set_add(content->set, &entry);
			continue;
		}
		++*ret_left_out;
		if (content->shared)
			err = entry_set_add(content->shared, &entry);
	}
	return err;
}

int domain_answer_read(const char *text, size_t bytes, const struct domain_reading *reading,
		       struct domain_content *content)
{
	struct dns_result result;
	size_t left_out = 0;
	int err = dns_result_read(text, bytes, &result);

	if (err)
		return err;
	err = add_entries(&result, reading, content, &left_out);
	if (!err) {
		note_terms(&result, &content->notes);
		note_families(&result, &content->notes);
		domains_find_foreign(&result, &content->foreign);
	}
	if (left_out)
		lines_add(&content->notes, "%zu %s of shared providers: %s", left_out,
			  plural(left_out, "network", "networks"), reading->shared);
	dns_result_done(&result);
	return err;
}
