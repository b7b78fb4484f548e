/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps of networks of rspamd: a prefix, perhaps a value. */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"

/* rspamd takes a mask that is too long for the longest. */
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
	if (!reading_prefix(reading, &clipped, HOST_BITS_ARE_CUT, &entry.prefix))
		return 0;
	/* The comment says more than the value, if there are both. */
	reason = line_reason(&comment);
	if (!reason)
		reason = line_reason(&value);
	if (reason)
		entry.reason = reason;
	return reading_add(reading, &word, &entry);
}

/* A prefix and a value that is not one more prefix: that would be a mistake. */
static bool is_rspamd_line(const struct token *line)
{
	struct token content = *line, value, word;

	token_cut_comment(&content);
	value = content;
	word = token_word(&value);
	if (word.bytes == 0 || value.bytes == 0 || !token_is_prefix(&word))
		return false;
	word = token_word(&value);
	return !token_is_prefix(&word) && !strchr(";:-!", word.text[0]) &&
	       !format_postfix_cidr.is_own(line);
}

const struct format_parser format_rspamd_map = {
	.record_noun = "prefixes",
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_rspamd_line,
	.own_lines_min = 2,
	.read_line = read_rspamd,
};
