/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One output, as text for people or as JSON for programs: a command walks over
 * its data once and calls this.
 *
 * Both show members of JSON objects as the daemon sent them. A column names the
 * member by its path; in JSON the first part of a path is the key and the whole
 * member the value, and of columns in a row with the same key only the first counts.
 */
#ifndef CTL_WRITER_H
#define CTL_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/grid.h"

enum form {
	FORM_PLAIN,    /* text, a yes or no, or an array of them */
	FORM_NUMBER,   /* right-aligned */
	FORM_HEX,      /* right-aligned, 0x… */
	FORM_DURATION, /* of seconds */
	FORM_MARKER,   /* true: an asterisk */
	FORM_TIME,     /* to the minute, unless all columns are shown */
	FORM_MASK = 0xff,
};

/* How a column of a table gives way if a row has no room: to be added to its form. */
enum column_fit {
	COLUMN_CUT = 0x100,	   /* long cells lose their end */
	COLUMN_CUT_BEFORE = 0x200, /* … or their beginning */
	COLUMN_NAME = 0x400,	   /* names lose their end, but later than texts */
	COLUMN_WIDE = 0x800,	   /* shown with --wide only */
};
/* Left out if there is no room; 1 goes first, 15 last. */
#define COLUMN_LEAVES(rank) ((rank) << 12)

struct column {
	const char *path;  /* "packets", "state.path"; NULL ends a table */
	const char *label; /* NULL: not in text */
	unsigned int form; /* enum form, and how it gives way */
};

enum colour { COLOUR_NONE, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED, COLOUR_COUNT };

#define WRITER_DEPTH_MAX 8

struct writer {
	FILE *stream;
	bool is_json;
	bool has_colour;
	size_t depth;
	bool has_member[WRITER_DEPTH_MAX]; /* JSON: a comma comes before the next */
	const struct column *columns;	   /* of the table that is open */
	struct grid grid;
};

/* From now on, tables have all columns, however wide they are. */
void writer_show_all(void);
bool writer_shows_all(void);

/* Columns that a line of text may have; SIZE_MAX: any number. */
size_t writer_width(const struct writer *writer);

/* Start the one object; colour only on a terminal, and not if NO_COLOR is set. */
void writer_begin(struct writer *writer, FILE *stream, bool is_json);
void writer_end(struct writer *writer);

/* JSON only: arrays and objects; @key is NULL in an array. */
void writer_array_begin(struct writer *writer, const char *key);
void writer_array_end(struct writer *writer);
void writer_object_begin(struct writer *writer, const char *key);
void writer_object_end(struct writer *writer);

/* Members of @object; in text, "label  value" lines without those that are null. */
void writer_fields(struct writer *writer, const struct column *columns, const json_t *object);

/* The same in JSON and nothing in text, for values that writer_text() puts into words. */
void writer_members(struct writer *writer, const struct column *columns, const json_t *object);

/* A table: an array of objects. */
void writer_table_begin(struct writer *writer, const char *key, const struct column *columns,
			const char *indent);
void writer_row(struct writer *writer, const json_t *object);
void writer_table_end(struct writer *writer);
/* All of it at once. */
void writer_table(struct writer *writer, const char *key, const struct column *columns,
		  const char *indent, const json_t *array);

/* Text only, escaped. */
void writer_text(struct writer *writer, enum colour colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void writer_line_end(struct writer *writer);

/* A word or a number of an object as text, "-" for null; to be freed. */
char *writer_value_text(const json_t *value, unsigned int form);

/* A new JSON string; null for NULL and for what is not UTF-8. */
json_t *writer_string(const char *text);

#endif
