/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the text of a result. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "dns/result.h"

static void write_family(FILE *stream, const char *key, const struct dns_family *family)
{
	char message[DNS_MESSAGE_BYTES];

	snprintf(message, sizeof(message), "%s", family->message);
	utf8_sanitize(message, strlen(message));
	fprintf(stream, "%s %s %" PRIu32 " %" PRIu32 " %s%s%s\n", key,
		dns_status_names[family->status], family->lookups, family->voids,
		family->is_incomplete ? "incomplete" : "complete", *message ? " " : "", message);
}

static void write_term_number(FILE *stream, const char *key, uint32_t term)
{
	if (term == DNS_NO_TERM)
		fprintf(stream, "%s - ", key);
	else
		fprintf(stream, "%s %" PRIu32 " ", key, term);
}

int dns_result_write(const struct dns_result *result, FILE *stream)
{
	char text[PREFIX_TEXT_BYTES];

	fprintf(stream, "dns 1\nttl_sec %" PRIu32 "\nauthenticated %s\n", result->ttl_sec,
		result->is_authenticated ? "yes" : "no");
	write_family(stream, "ipv4", &result->families[FAMILY_IPV4]);
	write_family(stream, "ipv6", &result->families[FAMILY_IPV6]);
	for (size_t i = 0; i < result->record_count; i++) {
		const struct dns_record *record = &result->records[i];

		write_term_number(stream, "record", record->parent_term);
		fprintf(stream, "%s\n", record->domain);
		for (size_t j = 0; j < record->term_count; j++) {
			const struct dns_term *term = &result->terms[record->first_term + j];

			fprintf(stream, "term %s %s %s\n",
				dns_outcome_names[term->outcomes[FAMILY_IPV4]],
				dns_outcome_names[term->outcomes[FAMILY_IPV6]], term->text);
		}
	}
	for (size_t i = 0; i < result->prefix_count; i++) {
		write_term_number(stream, "prefix", result->prefixes[i].term);
		fprintf(stream, "%s\n", prefix_format(&result->prefixes[i].prefix, text));
	}
	fputs("end\n", stream);
	return ferror(stream) || fflush(stream) ? -EIO : 0;
}
