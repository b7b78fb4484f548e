/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host lists of Exim. The lines may be keys of a linear search, followed by data. */
#include <string.h>

#include "formats/first_match.h"
#include "formats/key.h"
#include "formats/parser.h"
#include "formats/value.h"

/* A key without quotes ends at a colon, unless the colon is part of an IPv6 prefix. */
static struct token cut_exim_data(struct token *key)
{
	struct token data = { 0 };
	char *colon = memchr(key->text, ':', key->bytes);

	if (!colon || token_is_prefix(key))
		return data;
	data = (struct token) { colon + 1, key->bytes - (size_t)(colon - key->text) - 1,
				key->position + (size_t)(colon - key->text) + 1 };
	key->bytes = (size_t)(colon - key->text);
	return data;
}

/* The result of a lookup is free text to Exim. But it must not contradict the purpose of the
 * list. Returns false if it does, which was reported. */
static bool check_data(struct reading *reading, const struct token *key, const struct token *data)
{
	const bool is_allow = reading->input->action == ACTION_ALLOW;
	struct token rest = *data, word = token_word(&rest), first;
	bool is_against;

	/* "allow,RBLSMTPD=" of tcprules: an action and its condition. */
	token_field(&word, ',', &first);
	is_against = is_allow ? value_is_refusal(&first) : value_is_grant(&first);
	if (is_against || (word.text && (value_is_refusal(&first) || value_is_grant(&first)))) {
		reading_bad(reading, first.position + 1,
			    "unexpected \"%.*s\" after %.*s: it is unclear whether it lists the "
			    "address in this %s list; keep only the addresses to list, without "
			    "such data",
			    (int)first.bytes, first.text, (int)key->bytes, key->text,
			    action_names[reading->input->action]);
		return false;
	}
	return value_is_refusal(&first) || value_is_grant(&first) ||
	       reading_value(reading, key, data);
}

static int read_exim(struct reading *reading)
{
	struct first_match *rules = reading->state;
	struct token rest = line_content(reading->line), comment, key, data, plain;
	struct entry entry = reading_entry(reading);
	char buffer[UNBRACKET_BYTES];
	const char *reason;

	if (rest.bytes == 0 || rest.text[0] == '#')
		return 0;
	reading->result->record_count++;
	comment = key_cut_comment(&rest);
	entry.is_exclusion = rest.text[0] == '!';
	if (entry.is_exclusion)
		rest =
		    token_trim((struct token) { rest.text + 1, rest.bytes - 1, rest.position + 1 });
	if (!key_cut(reading, &rest, &key))
		return 0;
	data = cut_exim_data(&key);
	if (data.bytes == 0)
		data = rest;
	if (data.bytes > 0 && data.text[0] == ':')
		data = (struct token) { data.text + 1, data.bytes - 1, data.position + 1 };
	data = token_trim(data);
	plain = token_unbracket(&key, buffer);
	if (!reading_prefix(reading, &plain, HOST_BITS_CUT, &entry.prefix))
		return 0;
	if (!check_data(reading, &key, &data))
		return 0;
	reason = line_reason(&comment);
	reason = reason ? reason : line_reason(&data);
	if (reason)
		entry.reason = reason;
	return first_match_add(rules, reading, &entry);
}

static int end_exim(struct reading *reading)
{
	return first_match_finish(reading->state, reading);
}

static void done_exim(void *state)
{
	first_match_done(state);
}

bool exim_split(const struct token *line, struct token *ret_key, struct token *ret_data)
{
	struct token key = *line;
	const char *quote = NULL, *colon, *end = line->text + line->bytes;
	size_t behind;

	if (line->bytes > 0 && line->text[0] == '"')
		quote = memchr(line->text + 1, '"', line->bytes - 1);
	if (quote) {
		key = (struct token) { line->text + 1, (size_t)(quote - line->text) - 1,
				       line->position + 1 };
		colon = quote + 1 < end && quote[1] == ':' ? quote + 1 : NULL;
	} else {
		colon = line->bytes > 0 ? memchr(line->text, ':', line->bytes) : NULL;
		key.bytes = colon ? (size_t)(colon - line->text) : 0;
		/* "192.0.2.1:127.0.0.2:text" belongs to a zone of rbldnsd. */
		if (!colon || (colon + 1 < end && is_digit(colon[1])) ||
		    !memchr(key.text, '.', key.bytes))
			return false;
	}
	if (!colon || !token_is_prefix(&key))
		return false;
	behind = (size_t)(colon - line->text) + 1;
	*ret_key = key;
	*ret_data = token_trim(
	    (struct token) { line->text + behind, line->bytes - behind, line->position + behind });
	return true;
}

/* Whether the line is a key with data. */
static bool is_exim_line(const struct token *line)
{
	struct token key, data;

	return exim_split(line, &key, &data);
}

const struct format_parser format_exim = {
	.record_nouns = { "host", "hosts" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct first_match),
	.is_own = is_exim_line,
	.has_plain_lines = true,
	.read_line = read_exim,
	.end = end_exim,
	.done = done_exim,
};
