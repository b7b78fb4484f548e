/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a screen of `top`. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "base/text.h"
#include "health/health.h"
#include "screen/view.h"

#define WIDTH_MIN 20
/* A longer line is cut. */
#define LINE_BYTES 2048
#define HEIGHT_MIN 5
/* Head, verdicts and tabs. */
#define HEAD_LINES (TOP_VERDICT_COUNT + 4)

static const char *const page_names[TOP_PAGE_COUNT] = {
	[TOP_PAGE_BLOCKED] = "blocked",	      [TOP_PAGE_AVERTED] = "averted",
	[TOP_PAGE_NETWORKS] = "networks",     [TOP_PAGE_LISTS] = "lists",
	[TOP_PAGE_INTERFACES] = "interfaces",
};

static const char *const sort_names[TOP_SORT_COUNT] = {
	[TOP_SORT_COUNT_OF] = "count",
	[TOP_SORT_RATE] = "rate",
	[TOP_SORT_LAST] = "last",
	[TOP_SORT_NAME] = "name",
};

/* ---- pieces ---------------------------------------------------------------------- */

const char *top_number(double number, char text[16])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	for (; number >= (unit ? 999.5 : 9999.5) && unit < sizeof(units) - 2; unit++)
		number /= 1000;
	if (!unit)
		snprintf(text, 16,
			 number < 9.95 && number > 0 && number != floor(number) ? "%.1f" : "%.0f",
			 number);
	else
		snprintf(text, 16, "%.*f%c",
			 number < 9.995	  ? 2
			 : number < 99.95 ? 1
					  : 0,
			 number, units[unit]);
	return text;
}

void top_sparkline(const struct top_counter *counter, size_t columns, char *text)
{
	const size_t count = counter->rate_count < columns ? counter->rate_count : columns;
	double most = 0;

	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		const double rate =
		    counter->rates[(counter->next + TOP_RATES_MAX - 1 - i) % TOP_RATES_MAX];

		if (rate > most)
			most = rate;
	}
	for (size_t i = count; i-- > 0;) {
		const double rate =
		    counter->rates[(counter->next + TOP_RATES_MAX - 1 - i) % TOP_RATES_MAX];
		/* U+2581 to U+2588, the lower eighths of a block; what is not zero can be seen. */
		const int level = most > 0 ? (int)ceil(rate / most * 8) : 0;

		if (level < 1) {
			*text++ = ' ';
			continue;
		}
		*text++ = '\xe2';
		*text++ = '\x96';
		*text++ = (char)(0x80 + level);
	}
	*text = '\0';
}

/* ---- lines ----------------------------------------------------------------------- */

struct drawing {
	struct top_screen screen;
	size_t width, height;
};

/* Add a line, cut to the width. Beyond the height it is left out. */
__attribute__((format(printf, 3, 4))) static void
add_line(struct drawing *drawing, enum top_style style, const char *format, ...)
{
	char text[LINE_BYTES], *plain;
	va_list arguments;

	if (drawing->screen.count == drawing->height)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	plain = text_escape(text);
	drawing->screen.lines[drawing->screen.count++] =
	    (struct top_line) { plain ? text_cut(plain, drawing->width, false) : NULL, style };
	free(plain);
}

static void draw_head(struct drawing *drawing, const struct top_model *model,
		      const struct top_ui *ui)
{
	static const enum top_style styles[] = { [HEALTH_OK] = TOP_GOOD,
						 [HEALTH_WARNING] = TOP_WARNING,
						 [HEALTH_CRITICAL] = TOP_BAD,
						 [HEALTH_UNKNOWN] = TOP_WARNING };

	if (*model->problem)
		add_line(drawing, TOP_BAD, "%s: no answer from ipwld, trying again", model->host);
	else if (!*model->health)
		add_line(drawing, TOP_PLAIN, "%s: asking ipwld", model->host);
	else
		add_line(drawing, styles[model->health_level], "%s: %s", model->host,
			 model->health);
	add_line(drawing, ui->is_paused || *ui->filter ? TOP_WARNING : TOP_PLAIN, "%s%s%s%s%s",
		 ui->is_paused ? "paused, p continues  " : "", *ui->filter ? "filter " : "",
		 ui->filter, *ui->filter ? ", Esc clears it  " : "",
		 *model->problem ? model->problem : model->news);
}

static void draw_verdicts(struct drawing *drawing, const struct top_model *model)
{
	const size_t used = 32;
	const size_t columns = drawing->width > used ? drawing->width - used : 0;
	const size_t shown = columns < TOP_RATES_MAX ? columns : TOP_RATES_MAX;
	char blocks[TOP_SPARKLINE_BYTES(TOP_RATES_MAX)];

	add_line(drawing, TOP_BOLD, "%-12s %8s %8s  %s", "VERDICT", "TOTAL", "PER SEC",
		 shown ? "CONNECTIONS PER SECOND" : "");
	for (size_t i = 0; i < TOP_VERDICT_COUNT; i++) {
		const struct top_counter *counter = &model->verdicts[i];
		char total[16], rate[16];

		top_sparkline(counter, shown, blocks);
		add_line(drawing, TOP_PLAIN, "%-12s %8s %8s  %s", top_verdict_names[i],
			 counter->is_known ? top_number((double)counter->total, total) : "-",
			 counter->rate_count ? top_number(counter->rate, rate) : "-", blocks);
	}
}

/* "1 blocked [2 averted] 3 networks …": the page in brackets. */
static void draw_tabs(struct drawing *drawing, const struct top_ui *ui, size_t row_count)
{
	char tabs[128] = "";

	for (int page = 0; page < TOP_PAGE_COUNT; page++) {
		const size_t bytes = strlen(tabs);
		const bool is_shown = page == (int)ui->page;

		snprintf(tabs + bytes, sizeof(tabs) - bytes, "%c%d %s%c", is_shown ? '[' : ' ',
			 page + 1, page_names[page], is_shown ? ']' : ' ');
	}
	add_line(drawing, TOP_PLAIN, "%s %zu %s by %s", tabs, row_count,
		 plural(row_count, "row", "rows"), sort_names[ui->sort]);
}

/* ---- the table ------------------------------------------------------------------- */

static const char *time_of_day(int64_t time_sec, char text[16])
{
	char whole[TIME_TEXT_BYTES];

	if (!time_sec)
		return "-";
	time_format(time_sec, whole);
	snprintf(text, 16, "%.8s", strlen(whole) > 19 ? whole + 11 : whole);
	return text;
}

static bool is_of_attempts(enum top_page page)
{
	return page != TOP_PAGE_LISTS && page != TOP_PAGE_INTERFACES;
}

/* Widths of the columns that depend on what is shown. */
struct widths {
	int name;
	int list;
};

static void draw_heading(struct drawing *drawing, enum top_page page, struct widths widths)
{
	if (page == TOP_PAGE_NETWORKS)
		add_line(drawing, TOP_HEADING, "%-*s %-11s %8s %5s %-8s %7s %s", widths.name,
			 "NETWORK", "VERDICT", "ATTEMPTS", "/MIN", "LAST UTC", "SOURCES", "LIST");
	else if (is_of_attempts(page))
		add_line(drawing, TOP_HEADING, "%-*s %-11s %8s %5s %-8s %-*s %s", widths.name,
			 "SOURCE", "VERDICT", "ATTEMPTS", "/MIN", "LAST UTC", widths.list, "LIST",
			 "ENTRY");
	else if (page == TOP_PAGE_LISTS)
		add_line(drawing, TOP_HEADING, "%-*s %-6s %-8s %8s %11s %8s", widths.name, "LIST",
			 "ACTION", "MODE", "ENTRIES", "CONNECTIONS", "PER SEC");
	else
		add_line(drawing, TOP_HEADING, "%-*s %-8s %8s %8s", widths.name, "INTERFACE", "XDP",
			 "PACKETS", "PER SEC");
}

static enum top_style style_of(const struct top_row *row, enum top_page page, bool is_selected)
{
	if (is_selected)
		return TOP_SELECTED;
	if (!is_of_attempts(page))
		return TOP_PLAIN;
	return !strcmp(row->kind, "averted") ? TOP_GOOD
	       : !strcmp(row->kind, "block") ? TOP_BAD
					     : TOP_WARNING;
}

static void draw_row(struct drawing *drawing, enum top_page page, struct widths widths,
		     const struct top_row *row, bool is_selected)
{
	const enum top_style style = style_of(row, page, is_selected);
	char count[16], rate[16], part[16], last[16];

	top_number((double)row->count, count);
	top_number(row->rate, rate);
	top_number((double)row->part_count, part);
	if (page == TOP_PAGE_NETWORKS)
		add_line(drawing, style, "%-*s %-11s %8s %5s %-8s %7s %s", widths.name, row->name,
			 row->kind, count, rate, time_of_day(row->last_sec, last), part, row->list);
	else if (is_of_attempts(page))
		add_line(drawing, style, "%-*s %-11s %8s %5s %-8s %-*s %s", widths.name, row->name,
			 row->kind, count, rate, time_of_day(row->last_sec, last), widths.list,
			 row->list, row->entry);
	else if (page == TOP_PAGE_LISTS)
		add_line(drawing, style, "%-*s %-6s %-8s %8s %11s %8s", widths.name, row->name,
			 row->kind, row->list, part, count, rate);
	else
		add_line(drawing, style, "%-*s %-8s %8s %8s", widths.name, row->name, row->kind,
			 count, rate);
}

static struct widths widths_of(const struct top_row *rows, size_t count)
{
	struct widths widths = { .name = 15, .list = 4 };

	for (size_t i = 0; i < count; i++) {
		const int name = (int)strlen(rows[i].name), list = (int)strlen(rows[i].list);

		widths.name = name > widths.name ? name : widths.name;
		widths.list = list > widths.list ? list : widths.list;
	}
	return widths;
}

static void draw_table(struct drawing *drawing, const struct top_model *model,
		       const struct top_ui *ui, int64_t now_sec)
{
	struct top_row *rows;
	const size_t count = top_rows(model, ui, now_sec, &rows);
	const size_t room = drawing->height > HEAD_LINES + 2 ? drawing->height - HEAD_LINES - 2 : 0;
	const size_t selected = !count ? 0 : ui->selected < count ? ui->selected : count - 1;
	const size_t first = selected >= room && room ? selected - room + 1 : 0;
	const size_t shown = count - first < room ? count - first : room;
	const struct widths widths = widths_of(rows + first, shown);

	draw_tabs(drawing, ui, count);
	draw_heading(drawing, ui->page, widths);
	for (size_t i = first; i < first + shown; i++)
		draw_row(drawing, ui->page, widths, &rows[i], i == selected);
	if (!count)
		add_line(drawing, TOP_PLAIN,
			 *ui->filter		    ? "nothing matches the filter"
			 : model->looked_at_sec > 0 ? "nothing yet"
						    : "");
	free(rows);
}

/* ---- below ----------------------------------------------------------------------- */

/* How many bytes of @text a line takes: up to its end, or the last space before the width. */
static size_t line_bytes(const char *text, size_t width)
{
	const size_t bytes = strcspn(text, "\n");
	size_t end = bytes < width ? bytes : width;

	if (end == bytes)
		return bytes;
	while (end && text[end] != ' ')
		end--;
	/* A word that is longer than the line is cut between characters. */
	for (end = end ? end : width; end && ((unsigned char)text[end] & 0xc0) == 0x80;)
		end--;
	return end ? end : width;
}

/* The text after a line of it. */
static const char *line_after(const char *text, size_t bytes)
{
	text += bytes;
	return *text == '\n' || *text == ' ' ? text + 1 : text;
}

/* Lines of a message take the place of the last rows. */
static void draw_message(struct drawing *drawing, const char *message)
{
	const size_t lines_max = drawing->height - 2;
	size_t lines = 0;

	for (const char *c = message; *c; c = line_after(c, line_bytes(c, drawing->width)))
		lines++;
	if (lines > lines_max)
		lines = lines_max;
	while (drawing->screen.count + lines + 2 > drawing->height && drawing->screen.count)
		free(drawing->screen.lines[--drawing->screen.count].text);
	while (drawing->screen.count + lines + 2 < drawing->height)
		add_line(drawing, TOP_PLAIN, "%s", "");
	add_line(drawing, TOP_HEADING, "%s", "");
	for (; lines && *message; lines--) {
		const size_t bytes = line_bytes(message, drawing->width);

		add_line(drawing, TOP_PLAIN, "%.*s", (int)bytes, message);
		message = line_after(message, bytes);
	}
}

static void draw_foot(struct drawing *drawing, const struct top_ui *ui)
{
	while (drawing->screen.count >= drawing->height)
		free(drawing->screen.lines[--drawing->screen.count].text);
	while (drawing->screen.count + 1 < drawing->height)
		add_line(drawing, TOP_PLAIN, "%s", "");
	switch (ui->mode) {
	case TOP_MODE_FILTER:
		add_line(drawing, TOP_BOLD, "filter (text or network): %s_", ui->input);
		break;
	case TOP_MODE_LOOK_UP:
		add_line(drawing, TOP_BOLD, "look up the address: %s_", ui->input);
		break;
	case TOP_MODE_ADD:
		add_line(drawing, TOP_BOLD, "add %s to the list: %s_", ui->address, ui->input);
		break;
	case TOP_MODE_CONFIRM:
		add_line(drawing, TOP_BOLD, "add %s to the list %s? [y/N] ", ui->address,
			 ui->input);
		break;
	case TOP_MODE_MESSAGE:
		add_line(drawing, TOP_BOLD, "any key continues");
		break;
	default:
		add_line(
		    drawing, TOP_BOLD,
		    "q quit  1-5 page  s sort  / filter  p pause  Enter test  t look up  a add");
	}
}

void top_draw(const struct top_model *model, const struct top_ui *ui, size_t width, size_t height,
	      int64_t now_sec, struct top_screen *ret_screen)
{
	struct drawing drawing = { .width = width < WIDTH_MIN ? WIDTH_MIN : width,
				   .height = height < HEIGHT_MIN ? HEIGHT_MIN : height };

	*ret_screen = drawing.screen;
	drawing.screen.lines = calloc(drawing.height, sizeof(*drawing.screen.lines));
	if (!drawing.screen.lines)
		return;
	draw_head(&drawing, model, ui);
	draw_verdicts(&drawing, model);
	draw_table(&drawing, model, ui, now_sec);
	if (ui->mode == TOP_MODE_MESSAGE && ui->message)
		draw_message(&drawing, ui->message);
	draw_foot(&drawing, ui);
	*ret_screen = drawing.screen;
}

void top_screen_done(struct top_screen *screen)
{
	for (size_t i = 0; i < screen->count; i++)
		free(screen->lines[i].text);
	free(screen->lines);
	*screen = (struct top_screen) { 0 };
}
