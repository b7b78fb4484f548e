/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of nftables: `nft list set`, definitions of sets, `add element`, `define`. */
#include <string.h>

#include "base/duration.h"
#include "formats/expiry.h"
#include "formats/parser.h"
#include "formats/spelling.h"

#define SET_NAME_BYTES 64

struct nft {
	char name[SET_NAME_BYTES];     /* of the set with elements */
	char words[4][SET_NAME_BYTES]; /* the last words before a brace */
	bool is_inside;		       /* the braces with the elements */
	bool is_broken;		       /* everything else is ignored */
	int64_t timeout_sec;	       /* of elements without one; 0: none */
};

/* ---- outside of elements -------------------------------------------------------------- */

static void push_word(struct nft *nft, const struct token *word)
{
	size_t bytes = word->bytes < SET_NAME_BYTES ? word->bytes : SET_NAME_BYTES - 1;

	memmove(nft->words[0], nft->words[1], 3 * sizeof(nft->words[0]));
	memcpy(nft->words[3], word->text, bytes);
	nft->words[3][bytes] = '\0';
}

static void spoil(struct reading *reading, const struct token *at, const char *message)
{
	struct nft *nft = reading->state;

	if (!nft->is_broken)
		reading_spoil(reading, at->position + 1, "%s", message);
	nft->is_broken = true;
}

static void take_name(struct reading *reading, const struct token *at, const char *name)
{
	struct nft *nft = reading->state;

	if (nft->name[0] != '\0' && strcmp(nft->name, name) != 0)
		spoil(reading, at,
		      "a second set: list one set, with nft list set FAMILY TABLE SET");
	else
		memcpy(nft->name, name, strlen(name) + 1);
}

/* Whether family and table come before the name of a set. */
static bool is_command(const char *word)
{
	return !strcmp(word, "add") || !strcmp(word, "create") || !strcmp(word, "flush");
}

/* A word of a set's definition. */
static void read_word(struct reading *reading, const struct token *word)
{
	struct nft *nft = reading->state;
	const char *last = nft->words[3];

	if ((!strcmp(last, "set") && !is_command(nft->words[2])) || !strcmp(last, "define")) {
		push_word(nft, word);
		take_name(reading, word, nft->words[3]);
	} else if ((token_is(word, "saddr") && strcmp(nft->words[2], "typeof") != 0) ||
		   token_is(word, "daddr") || token_is(word, "map")) {
		spoil(reading, word,
		      "rules or a map of nftables: list one set, with nft list set "
		      "FAMILY TABLE SET");
	} else if (token_is(word, "delete") || token_is(word, "destroy")) {
		spoil(reading, word, "takes elements back: list the set, with nft list set");
	} else if (token_is(word, "include")) {
		spoil(reading, word, "includes another file: list the set, with nft list set");
	} else if (!strcmp(nft->words[2], "define")) {
		spoil(reading, word, "a value without braces: write it as define NAME = { … }");
	} else if (!strcmp(last, "timeout") && (is_digit(word->text[0]) || word->text[0] == '$') &&
		   !duration_parse_signed(word->text, word->bytes, &nft->timeout_sec)) {
		spoil(reading, word, "the timeout of the set is not a duration");
	} else {
		push_word(nft, word);
	}
}

/* Whether the braces that begin now hold elements: after "elements =", "element FAMILY
 * TABLE SET" or "define NAME =". Braces of tables and sets hold more definitions. Others
 * are reported. */
static bool begins_elements(struct reading *reading, const struct token *at)
{
	struct nft *nft = reading->state;
	const char(*words)[SET_NAME_BYTES] = nft->words;

	if (!strcmp(words[3], "elements") || !strcmp(words[2], "define"))
		return true;
	if (!strcmp(words[0], "element") || !strcmp(words[1], "element")) {
		take_name(reading, at, words[3]);
		return true;
	}
	if (!strcmp(words[2], "set") || !strcmp(words[2], "table") || !strcmp(words[1], "table"))
		return false;
	if (!strcmp(words[1], "set") || !strcmp(words[0], "set"))
		take_name(reading, at, words[3]);
	else
		spoil(reading, at,
		      "braces that do not hold a table, a set or elements: list one set, with nft "
		      "list set FAMILY TABLE SET");
	return false;
}

/* ---- elements ------------------------------------------------------------------------- */

static bool read_options(struct reading *reading, struct token rest, struct entry *entry,
			 struct token *ret_comment)
{
	const struct nft *nft = reading->state;
	int64_t timeout_sec = nft->timeout_sec, expires_sec = -1;

	while (rest.bytes > 0) {
		struct token word = token_word(&rest), value;
		bool is_expires = token_is(&word, "expires");
		uint64_t number;

		if (token_is(&word, "counter") || token_is(&word, "last") ||
		    token_is(&word, "never") || token_is(&word, "used"))
			continue;
		if (token_is(&word, "comment") && token_quoted(&rest, ret_comment))
			continue;
		value = token_word(&rest);
		if ((is_expires || token_is(&word, "timeout")) && value.bytes > 0 &&
		    is_digit(value.text[0]) &&
		    duration_parse_signed(value.text, value.bytes,
					  is_expires ? &expires_sec : &timeout_sec))
			continue;
		if ((token_is(&word, "packets") || token_is(&word, "bytes")) &&
		    token_number(&value, &number))
			continue;
		reading_bad(reading, word.position + 1,
			    "unexpected \"%.*s\" after an element: ipwl knows timeout, expires, "
			    "comment and counter",
			    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
		return false;
	}
	/* The time that is left counts, and else the whole. */
	if (expires_sec >= 0)
		reading_expire(reading, entry, expiry_after(reading, expires_sec));
	else if (timeout_sec > 0)
		reading_expire(reading, entry, expiry_after(reading, timeout_sec));
	return true;
}

static int read_element(struct reading *reading, struct token element)
{
	struct entry entry = reading_entry(reading);
	struct token comment = { 0 };
	struct span span;
	const char *reason;

	element = token_trim(element);
	if (element.bytes == 0)
		return 0;
	reading->result->record_count++;
	if (!spelling_cut(reading, &element, SPELLING_CUT, &span) ||
	    !read_options(reading, element, &entry, &comment))
		return 0;
	reason = line_reason(&comment);
	if (reason)
		entry.reason = reason;
	return spelling_add(reading, &span, &entry);
}

/* Cut off the text before the next comma or closing brace, but not in quotes. */
static struct token cut_element(struct token *rest, char *ret_end)
{
	struct token element = *rest;
	bool is_quoted = false;
	size_t end = 0;

	while (end < rest->bytes &&
	       (is_quoted || (rest->text[end] != ',' && rest->text[end] != '}'))) {
		is_quoted ^= rest->text[end] == '"';
		end++;
	}
	*ret_end = end < rest->bytes ? rest->text[end] : '\0';
	element.bytes = end;
	end += end < rest->bytes;
	*rest = (struct token) { rest->text + end, rest->bytes - end, rest->position + end };
	return element;
}

/* Cut off a comment, but not in quotes. */
static void cut_comment(struct token *content)
{
	bool is_quoted = false;

	for (size_t i = 0; i < content->bytes; i++) {
		is_quoted ^= content->text[i] == '"';
		if (content->text[i] == '#' && !is_quoted) {
			content->bytes = i;
			*content = token_trim(*content);
		}
	}
}

static int read_inside(struct reading *reading, struct token *rest)
{
	struct nft *nft = reading->state;
	char end;
	struct token element = cut_element(rest, &end);

	if (end == '}') {
		nft->is_inside = false;
		memset(nft->words, 0, sizeof(nft->words));
	}
	return read_element(reading, element);
}

static void read_outside(struct reading *reading, struct token *rest)
{
	struct nft *nft = reading->state;
	struct token word = *rest;

	if (strchr("{}=;", rest->text[0])) {
		if (rest->text[0] == '{')
			nft->is_inside = begins_elements(reading, rest);
		token_advance(rest, 1);
	} else if (rest->text[0] == '"') {
		if (strcmp(nft->words[3], "comment") != 0 || !token_quoted(rest, &word))
			spoil(reading, rest, "quotes that are not those of a comment");
	} else {
		word.bytes = 0;
		while (word.bytes < rest->bytes && !is_blank(rest->text[word.bytes]) &&
		       !strchr("{}=;", rest->text[word.bytes]))
			word.bytes++;
		token_advance(rest, word.bytes);
		read_word(reading, &word);
	}
}

static int read_nft(struct reading *reading)
{
	const struct nft *nft = reading->state;
	struct token rest = line_content(reading->line);
	int err = 0;

	cut_comment(&rest);
	while (rest.bytes > 0 && !err && !nft->is_broken) {
		if (nft->is_inside)
			err = read_inside(reading, &rest);
		else
			read_outside(reading, &rest);
		rest = token_trim(rest);
	}
	return err;
}

static int end_nft(struct reading *reading)
{
	const struct nft *nft = reading->state;

	if (nft->is_inside && !nft->is_broken)
		reading_spoil(reading, 0, "the elements end without }: the file was cut off");
	return 0;
}

static bool is_nft_mark(const struct token *line, bool is_first)
{
	struct token rest = *line, word = token_word(&rest), next = token_word(&rest);

	if (!is_first)
		return false;
	if (token_is(&word, "table"))
		return next.bytes > 0 &&
		       (token_is(&rest, "{") || memchr(rest.text, '{', rest.bytes));
	if (token_is(&word, "set") || token_is(&word, "define"))
		return line->text[line->bytes - 1] == '{' ||
		       (rest.bytes > 0 && rest.text[0] == '=') ||
		       (next.bytes > 0 && rest.bytes > 0 && rest.text[0] == '{');
	if (token_is(&word, "elements"))
		return token_is(&next, "=");
	return (token_is(&word, "add") || token_is(&word, "create") || token_is(&word, "flush")) &&
	       (token_is(&next, "element") || token_is(&next, "set") || token_is(&next, "table")) &&
	       rest.bytes > 0;
}

const struct format_parser format_nftables = {
	.record_nouns = { "element", "elements" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct nft),
	.is_mark = is_nft_mark,
	.read_line = read_nft,
	.end = end_nft,
};
