/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits lines of tables into fields (RFC 4180), with any separator. */
#ifndef FORMATS_CSV_LINE_H
#define FORMATS_CSV_LINE_H

#include "formats/reading.h"

#define CSV_COLUMNS_MAX 64

enum csv_split { CSV_OK, CSV_OPEN_QUOTE, CSV_TOO_MANY };

/* Split a line at @separator. Quotes are removed in place, which changes the line. A field that
 * begins with a quote may contain separators, but no newline. @ret_count may be larger than
 * CSV_COLUMNS_MAX with CSV_TOO_MANY. After CSV_OPEN_QUOTE, the last of @ret_count fields has the
 * quote. */
enum csv_split csv_split(struct token content, char separator, struct token fields[CSV_COLUMNS_MAX],
			 size_t *ret_count);

/* The same for the present line. Returns false if that fails, which was reported. */
bool csv_split_line(struct reading *reading, struct token content, char separator,
		    struct token fields[CSV_COLUMNS_MAX], size_t *ret_count);

#endif
