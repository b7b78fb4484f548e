/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each format tells of itself. */
#ifndef FORMATS_PARSER_H
#define FORMATS_PARSER_H

#include "formats/read.h"
#include "formats/token.h"

struct reading;

/* How one format is recognised and read. The functions that read return 0, also after
 * a bad line, or -ENOMEM. */
struct format_parser {
	const char *record_nouns[2]; /* singular and plural, for summaries */
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

/* Split "KEY: DATA", as Exim has it; false: it is another line. */
bool exim_split(const struct token *line, struct token *ret_key, struct token *ret_data);

/* Whether a line may be one of Spamhaus DROP as JSON, a good one or not. */
bool drop_json_is_record(const char *text, size_t bytes);

/* Find out by the first lines that are not yet given out; false: they may be of several
 * formats that do not mean the same, which was reported. */
bool format_recognise(struct reading *reading, struct line_reader *lines, enum format *ret_format);

#endif
