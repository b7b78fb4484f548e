/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of spamdb(8). */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"

enum white_field {
	WHITE_KIND,
	WHITE_ADDRESS,
	WHITE_FIRST = 4,
	WHITE_PASS,
	WHITE_EXPIRE,
	WHITE_COUNT = 9,
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

	if (count != WHITE_COUNT || !token_number(&fields[WHITE_EXPIRE], &expires)) {
		reading_bad(
		    reading, 1,
		    "not WHITE|address|||first|pass|expire|block|pass, as spamdb prints it");
		return 0;
	}
	if (!reading_prefix(reading, address, HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	if (expires)
		reading_expire(reading, &entry, (int64_t)expires);
	return reading_add(reading, address, &entry);
}

static int read_spamdb(struct reading *reading)
{
	struct token content = line_content(reading->line), fields[WHITE_COUNT];
	size_t count;

	if (content.bytes == 0)
		return 0;
	reading->result->record_count++;
	count = token_split(&content, '|', fields, WHITE_COUNT);
	if (count > 1 && token_is(&fields[WHITE_KIND], "WHITE"))
		return read_white(reading, fields, count);
	if (count > 1 && is_other_kind(&fields[WHITE_KIND]))
		reading_skip(reading, FORMAT_SKIP_KIND);
	else
		reading_bad(reading, 1,
			    "not a record of spamdb: WHITE, GREY, TRAPPED or SPAMTRAP, then |");
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
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_allow_only = true,
	.is_own = is_spamdb_line,
	.read_line = read_spamdb,
};
