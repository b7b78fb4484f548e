/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds results, and answers questions about them. */
#include "dns/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16

const char *const dns_status_names[DNS_STATUS_COUNT] = {
	[DNS_OK] = "ok",
	[DNS_NO_RECORD] = "no-record",
	[DNS_NO_DOMAIN] = "no-domain",
	[DNS_PERMANENT] = "permanent",
	[DNS_TEMPORARY] = "temporary",
};

const char *const dns_outcome_names[DNS_OUTCOME_COUNT] = {
	[DNS_TERM_NOT_REACHED] = "not-reached",
	[DNS_TERM_TAKEN] = "taken",
	[DNS_TERM_REFUSED] = "refused",
	[DNS_TERM_VOID] = "void",
	[DNS_TERM_OTHER_FAMILY] = "other-family",
	[DNS_TERM_NO_EFFECT] = "no-effect",
	[DNS_TERM_MACRO] = "macro",
	[DNS_TERM_EXISTS] = "exists",
	[DNS_TERM_PTR] = "ptr",
	[DNS_TERM_TOO_WIDE] = "too-wide",
	[DNS_TERM_RESERVED] = "reserved",
	[DNS_TERM_ERROR] = "error",
};

void dns_result_done(struct dns_result *result)
{
	for (size_t i = 0; i < result->term_count; i++)
		free(result->terms[i].text);
	free(result->terms);
	free(result->records);
	free(result->prefixes);
	*result = (struct dns_result) { 0 };
}

enum dns_status dns_result_status(const struct dns_result *result)
{
	static const enum dns_status order[] = { DNS_TEMPORARY, DNS_OK, DNS_PERMANENT };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			if (result->families[family].status == order[i])
				return order[i];
	return result->families[FAMILY_IPV4].status;
}

const struct dns_record *dns_result_branch(const struct dns_result *result, uint32_t term)
{
	const struct dns_record *branch = NULL;
	uint32_t record = result->terms[term].record;

	while (result->records[record].parent_term != DNS_NO_TERM) {
		branch = &result->records[record];
		record = result->terms[branch->parent_term].record;
	}
	return branch;
}

/* ---- building --------------------------------------------------------------- */

/* Make room for one more element. The capacity is the power of two that holds @count. Return: 0,
 * -ENOMEM, or -E2BIG above @max. */
static int reserve(void **elements, size_t count, size_t max, size_t element_bytes)
{
	void *grown;

	if (count >= max)
		return -E2BIG;
	if (count && (count < FIRST_CAPACITY || (count & (count - 1))))
		return 0;
	grown = reallocarray(*elements, count ? 2 * count : FIRST_CAPACITY, element_bytes);
	if (!grown)
		return -ENOMEM;
	*elements = grown;
	return 0;
}

int dns_result_add_record(struct dns_result *result, const char *domain, uint32_t parent_term)
{
	void *records = result->records;
	struct dns_record *record;
	int err =
	    reserve(&records, result->record_count, DNS_RECORDS_MAX, sizeof(*result->records));

	if (err)
		return err;
	result->records = records;
	record = &result->records[result->record_count];
	*record = (struct dns_record) { .parent_term = parent_term,
					.first_term = (uint32_t)result->term_count };
	if (!dns_name_normalise(domain, strlen(domain), record->domain))
		return -EINVAL;
	if (parent_term != DNS_NO_TERM)
		result->terms[parent_term].target_record = (uint32_t)result->record_count;
	result->record_count++;
	return 0;
}

/* A copy that is short and clean. */
static char *copy_term(const char *text, size_t bytes)
{
	const bool is_long = bytes >= DNS_TERM_BYTES;
	const size_t length = is_long ? DNS_TERM_BYTES - 1 : bytes;
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	for (size_t i = 0; i < length; i++)
		copy[i] = (char)(text[i] > ' ' && text[i] < 0x7f ? text[i] : '?');
	if (is_long)
		memset(copy + length - 3, '.', 3);
	copy[length] = '\0';
	return copy;
}

int dns_result_add_term(struct dns_result *result, const char *text, size_t bytes)
{
	void *terms = result->terms;
	struct dns_term *term;
	int err = reserve(&terms, result->term_count, DNS_TERMS_MAX, sizeof(*result->terms));

	if (err)
		return err;
	result->terms = terms;
	term = &result->terms[result->term_count];
	*term = (struct dns_term) { .text = copy_term(text, bytes),
				    .record = (uint32_t)result->record_count - 1,
				    .target_record = DNS_NO_TERM };
	if (!term->text)
		return -ENOMEM;
	result->records[term->record].term_count++;
	result->term_count++;
	return 0;
}

int dns_result_add_prefix(struct dns_result *result, const struct prefix *prefix, uint32_t term)
{
	void *prefixes = result->prefixes;
	int err =
	    reserve(&prefixes, result->prefix_count, DNS_PREFIXES_MAX, sizeof(*result->prefixes));

	if (err)
		return err;
	result->prefixes = prefixes;
	result->prefixes[result->prefix_count++] = (struct dns_prefix) { *prefix, term };
	return 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(&((const struct dns_prefix *)a)->prefix,
			      &((const struct dns_prefix *)b)->prefix);
}

void dns_result_finish(struct dns_result *result)
{
	if (result->prefix_count)
		qsort(result->prefixes, result->prefix_count, sizeof(*result->prefixes),
		      compare_prefixes);
}
