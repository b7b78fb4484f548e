/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligns columns by their widths on the terminal; no space at the end of a line. */
#include "ctl/grid.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/text.h"

#define ROWS_MAX 1001
#define GAP 2

static void flush_rows(struct grid *grid)
{
	grid->has_printed = true;
	for (size_t i = 0; i < grid->cell_count; i += grid->column_count) {
		size_t gap = 0;

		fputs(grid->indent, grid->stream);
		for (size_t column = 0; column < grid->column_count; column++) {
			char *cell = grid->cells[i + column];
			size_t pad = grid->width[column] - text_width(cell);

			if (grid->is_right[column])
				gap += pad;
			/* Spaces wait for the next cell that is not empty. */
			if (*cell)
				fprintf(grid->stream, "%*s%s", (int)gap, "", cell);
			gap = (*cell ? 0 : gap) + (grid->is_right[column] ? 0 : pad) + GAP;
			free(cell);
		}
		fputc('\n', grid->stream);
	}
	grid->cell_count = 0;
}

static void add_row(struct grid *grid, const char *const *cells)
{
	if (grid->cell_count == ROWS_MAX * grid->column_count)
		flush_rows(grid);
	for (size_t column = 0; column < grid->column_count; column++) {
		char *cell = text_escape(cells[column]);
		size_t width = text_width(cell);

		if (grid->width[column] < width)
			grid->width[column] = width;
		grid->cells[grid->cell_count++] = cell;
	}
}

void grid_init(struct grid *grid, FILE *stream, const char *indent, size_t column_count,
	       const char *const *labels, const bool *is_right)
{
	*grid = (struct grid) { .stream = stream, .indent = indent, .column_count = column_count };
	memcpy(grid->is_right, is_right, column_count * sizeof(*is_right));
	grid->cells = ctl_allocated(calloc(ROWS_MAX * column_count, sizeof(*grid->cells)));
	add_row(grid, labels);
}

void grid_add(struct grid *grid, const char *const *cells)
{
	add_row(grid, cells);
}

void grid_done(struct grid *grid)
{
	if (grid->has_printed || grid->cell_count > grid->column_count)
		flush_rows(grid);
	for (size_t i = 0; i < grid->cell_count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	grid->cells = NULL;
}
