/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of formats do with a line: report it, skip it, or add its entries. */
#ifndef FORMATS_READING_H
#define FORMATS_READING_H

#include "formats/read.h"
#include "formats/token.h"

/* If bad lines are skipped, the maximum number of them that get a warning of their own. */
#define FORMAT_WARNINGS_MAX 5

/* The state of one format_read(). */
struct reading {
	const struct format_input *input;
	struct format_result *result;
	struct line *line;   /* the present line */
	struct line current; /* the line that was read last */
	void *state;	     /* the format's own state, zeroed at the start */
	uint32_t last_bad_line;
	size_t note_count;     /* calls of reading_note() */
	size_t first_entry;    /* index in the set of the first entry of this reading */
	size_t first_included; /* entries without exclusions that the set had before */
	size_t collapse_count; /* number of entries at which duplicates are removed again */
	size_t entries_max;
	struct provenance about;    /* of all entries … */
	struct provenance expiring; /* … and of the one at hand, if it has an expiry of its own */
	struct line_keeper *keeper; /* NULL: all lines are read */
	size_t added_count;	    /* entries, with kept ones */
	size_t remark_count;	    /* lines may have other effects; each is counted */
	bool is_spoilt;		    /* an error was added that affects more than a line */
};

/* Report the present line as bad. @column counts from 1; 0: the whole line. */
void reading_bad(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a line that changes the meaning of others. This is always an error. */
void reading_spoil(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reading_warn(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add a warning that a list may cause very often. Only the first few are added, and at the end
 * their number. */
void reading_note(struct reading *reading, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Check the value after a prefix. Returns true if it is free text, or if the format accepts it
 * as such, with a warning. Returns false if it may change the meaning of the prefix, which was
 * reported as a bad line. */
bool reading_value(struct reading *reading, const struct token *key, const struct token *value);
/* Count and remove duplicates among the entries of this reading. Return: 0; -EINVAL: too many
 * entries are left, which was reported. */
int reading_collapse(struct reading *reading);

/* The same at the end, with the entries that the keeper has kept. Return: as well -ENOMEM. */
int reading_collapse_all(struct reading *reading);

/* Report that the list has too many entries. Return: -EINVAL. */
int reading_refuse_more(struct reading *reading);

/* Count a skipped record. */
void reading_skip(struct reading *reading, enum format_skip skip);

/* Make an entry from the present line, without its prefix. */
struct entry reading_entry(const struct reading *reading);

/* Set the expiry of an entry of the present line. It is valid until the next one is set. */
void reading_expire(struct reading *reading, struct entry *entry, int64_t expires_at_sec);

/* Add an entry or exclusion, if lists of this action may have it. @token is its text. Return:
 * 0; -ENOMEM; -EINVAL: there are too many, which was reported. */
int reading_add(struct reading *reading, const struct token *token, const struct entry *entry);

/* The same for each prefix of a range. */
int reading_add_range(struct reading *reading, const struct token *token, const struct entry *entry,
		      const struct prefix *first, const struct prefix *last);

/* Parse a prefix. @by_format says what happens to host bits if the list does not. Returns false
 * if the prefix is bad, which was reported. */
bool reading_prefix(struct reading *reading, const struct token *token, enum host_bits by_format,
		    struct prefix *ret_prefix);

/* Read a range `first - last` of two addresses at the start of @token, with or without blanks
 * around the dash. Return: its number of bytes; 0: this is no range. */
size_t reading_range(const struct token *token, struct prefix *ret_first, struct prefix *ret_last);

#endif
