/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes JSON of the expansion of an SPF record. */
#include "ctl/spf_tree.h"

static const char *const family_keys[FAMILY_COUNT] = { "ipv4", "ipv6" };

static json_t *family_json(const struct dns_family *family)
{
	return json_pack("{s:s, s:i, s:i, s:b, s:s?}", "status", dns_status_names[family->status],
			 "lookups", (int)family->lookups, "voids", (int)family->voids, "complete",
			 !family->is_incomplete, "message",
			 *family->message ? family->message : NULL);
}

static json_t *prefixes_json(const struct dns_result *result, uint32_t term)
{
	json_t *array = json_array();
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; array && i < result->prefix_count; i++)
		if (result->prefixes[i].term == term)
			json_array_append_new(array, json_string(prefix_format_short(
							 &result->prefixes[i].prefix, text)));
	return array;
}

/* The nesting is at most as deep as there are lookups: the number of records is limited. */
static json_t *record_json(const struct dns_result *result, uint32_t index)
{
	const struct dns_record *record = &result->records[index];
	json_t *terms = json_array();

	for (uint32_t i = 0; terms && i < record->term_count; i++) {
		const struct dns_term *term = &result->terms[record->first_term + i];
		json_t *object = json_pack(
		    "{s:s, s:s, s:s, s:o}", "term", term->text, family_keys[FAMILY_IPV4],
		    dns_outcome_names[term->outcomes[FAMILY_IPV4]], family_keys[FAMILY_IPV6],
		    dns_outcome_names[term->outcomes[FAMILY_IPV6]], "prefixes",
		    prefixes_json(result, record->first_term + i));

		json_object_set_new(object, "record",
				    term->target_record == DNS_NO_TERM
					? json_null()
					: record_json(result, term->target_record));
		json_array_append_new(terms, object);
	}
	return json_pack("{s:s, s:o}", "domain", record->domain, "terms", terms);
}

json_t *spf_tree_json(const struct dns_result *result)
{
	json_t *record = result->record_count ? record_json(result, 0) : json_null();

	return json_pack("{s:s, s:i, s:b, s:o, s:o, s:o}", "status",
			 dns_status_names[dns_result_status(result)], "ttl_seconds",
			 (int)result->ttl_sec, "authenticated", result->is_authenticated, "ipv4",
			 family_json(&result->families[FAMILY_IPV4]), "ipv6",
			 family_json(&result->families[FAMILY_IPV6]), "record", record);
}
