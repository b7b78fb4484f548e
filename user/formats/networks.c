/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks in any spelling, several on a line: mynetworks of Postfix, ignoreip of fail2ban, ranges
 * and networks as people write them. */
#include <string.h>

#include "formats/parser.h"
#include "formats/spelling.h"

struct networks {
	unsigned int flags; /* of spellings, besides those of all */
};

/* Settings of Postfix and fail2ban, and what their programs do with host bits. */
static const struct {
	const char *name;
	unsigned int flags;
} settings[] = { { "mynetworks", 0 }, { "ignoreip", SPELLING_CUT } };

/* Cut off "mynetworks =" or "ignoreip =". @ret_flags may be NULL. */
static bool cut_setting(struct token *rest, unsigned int *ret_flags)
{
	struct token after = *rest, word;
	char *equals = rest->bytes > 0 ? memchr(rest->text, '=', rest->bytes) : NULL;

	if (!equals)
		return false;
	word = token_trim((struct token) { rest->text, (size_t)(equals - rest->text), 0 });
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!token_is(&word, settings[i].name))
			continue;
		if (ret_flags)
			*ret_flags = settings[i].flags;
		after.bytes -= (size_t)(equals + 1 - rest->text);
		after.position += (size_t)(equals + 1 - rest->text);
		after.text = equals + 1;
		*rest = token_trim(after);
		return true;
	}
	return false;
}

/* Whether a word is a name, or a table or file with networks: "hash:/etc/postfix/networks". */
static bool is_other_word(const struct token *word)
{
	const char *colon = word->bytes > 1 ? memchr(word->text, ':', word->bytes) : NULL;

	return spelling_is_name(word) || token_is_word(word, "localhost") ||
	       (word->bytes > 1 && word->text[0] == '/' && !is_digit(word->text[1])) ||
	       (colon && colon + 1 < word->text + word->bytes && colon[1] == '/');
}

static struct token peek_word(const struct token *rest)
{
	struct token word = *rest;

	word.bytes = 0;
	while (word.bytes < rest->bytes && !strchr(" \t,;", rest->text[word.bytes]))
		word.bytes++;
	return word;
}

static void skip_bytes(struct token *rest, size_t bytes)
{
	*rest = token_trim(
	    (struct token) { rest->text + bytes, rest->bytes - bytes, rest->position + bytes });
}

/* Read "A;B;text" of a table with the ends of ranges. Returns false if it is none. */
static bool cut_table(struct token *rest, struct span *ret_span, struct token *ret_text)
{
	struct token fields[3];
	size_t count = token_split(rest, ';', fields, 3);
	struct prefix first, last;

	if (count < 2 || count > 3 ||
	    prefix_parse(fields[0].text, fields[0].bytes, &first, NULL) != PREFIX_OK ||
	    prefix_parse(fields[1].text, fields[1].bytes, &last, NULL) != PREFIX_OK ||
	    first.len != prefix_max_len(first.family) || last.len != prefix_max_len(last.family))
		return false;
	*ret_span = (struct span) { first, last, true, *rest };
	*ret_text = count == 3 ? fields[2] : (struct token) { 0 };
	return true;
}

static int read_networks(struct reading *reading)
{
	struct networks *networks = reading->state;
	struct token rest = line_content(reading->line), comment = token_cut_comment(&rest);
	struct entry entry = reading_entry(reading);
	struct token text = comment;
	struct span span;
	const char *reason;
	int err = 0;

	if (rest.bytes > 0 && rest.text[0] == ';')
		return 0;
	cut_setting(&rest, &networks->flags);
	if (rest.bytes > 0 && cut_table(&rest, &span, &text)) {
		reading->result->record_count++;
		reason = line_reason(text.bytes > 0 ? &text : &comment);
		entry.reason = reason ? reason : entry.reason;
		return spelling_add(reading, &span, &entry);
	}
	reason = line_reason(&comment);
	entry.reason = reason ? reason : entry.reason;
	while (rest.bytes > 0 && !err) {
		struct token word = peek_word(&rest);

		if (rest.text[0] == ',') {
			skip_bytes(&rest, 1);
			continue;
		}
		reading->result->record_count++;
		if (word.bytes > 0 && is_other_word(&word)) {
			reading_skip(reading, FORMAT_SKIP_KIND);
			skip_bytes(&rest, word.bytes);
			continue;
		}
		entry.is_exclusion = rest.text[0] == '!';
		if (entry.is_exclusion)
			skip_bytes(&rest, 1);
		if (!spelling_cut(reading, &rest, SPELLING_WORDS | networks->flags, &span))
			break;
		if (rest.bytes > 0 && rest.text[0] == ';') {
			reading_bad(reading, rest.position + 1,
				    "unexpected \";\" after a network: separate networks by commas "
				    "or blanks, and put # before a comment");
			break;
		}
		err = spelling_add(reading, &span, &entry);
	}
	return err;
}

/* Whether the line is a setting, or networks that no plain file has. Only commas show that there
 * are several: a second word may have another meaning. */
static bool is_networks_line(const struct token *line)
{
	struct token rest = *line, text;
	struct span span;
	size_t count = 0;

	token_cut_comment(&rest);
	if (cut_setting(&rest, NULL))
		return true;
	/* Without a text, the second address may be a comment. */
	if (rest.bytes > 0 && cut_table(&rest, &span, &text))
		return text.bytes > 0;
	if (plain_is_line(line))
		return false;
	while (rest.bytes > 0) {
		if (rest.text[0] == '!')
			skip_bytes(&rest, 1);
		if (!spelling_cut(NULL, &rest, SPELLING_WORDS, &span))
			return false;
		count++;
		if (rest.bytes > 0 && rest.text[0] != ',')
			return false;
		if (rest.bytes > 0)
			skip_bytes(&rest, 1);
	}
	return count > 0;
}

static bool is_networks_mark(const struct token *line, bool is_first)
{
	struct token rest = *line;

	return is_first && cut_setting(&rest, NULL);
}

const struct format_parser format_networks = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct networks),
	.is_mark = is_networks_mark,
	.is_own = is_networks_line,
	.has_plain_lines = true,
	.read_line = read_networks,
};
