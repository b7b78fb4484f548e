/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network maps of rspamd: a prefix, and optionally a value. */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"
#include "formats/value.h"

/* rspamd reads a mask that is too long as the longest one. */
static struct token clip_mask(const struct token *token)
{
	char *slash = token->bytes > 0 ? memchr(token->text, '/', token->bytes) : NULL;
	struct token address = *token, mask;
	struct prefix prefix;
	uint64_t bits;

	if (!slash)
		return *token;
	address.bytes = (size_t)(slash - token->text);
	mask = (struct token) { slash + 1, token->bytes - address.bytes - 1, 0 };
	if (!token_number(&mask, &bits) ||
	    prefix_parse(address.text, address.bytes, &prefix, NULL) != PREFIX_OK ||
	    bits <= prefix_max_len(memchr(address.text, ':', address.bytes) ? FAMILY_IPV6
									    : FAMILY_IPV4))
		return *token;
	return address;
}

struct rspamd {
	uint32_t lines[2]; /* the first lines with a score below 0 and above 0; 0: none */
};

/* "-3.0" or "SYMBOL:-3.0" */
static bool is_score(const struct token *value, bool *ret_is_negative)
{
	struct token score = *value;
	const char *colon = score.bytes > 0 ? memchr(score.text, ':', score.bytes) : NULL;
	size_t digits = 0, start;

	if (colon) {
		start = (size_t)(colon - score.text) + 1;
		score = (struct token) { score.text + start, score.bytes - start, 0 };
	}
	*ret_is_negative = token_begins(&score, "-");
	start = *ret_is_negative || token_begins(&score, "+");
	for (size_t i = start; i < score.bytes; i++) {
		if (!is_digit(score.text[i]) && score.text[i] != '.')
			return false;
		digits += score.text[i] != '0' && score.text[i] != '.';
	}
	return digits > 0;
}

/* Scores above and below 0 have opposite meanings, but a list treats all its senders alike. */
static void check_score(struct reading *reading, const struct token *value)
{
	struct rspamd *map = reading->state;
	bool is_negative;

	if (!is_score(value, &is_negative) || map->lines[!is_negative])
		return;
	map->lines[!is_negative] = reading->line->number;
	if (map->lines[is_negative])
		reading_warn(reading, value->position + 1,
			     "\"%.*s\" here and a value of the opposite sign in line %u: ipwl "
			     "would list both alike; put them into two files",
			     (int)value->bytes, value->text, map->lines[is_negative]);
}

static int read_rspamd(struct reading *reading)
{
	struct token content = line_content(reading->line), comment = token_cut_comment(&content);
	struct token value = content, word = token_word(&value), plain, clipped;
	struct entry entry = reading_entry(reading);
	char buffer[UNBRACKET_BYTES];
	const char *reason;

	if (word.bytes == 0)
		return 0;
	reading->result->record_count++;
	plain = token_unbracket(&word, buffer);
	clipped = clip_mask(&plain);
	if (!reading_prefix(reading, &clipped, HOST_BITS_CUT, &entry.prefix))
		return 0;
	if (!reading_value(reading, &word, &value))
		return 0;
	check_score(reading, &value);
	/* If there are both, the comment says more than the value. */
	reason = line_reason(&comment);
	if (!reason)
		reason = line_reason(&value);
	if (reason)
		entry.reason = reason;
	return reading_add(reading, &word, &entry);
}

/* Whether the line is a prefix with free text or a number. */
static bool is_rspamd_line(const struct token *line)
{
	struct token content = *line, key, word;
	enum value_kind kind;

	token_cut_comment(&content);
	key = token_word(&content);
	if (content.bytes == 0 || !token_is_prefix(&key))
		return false;
	kind = value_look(&key, &content, &word);
	return (kind == VALUE_FREE || kind == VALUE_NUMBER) && !format_postfix_cidr.is_own(line);
}

const struct format_parser format_rspamd_map = {
	.record_nouns = { "prefix", "prefixes" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct rspamd),
	.is_own = is_rspamd_line,
	.own_lines_min = 2,
	.read_line = read_rspamd,
};
