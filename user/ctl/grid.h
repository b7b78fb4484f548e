/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns of text that fit the output, a bounded number of rows at a time. */
#ifndef CTL_GRID_H
#define CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 24

struct grid_column {
	const char *label;	 /* borrowed until grid_done() */
	bool is_right;		 /* a number */
	bool is_cut;		 /* long cells may lose their end */
	bool is_cut_before;	 /* or rather their beginning, as paths */
	bool is_name;		 /* is cut, but keeps more columns than a text */
	unsigned int leave_rank; /* 0: stays; left out in this order if the rows are too wide */
};

struct grid {
	FILE *stream;
	const char *indent;
	size_t width_max; /* 0: no limit, and no column is left out */
	size_t column_count;
	struct grid_column columns[GRID_COLUMNS_MAX];
	size_t widths[GRID_COLUMNS_MAX];
	bool is_used[GRID_COLUMNS_MAX]; /* has a cell that is neither empty nor "-" */
	bool is_left_out[GRID_COLUMNS_MAX];
	char **cells; /* rows not printed yet */
	size_t cell_count;
	bool has_printed;
};

/* Start with a heading. */
void grid_init(struct grid *grid, FILE *stream, const char *indent, size_t width_max,
	       const struct grid_column *columns, size_t column_count);

/* Add a row; the cells are copied. Once a thousand have come they are printed with the widths
 * seen so far: memory stays bounded, and columns only ever grow. */
void grid_add(struct grid *grid, const char *const *cells);

/* Print what is left. A grid without rows prints nothing. */
void grid_done(struct grid *grid);

#endif
