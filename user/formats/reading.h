/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of the formats share; others include format.h. */
#ifndef FORMATS_READING_H
#define FORMATS_READING_H

#include "formats/line_reader.h"
#include "formats/read.h"

/* Warned of one by one where bad lines are skipped. */
#define FORMAT_WARNINGS_MAX 5

/* One format_read() under way. */
struct reading {
	const struct format_input *input;
	struct format_result *result;
	struct line *line;   /* the one at hand */
	struct line current; /* the one read last */
	void *state;	     /* the format's own, zeroed at the start */
	uint32_t last_bad_line;
	bool is_spoilt; /* an error was added that skipping cannot mend */
};

/* A part of a line. */
struct token {
	char *text; /* in the line, or a buffer for its form without brackets */
	size_t bytes;
	size_t position; /* in the line, from 0 */
};

/* How one format is recognised and read. The functions that read return 0, also after
 * a bad line, or -ENOMEM. */
struct format_parser {
	const char *record_noun; /* plural, for summaries */
	size_t line_bytes_max;
	size_t state_bytes;
	bool is_allow_only; /* its entries are to be trusted: never for a block list */

	/* Whether a line, without blanks around it, can only be of this format. One that
	 * is_mark() knows decides; those that is_own() knows must be more than half of the
	 * lines, or, with @has_plain_lines, of those that no plain file has. Either may be
	 * NULL. */
	bool (*is_mark)(const struct token *line, bool is_first);
	bool (*is_own)(const struct token *line);
	bool has_plain_lines; /* its other lines look like a plain file's */
	size_t own_lines_min; /* fewer may be a mistake in a plain file; 0: one will do */

	int (*read_line)(struct reading *reading);
	int (*end)(struct reading *reading); /* at the end of the data; may be NULL */
	void (*done)(void *state);	     /* may be NULL */
};

extern const struct format_parser format_plain, format_postfix_cidr, format_rspamd_map,
    format_spamassassin, format_dnswl, format_rbldnsd, format_drop_text, format_drop_json,
    format_netset, format_crowdsec_csv, format_spamdb, format_exim, format_opensmtpd;

/* Indexed by enum format; NULL: FORMAT_AUTO. */
extern const struct format_parser *const format_parsers[FORMAT_COUNT];

#define FORMAT_LINE_BYTES_MAX LINES_BYTES_MAX

/* Whether a line, without blanks around it, is a good one of a plain file. */
bool plain_is_line(const struct token *line);

/* Find out by the first lines that are not yet given out. */
enum format format_recognise(struct line_reader *lines);

/* ---- a reading ----------------------------------------------------------- */

/* Report the line at hand as bad; @column from 1, 0: all of it. */
void reading_bad(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a line that makes the others mean something else. */
void reading_spoil(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reading_warn(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Count a record that is no entry. */
void reading_skip(struct reading *reading, enum format_skip skip);

/* An entry with all but its prefix, from the line at hand. */
struct entry reading_entry(const struct reading *reading);

/* Add an entry or exclusion, unless no list of the action may have it; @token is its
 * text. Return: 0 or -ENOMEM. */
int reading_add(struct reading *reading, const struct token *token, const struct entry *entry);

/* The same for each prefix of a range. */
int reading_add_range(struct reading *reading, const struct token *token, const struct entry *entry,
		      const struct prefix *first, const struct prefix *last);

enum host_bits { HOST_BITS_ARE_BAD, HOST_BITS_ARE_CUT };

/* Parse a prefix; false: it was reported as bad. */
bool reading_prefix(struct reading *reading, const struct token *token, enum host_bits host_bits,
		    struct prefix *ret_prefix);

/* Read `first - last`, both addresses, with or without blanks around the dash, at the
 * start of @token. Return: bytes it takes; 0: it is no range. */
size_t reading_range(const struct token *token, struct prefix *ret_first, struct prefix *ret_last);

/* ---- lines ---------------------------------------------------------------- */

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The line without blanks around it. */
struct token line_content(const struct line *line);

/* Cut the next word off @rest, and the blanks behind it. */
struct token token_word(struct token *rest);

/* Cut off what stands before @separator, or all; false: nothing is left. @rest has NULL
 * as text when nothing is, not even an empty field. */
bool token_field(struct token *rest, char separator, struct token *ret_field);

/* The token without blanks around it. */
struct token token_trim(struct token token);

bool token_is(const struct token *token, const char *text);
/* Whatever the letters' case. */
bool token_is_word(const struct token *token, const char *text);
bool token_begins(const struct token *token, const char *text);

/* A whole decimal number. */
bool token_number(const struct token *token, uint64_t *ret_number);

/* The token as a reason: a string without the blanks around it, cut to the longest there
 * may be, or NULL if it is empty.
 * Changes the line, of which nothing is to be read after this but what is before. */
const char *line_reason(const struct token *token);

/* Longest prefix in brackets that is looked at. */
#define UNBRACKET_BYTES 80

/* "[ADDRESS]/LENGTH" or "[ADDRESS/LENGTH]" without the brackets, in @buffer; what has
 * none, or cannot be a prefix, stays. */
struct token token_unbracket(const struct token *token, char buffer[UNBRACKET_BYTES]);

/* Whether it looks like a prefix, if perhaps one with a mistake in its bits. */
bool token_is_prefix(const struct token *token);

#endif
