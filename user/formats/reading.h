/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of the formats do with a line: report it, skip it, add what it holds. */
#ifndef FORMATS_READING_H
#define FORMATS_READING_H

#include "formats/read.h"
#include "formats/token.h"

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
	size_t note_count;     /* warnings that reading_note() was asked for */
	size_t first_entry;    /* in the set, of this reading */
	size_t collapse_count; /* entries at which to look for repeated ones again */
	size_t entries_max;
	bool is_spoilt; /* an error was added that skipping cannot mend */
};

/* Report the line at hand as bad; @column from 1, 0: all of it. */
void reading_bad(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a line that makes the others mean something else. */
void reading_spoil(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reading_warn(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A warning of which a list may give very many: the first few, and at the end their
 * number. */
void reading_note(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether a value behind a prefix is free text, or what the format lets pass for it, with a
 * warning; false: it may change what the prefix means, and was reported as bad. */
bool reading_value(struct reading *reading, const struct token *key, const struct token *value);
/* Count the repeated entries among those of this reading, and drop them. Return: 0;
 * -EINVAL: too many are left, which was reported. */
int reading_collapse(struct reading *reading);

/* Report that the list has more entries than any needs. Return: -EINVAL. */
int reading_refuse_more(struct reading *reading);

/* Count a record that is no entry. */
void reading_skip(struct reading *reading, enum format_skip skip);

/* An entry with all but its prefix, from the line at hand. */
struct entry reading_entry(const struct reading *reading);

/* Add an entry or exclusion, unless no list of the action may have it; @token is its
 * text. Return: 0; -ENOMEM; -EINVAL: there are too many, which was reported. */
int reading_add(struct reading *reading, const struct token *token, const struct entry *entry);

/* The same for each prefix of a range. */
int reading_add_range(struct reading *reading, const struct token *token, const struct entry *entry,
		      const struct prefix *first, const struct prefix *last);

/* Parse a prefix; @by_format: what becomes of host bits where the list does not say. False:
 * it was reported as bad. */
bool reading_prefix(struct reading *reading, const struct token *token, enum host_bits by_format,
		    struct prefix *ret_prefix);

/* Read `first - last`, both addresses, with or without blanks around the dash, at the
 * start of @token. Return: bytes it takes; 0: it is no range. */
size_t reading_range(const struct token *token, struct prefix *ret_first, struct prefix *ret_last);

#endif
