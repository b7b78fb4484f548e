/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of fields: dnswl.org's generic format, and what spamdb(8) prints. */
#include <string.h>

#include "formats/reading.h"

/* ---- dnswl --------------------------------------------------------------------- */

enum dnswl_field {
	DNSWL_ADDRESS,
	DNSWL_CATEGORY,
	DNSWL_TRUST,
	DNSWL_DOMAIN,
	DNSWL_ID,
	DNSWL_COUNT
};

/* Split a line; the number of fields there are. */
static size_t split(const struct token *content, char separator, struct token *fields, size_t max)
{
	struct token rest = *content, field;
	size_t count = 0;

	while (token_field(&rest, separator, &field)) {
		if (count < max)
			fields[count] = token_trim(field);
		count++;
	}
	return count;
}

/* 0 to 3; false: no level of trust. */
static bool find_trust(const struct token *field, size_t *ret_trust)
{
	static const char *const names[] = { "none", "low", "med", "hi" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char number[] = { (char)('0' + i), '\0' };

		if (token_is_word(field, names[i]) || token_is(field, number)) {
			*ret_trust = i;
			return true;
		}
	}
	return false;
}

/* Whether it is the answer of a server to one who asks too much. */
static bool is_quota_note(const struct prefix *prefix)
{
	static const uint8_t over_quota[4] = { 127, 0, 0, 255 };

	return prefix->family == FAMILY_IPV4 && !memcmp(prefix->addr, over_quota, 4);
}

static int read_dnswl(struct reading *reading)
{
	struct token content = line_content(reading->line), fields[DNSWL_COUNT];
	struct entry entry = reading_entry(reading);
	const char *reason;
	size_t trust, count;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	reading->result->record_count++;
	count = split(&content, ';', fields, DNSWL_COUNT);
	if (count < DNSWL_DOMAIN) {
		reading_bad(reading, 1,
			    "not address;category;trust;domain;id, as dnswl.org writes");
		return 0;
	}
	if (!reading_prefix(reading, &fields[DNSWL_ADDRESS], HOST_BITS_ARE_BAD, &entry.prefix))
		return 0;
	if (!find_trust(&fields[DNSWL_TRUST], &trust)) {
		reading_bad(reading, fields[DNSWL_TRUST].position + 1,
			    "\"%.*s\" is no trust: there are none, low, med, hi, or 0 to 3",
			    (int)fields[DNSWL_TRUST].bytes, fields[DNSWL_TRUST].text);
		return 0;
	}
	if (trust == 0 || is_quota_note(&entry.prefix)) {
		reading_skip(reading, trust == 0 ? FORMAT_SKIP_TRUST : FORMAT_SKIP_QUOTA);
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
	uint64_t category;
	size_t trust;

	return split(line, ';', fields, DNSWL_COUNT) == DNSWL_COUNT &&
	       token_is_prefix(&fields[DNSWL_ADDRESS]) &&
	       token_number(&fields[DNSWL_CATEGORY], &category) &&
	       find_trust(&fields[DNSWL_TRUST], &trust);
}

const struct format_parser format_dnswl = {
	.record_noun = "records",
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_allow_only = true,
	.is_own = is_dnswl_line,
	.read_line = read_dnswl,
};

/* ---- spamdb -------------------------------------------------------------------- */

enum white_field {
	WHITE_KIND,
	WHITE_ADDRESS,
	WHITE_FIRST = 4,
	WHITE_PASS,
	WHITE_EXPIRE,
	WHITE_COUNT,
};

static bool is_other_kind(const struct token *kind)
{
	return token_is(kind, "GREY") || token_is(kind, "TRAPPED") || token_is(kind, "SPAMTRAP");
}

static int read_white(struct reading *reading, const struct token *fields, size_t count)
{
	struct entry entry = reading_entry(reading);
	const struct token *address = &fields[WHITE_ADDRESS];
	uint64_t expires;

	if (count < WHITE_COUNT || !token_number(&fields[WHITE_EXPIRE], &expires)) {
		reading_bad(reading, 1,
			    "not WHITE|address|||first|pass|expire|block|pass, as spamdb prints");
		return 0;
	}
	if (!reading_prefix(reading, address, HOST_BITS_ARE_BAD, &entry.prefix))
		return 0;
	if (expires)
		entry.expires_at_sec = (int64_t)expires;
	return reading_add(reading, address, &entry);
}

static int read_spamdb(struct reading *reading)
{
	struct token content = line_content(reading->line), fields[WHITE_COUNT];
	size_t count;

	if (content.bytes == 0)
		return 0;
	reading->result->record_count++;
	count = split(&content, '|', fields, WHITE_COUNT);
	if (count > 1 && token_is(&fields[WHITE_KIND], "WHITE"))
		return read_white(reading, fields, count);
	if (count > 1 && is_other_kind(&fields[WHITE_KIND]))
		reading_skip(reading, FORMAT_SKIP_KIND);
	else
		reading_bad(reading, 1,
			    "no record of spamdb: WHITE, GREY, TRAPPED or SPAMTRAP "
			    "and |");
	return 0;
}

static bool is_spamdb_line(const struct token *line)
{
	struct token kind;
	struct token rest = *line;

	token_field(&rest, '|', &kind);
	return rest.text && (token_is(&kind, "WHITE") || is_other_kind(&kind));
}

const struct format_parser format_spamdb = {
	.record_noun = "records",
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_allow_only = true,
	.is_own = is_spamdb_line,
	.read_line = read_spamdb,
};
