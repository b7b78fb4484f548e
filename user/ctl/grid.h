/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns of text, a bounded number of rows at a time. */
#ifndef CTL_GRID_H
#define CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 16

struct grid {
	FILE *stream;
	const char *indent;
	size_t column_count;
	bool is_right[GRID_COLUMNS_MAX]; /* numbers */
	size_t width[GRID_COLUMNS_MAX];
	char **cells; /* rows not printed yet */
	size_t cell_count;
	bool has_printed;
};

/* Start with a row of @labels. Labels and cells are copied. */
void grid_init(struct grid *grid, FILE *stream, const char *indent, size_t column_count,
	       const char *const *labels, const bool *is_right);

/* Add a row. Once a thousand have come they are printed with the widths seen so
 * far: memory stays bounded, and columns only ever grow. */
void grid_add(struct grid *grid, const char *const *cells);

/* Print what is left. A grid of labels only prints nothing. */
void grid_done(struct grid *grid);

#endif
