/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors and warnings with their place, collected so that one run reports all. */
#ifndef BASE_DIAGNOSTICS_H
#define BASE_DIAGNOSTICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/lines.h"

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
	enum severity severity;
	char *file;
	uint32_t line;	 /* from 1; 0: the whole file */
	uint32_t column; /* from 1, in characters; 0: the whole line */
	char *message;
};

/* At most this many errors, and as many warnings, are kept; all are counted. */
#define DIAGNOSTICS_KEPT_MAX 1000

struct diagnostics {
	struct diagnostic *items;
	size_t count;
	size_t error_count;
	size_t warning_count;
};

void diagnostics_init(struct diagnostics *diagnostics);
void diagnostics_done(struct diagnostics *diagnostics);

/* The arguments may contain untrusted text: bytes that are not printable UTF-8 are replaced. */
void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *file,
		     uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Add a copy of all of @from. */
void diagnostics_add_all(struct diagnostics *diagnostics, const struct diagnostics *from);

/* Order by file, line and column: @first_file, then files as they first appear. */
void diagnostics_sort(struct diagnostics *diagnostics, const char *first_file);

/* "FILE:LINE:COLUMN: message" (a warning: "…: warning: message"), without a
 * newline; parts that are 0 are left out. Truncated to @size bytes. */
#define DIAGNOSTIC_TEXT_BYTES 8192 /* a path and a message, each at most 4 KiB */
void diagnostic_format(const struct diagnostic *diagnostic, char *text, size_t size);

/**
 * diagnostics_lines() - the diagnostics as lines of text
 * @max: so many of them at most
 * @errors: where errors go, and last how many more there were
 * @warnings: where warnings go, which are not called that in the text; may be @errors: then
 *	      both are in their order, warnings are called that, and the last line counts both
 */
void diagnostics_lines(const struct diagnostics *diagnostics, size_t max, struct lines *errors,
		       struct lines *warnings);

/* Print at most @max errors and @max warnings, each on its line, and a last line that says how
 * many more there were. */
void diagnostics_print(const struct diagnostics *diagnostics, size_t max, FILE *stream);
/* What @max a person can read at once. */
#define DIAGNOSTICS_SHOWN 20

#endif
