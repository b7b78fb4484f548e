/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dnswl.org's generic format: address, category, trust, domain, id. */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"
#include "formats/trust.h"

enum dnswl_field {
	DNSWL_ADDRESS,
	DNSWL_CATEGORY,
	DNSWL_TRUST,
	DNSWL_DOMAIN,
	DNSWL_ID,
	DNSWL_COUNT
};

/* Whether this is the answer of a server to a client that asks too often. */
static bool is_quota_note(const struct prefix *prefix)
{
	static const uint8_t over_quota[4] = { 127, 0, 0, 255 };

	return prefix->family == FAMILY_IPV4 && !memcmp(prefix->addr, over_quota, 4);
}

/* Why a record does not become an entry; FORMAT_SKIP_COUNT: it does. */
static enum format_skip find_skip(const struct format_input *input, const struct prefix *prefix,
				  enum trust trust)
{
	if (is_quota_note(prefix))
		return FORMAT_SKIP_QUOTA;
	if (trust_is_enough(trust, input->min_trust))
		return FORMAT_SKIP_COUNT;
	return input->min_trust == TRUST_BY_FORMAT ? FORMAT_SKIP_TRUST : FORMAT_SKIP_MIN_TRUST;
}

static int read_dnswl(struct reading *reading)
{
	struct token content = line_content(reading->line), fields[DNSWL_COUNT];
	struct entry entry = reading_entry(reading);
	enum format_skip skip;
	const char *reason;
	enum trust trust;
	uint64_t category;
	size_t count;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	reading->result->record_count++;
	count = token_split(&content, ';', fields, DNSWL_COUNT);
	if (count < DNSWL_DOMAIN || count > DNSWL_COUNT ||
	    !token_number(&fields[DNSWL_CATEGORY], &category)) {
		reading_bad(reading, 1,
			    "not address;category;trust;domain;id, as dnswl.org writes");
		return 0;
	}
	if (!reading_prefix(reading, &fields[DNSWL_ADDRESS], HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	if (!trust_find(fields[DNSWL_TRUST].text, fields[DNSWL_TRUST].bytes, &trust)) {
		reading_bad(reading, fields[DNSWL_TRUST].position + 1,
			    "\"%.*s\" is not a trust level: write none, low, med, hi, or 0 to 3",
			    (int)fields[DNSWL_TRUST].bytes, fields[DNSWL_TRUST].text);
		return 0;
	}
	skip = find_skip(reading->input, &entry.prefix, trust);
	if (skip != FORMAT_SKIP_COUNT) {
		reading_skip(reading, skip);
		return 0;
	}
	reason = count > DNSWL_DOMAIN ? line_reason(&fields[DNSWL_DOMAIN]) : NULL;
	if (reason)
		entry.reason = reason;
	return reading_add(reading, &fields[DNSWL_ADDRESS], &entry);
}

static bool is_dnswl_line(const struct token *line)
{
	struct token fields[DNSWL_COUNT];
	enum trust trust;
	uint64_t category;

	return token_split(line, ';', fields, DNSWL_COUNT) == DNSWL_COUNT &&
	       token_is_prefix(&fields[DNSWL_ADDRESS]) &&
	       token_number(&fields[DNSWL_CATEGORY], &category) &&
	       trust_find(fields[DNSWL_TRUST].text, fields[DNSWL_TRUST].bytes, &trust);
}

const struct format_parser format_dnswl = {
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_allow_only = true,
	.is_own = is_dnswl_line,
	.read_line = read_dnswl,
};
