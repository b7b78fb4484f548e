/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligns columns by their widths on the terminal; no space at the end of a line. Columns that
 * are empty throughout are left out. If the rows are still too wide, columns of less
 * importance are left out, and then long cells are cut. */
#include "ctl/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/memory.h"

#define ROWS_MAX 1000
#define GAP 2
/* Columns leave before a text, or a name, is cut to less than this … */
#define TEXT_WIDTH 14
#define NAME_WIDTH 24
/* … and if none can leave, cells are cut to this. */
#define CUT_WIDTH_MIN 10

static bool grid_can_cut(const struct grid *grid, size_t column)
{
	const struct grid_column *spec = &grid->columns[column];

	return spec->is_cut || spec->is_cut_before || spec->is_name;
}

/* The width of a column that is cut to @width, but not through its label. */
static size_t grid_cut_width(const struct grid *grid, size_t column, size_t width)
{
	size_t label = text_width(grid->columns[column].label);

	if (width < label)
		width = label;
	return grid_can_cut(grid, column) && width < grid->widths[column] ? width
									  : grid->widths[column];
}

static size_t grid_fair_width(const struct grid *grid, size_t column)
{
	return grid_cut_width(grid, column,
			      grid->columns[column].is_name ? NAME_WIDTH : TEXT_WIDTH);
}

static size_t grid_width(const struct grid *grid, size_t (*of)(const struct grid *, size_t))
{
	size_t width = strlen(grid->indent), gap = 0;

	for (size_t column = 0; column < grid->column_count; column++) {
		if (grid->is_left_out[column])
			continue;
		width += gap + of(grid, column);
		gap = GAP;
	}
	return width;
}

static size_t grid_column_width(const struct grid *grid, size_t column)
{
	return grid->widths[column];
}

static void grid_leave_out_empty(struct grid *grid)
{
	for (size_t column = 0; column < grid->column_count; column++)
		grid->is_left_out[column] = grid->width_max && !grid->is_used[column];
}

/* Leave out the column of the lowest rank. Return: whether there was one. */
static bool grid_leave_out_next(struct grid *grid)
{
	size_t next = grid->column_count;

	for (size_t column = 0; column < grid->column_count; column++) {
		unsigned int rank = grid->columns[column].leave_rank;

		if (rank && !grid->is_left_out[column] &&
		    (next == grid->column_count || rank < grid->columns[next].leave_rank))
			next = column;
	}
	if (next < grid->column_count)
		grid->is_left_out[next] = true;
	return next < grid->column_count;
}

/* Make the widest column that can be cut narrower by one. Return: whether there was one. */
static bool grid_cut_widest(struct grid *grid)
{
	size_t widest = grid->column_count;

	for (size_t column = 0; column < grid->column_count; column++)
		if (!grid->is_left_out[column] && grid_can_cut(grid, column) &&
		    grid->widths[column] > grid_cut_width(grid, column, CUT_WIDTH_MIN) &&
		    (widest == grid->column_count || grid->widths[column] > grid->widths[widest]))
			widest = column;
	if (widest < grid->column_count)
		grid->widths[widest]--;
	return widest < grid->column_count;
}

/* Return: whether the heading must be printed. */
static bool grid_fit(struct grid *grid)
{
	bool before[GRID_COLUMNS_MAX];

	memcpy(before, grid->is_left_out, sizeof(before));
	grid_leave_out_empty(grid);
	while (grid->width_max && grid_width(grid, grid_fair_width) > grid->width_max &&
	       grid_leave_out_next(grid))
		;
	while (grid->width_max && grid_width(grid, grid_column_width) > grid->width_max &&
	       grid_cut_widest(grid))
		;
	return !grid->has_printed || memcmp(before, grid->is_left_out, sizeof(before)) != 0;
}

static void grid_print_row(const struct grid *grid, const char *const *cells)
{
	size_t gap = 0;

	fputs(grid->indent, grid->stream);
	for (size_t column = 0; column < grid->column_count; column++) {
		const struct grid_column *spec = &grid->columns[column];
		char *cell;
		size_t pad;

		if (grid->is_left_out[column])
			continue;
		cell = ctl_allocated(
		    text_cut(cells[column], grid->widths[column], spec->is_cut_before));
		pad = grid->widths[column] - text_width(cell);
		if (spec->is_right)
			gap += pad;
		/* Spaces wait for the next cell that is not empty. */
		if (*cell)
			fprintf(grid->stream, "%*s%s", (int)gap, "", cell);
		gap = (*cell ? 0 : gap) + (spec->is_right ? 0 : pad) + GAP;
		free(cell);
	}
	fputc('\n', grid->stream);
}

static void grid_flush(struct grid *grid)
{
	const char *labels[GRID_COLUMNS_MAX];

	if (grid_fit(grid)) {
		for (size_t column = 0; column < grid->column_count; column++)
			labels[column] = grid->columns[column].label;
		grid_print_row(grid, labels);
	}
	grid->has_printed = true;
	for (size_t i = 0; i < grid->cell_count; i += grid->column_count)
		grid_print_row(grid, (const char *const *)grid->cells + i);
	for (size_t i = 0; i < grid->cell_count; i++)
		free(grid->cells[i]);
	grid->cell_count = 0;
}

void grid_init(struct grid *grid, FILE *stream, const char *indent, size_t width_max,
	       const struct grid_column *columns, size_t column_count)
{
	*grid = (struct grid) {
		.stream = stream,
		.indent = indent,
		.width_max = width_max,
		.column_count = column_count,
	};
	memcpy(grid->columns, columns, column_count * sizeof(*columns));
	for (size_t column = 0; column < column_count; column++)
		grid->widths[column] = text_width(columns[column].label);
	grid->cells = ctl_allocated(calloc(ROWS_MAX * column_count, sizeof(*grid->cells)));
}

void grid_add(struct grid *grid, const char *const *cells)
{
	if (grid->cell_count == ROWS_MAX * grid->column_count)
		grid_flush(grid);
	for (size_t column = 0; column < grid->column_count; column++) {
		char *cell = ctl_allocated(text_escape(cells[column]));
		size_t width = text_width(cell);

		if (grid->widths[column] < width)
			grid->widths[column] = width;
		if (*cell && strcmp(cell, "-") != 0)
			grid->is_used[column] = true;
		grid->cells[grid->cell_count++] = cell;
	}
}

void grid_done(struct grid *grid)
{
	if (grid->cell_count)
		grid_flush(grid);
	free(grid->cells);
	grid->cells = NULL;
}
