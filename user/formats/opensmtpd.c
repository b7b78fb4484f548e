/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of OpenSMTPD: one address or network per line. */
#include <string.h>

#include "formats/key.h"
#include "formats/parser.h"

static int read_opensmtpd(struct reading *reading)
{
	struct token rest = line_content(reading->line), comment, key, plain;
	struct entry entry = reading_entry(reading);
	char buffer[UNBRACKET_BYTES];
	const char *reason;

	if (rest.bytes == 0 || rest.text[0] == '#')
		return 0;
	reading->result->record_count++;
	comment = key_cut_comment(&rest);
	if (!key_cut(reading, &rest, &key))
		return 0;
	plain = token_unbracket(&key, buffer);
	if (!reading_prefix(reading, &plain, HOST_BITS_CUT, &entry.prefix))
		return 0;
	rest = token_trim(rest);
	if (rest.bytes > 0 && rest.text[0] == ',')
		rest =
		    token_trim((struct token) { rest.text + 1, rest.bytes - 1, rest.position + 1 });
	if (!reading_value(reading, &key, &rest))
		return 0;
	reason = line_reason(&comment);
	reason = reason ? reason : line_reason(&rest);
	if (reason)
		entry.reason = reason;
	return reading_add(reading, &key, &entry);
}

/* Whether the line is a quoted key with nothing after it. */
static bool is_opensmtpd_line(const struct token *line)
{
	struct token content = *line, key;

	key_cut_comment(&content);
	if (content.bytes < 3 || content.text[0] != '"' || content.text[content.bytes - 1] != '"')
		return false;
	key = (struct token) { content.text + 1, content.bytes - 2, 0 };
	return token_is_prefix(&key);
}

const struct format_parser format_opensmtpd = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_opensmtpd_line,
	.has_plain_lines = true,
	.read_line = read_opensmtpd,
};
