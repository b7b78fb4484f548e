/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises a format from the first lines. The same lines always give the same format. The
 * format is plain unless most lines can only be of another one, because a mistake in a file
 * must not change its format. If the values of a table may change the meaning of its addresses,
 * its format cannot be recognised, which is an error.
 */
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"
#include "formats/value.h"

/* A line of a table with a value that is not free text. */
struct risk {
	enum value_kind kind; /* VALUE_FREE: there is none */
	struct token key;
	struct token word;
	uint32_t line;
};

struct votes {
	size_t of[FORMAT_COUNT];
	size_t line_count;   /* lines, without blank ones and comments */
	size_t other_count;  /* lines that no plain file has */
	size_t table_count;  /* lines with a prefix and a value */
	size_t risk_count;   /* those with a value that is not free text */
	size_t length_count; /* those with a value that may be a length */
	size_t number_count; /* those with a value that is a number, but no length */
	struct risk risk;    /* the first of those */
	struct risk length;
	enum format marked; /* FORMAT_AUTO: none */
};

static bool is_comment(const struct token *line)
{
	return line->text[0] == '#' || line->text[0] == ';';
}

/* Split "KEY VALUE" or "KEY: DATA". Returns false for another line. */
static bool split_table_line(const struct token *line, struct token *ret_key,
			     struct token *ret_value)
{
	struct token content = *line;

	token_cut_comment(&content);
	*ret_value = content;
	*ret_key = token_word(ret_value);
	if (ret_key->bytes > 0 && token_is_prefix(ret_key))
		return ret_value->bytes > 0;
	return exim_split(&content, ret_key, ret_value);
}

static void note_risk(struct risk *risk, enum value_kind kind, const struct token *key,
		      const struct token *word, uint32_t number)
{
	if (!risk->kind)
		*risk = (struct risk) { kind, *key, *word, number };
}

static void vote_of_table(struct votes *votes, const struct token *line, uint32_t number)
{
	struct token key, value, word, rest;
	enum value_kind kind;
	uint64_t count;

	if (plain_is_line(line) || !split_table_line(line, &key, &value))
		return;
	votes->table_count++;
	if (format_postfix_cidr.is_own(line))
		return;
	kind = value_look(&key, &value, &word);
	rest = value;
	word = kind ? word : token_word(&rest);
	if (kind == VALUE_NUMBER) {
		votes->length_count++;
		note_risk(&votes->length, kind, &key, &word, number);
	} else if (kind) {
		votes->risk_count++;
		note_risk(&votes->risk, kind, &key, &word, number);
	} else {
		votes->number_count += token_number(&word, &count);
	}
}

/* Zones of BIND and of rbldnsd may begin alike, with $TTL. */
static bool is_stronger(enum format mark, enum format than)
{
	return mark == FORMAT_DNS_ZONE && than == FORMAT_RBLDNSD;
}

static void vote(struct votes *votes, const struct token *line, uint32_t number)
{
	bool is_first = votes->line_count == 0;

	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		const struct format_parser *parser = format_parsers[format];

		if (parser && (!votes->marked || is_stronger(format, votes->marked)) &&
		    parser->is_mark && parser->is_mark(line, is_first))
			votes->marked = format;
		if (parser && parser->is_own && !is_comment(line) && parser->is_own(line))
			votes->of[format]++;
	}
	if (is_comment(line))
		return;
	votes->line_count++;
	votes->other_count += !plain_is_line(line);
	vote_of_table(votes, line, number);
}

static bool is_elected(const struct votes *votes, enum format format)
{
	const struct format_parser *parser = format_parsers[format];

	return parser && votes->of[format] >= parser->own_lines_min &&
	       2 * votes->of[format] >
		   (parser->has_plain_lines ? votes->other_count : votes->line_count);
}

static void count_votes(struct votes *votes, struct line_reader *lines)
{
	size_t position = lines->start;

	for (uint32_t number = 1; position < lines->end; number++) {
		char *start = lines->buffer + position;
		const char *newline = memchr(start, '\n', lines->end - position);
		struct line line = { .text = start, .bytes = lines->end - position };
		struct token content;

		/* Ignore an incomplete last line, except one of JSON, which may be the only one. */
		if (!newline && !lines->is_at_end) {
			content = line_content(&line);
			if (votes->line_count == 0 && content.bytes > 0 &&
			    json_begins(content.text, content.bytes))
				votes->marked = FORMAT_JSON;
			break;
		}
		if (newline)
			line.bytes = (size_t)(newline - start);
		position += line.bytes + 1;
		if (line.bytes > 0 && start[line.bytes - 1] == '\r')
			line.bytes--;
		content = line_content(&line);
		if (content.bytes > 0)
			vote(votes, &content, number);
	}
}

/* Find out whether the values of most lines leave the meaning of their addresses open. */
static const struct risk *find_risk(const struct votes *votes, enum format best)
{
	const bool is_table = votes->table_count >= format_rspamd_map.own_lines_min &&
			      2 * votes->table_count > votes->line_count;

	if (!is_table || (best != FORMAT_PLAIN && best != FORMAT_RSPAMD_MAP && best != FORMAT_EXIM))
		return NULL;
	if (votes->risk.kind)
		return &votes->risk;
	/* In a table of addresses and counts, a few lines may look like networks and lengths. */
	return votes->length_count > votes->number_count ? &votes->length : NULL;
}

static void refuse_table(struct reading *reading, const struct risk *risk)
{
	struct line line = { .number = risk->line };
	char remedy[VALUE_REMEDY_BYTES];

	reading->line = &line;
	reading_spoil(reading, risk->word.position + 1,
		      "unexpected \"%.*s\" after %.*s: %s. If the file is in the format rspamd-map "
		      "(values are free text), postfix-cidr or exim, set format: to it",
		      (int)risk->word.bytes, risk->word.text, (int)risk->key.bytes, risk->key.text,
		      value_remedy(risk->kind, &risk->key, &risk->word, remedy));
	reading->line = NULL;
}

bool format_recognise(struct reading *reading, struct line_reader *lines, enum format *ret_format)
{
	struct votes votes = { 0 };
	enum format best = FORMAT_PLAIN;
	const struct risk *risk;

	count_votes(&votes, lines);
	*ret_format = votes.marked;
	if (votes.marked)
		return true;
	/* A table of Postfix may contain classes and mistakes among its actions. If it were
	 * read as a map, its rejects would list senders. */
	if (votes.of[FORMAT_POSTFIX_CIDR] > 0 &&
	    votes.of[FORMAT_POSTFIX_CIDR] >= votes.of[FORMAT_ACCESS]) {
		votes.of[FORMAT_POSTFIX_CIDR] += votes.of[FORMAT_RSPAMD_MAP] + votes.risk_count;
		votes.of[FORMAT_RSPAMD_MAP] = 0;
	}
	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		/* The values of a map are any text, also that of lines of other formats. */
		size_t votes_against = votes.of[best] - (best == FORMAT_RSPAMD_MAP);

		if (is_elected(&votes, format) && votes.of[format] > votes_against)
			best = format;
	}
	*ret_format = best;
	risk = find_risk(&votes, best);
	if (risk)
		refuse_table(reading, risk);
	return !risk;
}
