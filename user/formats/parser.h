/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties of each format. */
#ifndef FORMATS_PARSER_H
#define FORMATS_PARSER_H

#include "formats/read.h"
#include "formats/token.h"

struct reading;

/* How a format is recognised and read. The functions that read return 0, even after a bad line,
 * or -ENOMEM. */
struct format_parser {
	const char *record_nouns[2]; /* singular and plural, for summaries */
	size_t line_bytes_max;
	size_t state_bytes;
	bool has_fields; /* which `select` can compare */
	bool is_by_line; /* a line with an entry is one record, and no other line matters to it */
	bool is_allow_only; /* its entries are trusted: not for a block list */

	/* Whether a line, without surrounding blanks, can only be of this format. A single line
	 * for which is_mark() returns true decides. Lines for which is_own() returns true must
	 * be more than half of all lines; with @has_plain_lines, more than half of the lines
	 * that no plain file has. Either function may be NULL. */
	bool (*is_mark)(const struct token *line, bool is_first);
	bool (*is_own)(const struct token *line);
	bool has_plain_lines; /* its other lines look like those of a plain file */
	size_t own_lines_min; /* fewer may be mistakes in a plain file; 0: one will do */

	int (*read_line)(struct reading *reading);
	/* In its place, for data that has no lines. It sets the line_count. */
	int (*read_all)(struct reading *reading, struct line_reader *lines);
	int (*end)(struct reading *reading); /* at the end of the data; may be NULL */
	void (*done)(void *state);	     /* may be NULL */
};

extern const struct format_parser format_plain, format_postfix_cidr, format_rspamd_map,
    format_spamassassin, format_dnswl, format_rbldnsd, format_drop_text, format_drop_json,
    format_netset, format_crowdsec_csv, format_spamdb, format_exim, format_opensmtpd,
    format_json_text, format_csv, format_geofeed, format_ipset, format_nftables, format_iptables,
    format_access, format_clients, format_nginx_geo, format_networks, format_dshield,
    format_ipfilter, format_p2p, format_spf, format_hosts_access, format_http_access,
    format_tcprules, format_dns_zone, format_csf, format_mikrotik;

/* Indexed by enum format; NULL: FORMAT_AUTO. */
extern const struct format_parser *const format_parsers[FORMAT_COUNT];

#define FORMAT_LINE_BYTES_MAX LINES_BYTES_MAX

/* Whether a line, without surrounding blanks, is valid in a plain file. */
bool plain_is_line(const struct token *line);

/* Split a line "KEY: DATA" of Exim. Returns false if it is no such line. */
bool exim_split(const struct token *line, struct token *ret_key, struct token *ret_data);

/* Whether a line may be a record of Spamhaus DROP as JSON, valid or not. */
bool drop_json_is_record(const char *text, size_t bytes);

/* Whether a text begins like JSON, and not like a prefix in brackets. @bytes > 0. */
bool json_begins(const char *text, size_t bytes);

/* Recognise the format from the first unread lines. Returns false if several formats fit and
 * they differ in meaning, which was reported. */
bool format_recognise(struct reading *reading, struct line_reader *lines, enum format *ret_format);

#endif
