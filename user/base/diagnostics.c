/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects errors and warnings, orders them by place and prints them. */
#include "base/diagnostics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/utf8.h"

void diagnostics_init(struct diagnostics *diagnostics)
{
	*diagnostics = (struct diagnostics) { 0 };
}

void diagnostics_done(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		free(diagnostics->items[i].file);
		free(diagnostics->items[i].message);
	}
	free(diagnostics->items);
	diagnostics_init(diagnostics);
}

/* Append an item and take it over. If memory runs out, the item is counted but lost. */
static void diagnostics_keep(struct diagnostics *diagnostics, const struct diagnostic *item)
{
	size_t count = diagnostics->count;
	struct diagnostic *items = diagnostics->items;

	/* Room doubles when the count reaches a power of two. */
	if (!(count & (count - 1)))
		items = reallocarray(items, count ? 2 * count : 1, sizeof(*items));
	if (!items || !item->file || !item->message) {
		free(item->file);
		free(item->message);
	}
	if (!items)
		return;
	diagnostics->items = items;
	if (item->file && item->message)
		items[diagnostics->count++] = *item;
}

void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, const char *file,
		     uint32_t line, uint32_t column, const char *format, ...)
{
	struct diagnostic item = { .severity = severity, .line = line, .column = column };
	size_t *total =
	    severity == SEVERITY_ERROR ? &diagnostics->error_count : &diagnostics->warning_count;
	va_list arguments;

	if ((*total)++ >= DIAGNOSTICS_KEPT_MAX)
		return;
	va_start(arguments, format);
	if (vasprintf(&item.message, format, arguments) < 0)
		item.message = NULL;
	va_end(arguments);
	item.file = strdup(file);
	if (item.message)
		utf8_sanitize(item.message, strlen(item.message));
	if (item.file)
		utf8_sanitize(item.file, strlen(item.file));
	diagnostics_keep(diagnostics, &item);
}

void diagnostics_add_all(struct diagnostics *diagnostics, const struct diagnostics *from)
{
	const size_t error_count = diagnostics->error_count + from->error_count;
	const size_t warning_count = diagnostics->warning_count + from->warning_count;

	for (size_t i = 0; i < from->count; i++) {
		const struct diagnostic *item = &from->items[i];

		diagnostics_add(diagnostics, item->severity, item->file, item->line, item->column,
				"%s", item->message);
	}
	/* Some of them may be counted only. */
	diagnostics->error_count = error_count;
	diagnostics->warning_count = warning_count;
}

struct ranked {
	struct diagnostic item;
	size_t file; /* index of the first item of this file */
	size_t added;
};

static int compare_numbers(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = compare_numbers(a->file, b->file);

	if (!order)
		order = compare_numbers(a->item.line, b->item.line);
	if (!order)
		order = compare_numbers(a->item.column, b->item.column);
	return order ? order : compare_numbers(a->added, b->added);
}

/* 0 is kept for @first_file. */
static size_t rank_file(const struct diagnostics *diagnostics, size_t index, const char *first_file)
{
	const char *file = diagnostics->items[index].file;
	size_t first = 0;

	if (!strcmp(file, first_file))
		return 0;
	while (strcmp(diagnostics->items[first].file, file))
		first++;
	return first + 1;
}

void diagnostics_sort(struct diagnostics *diagnostics, const char *first_file)
{
	struct ranked *ranked = calloc(diagnostics->count + 1, sizeof(*ranked));
	char *clean_name = strdup(first_file);

	if (ranked && clean_name) {
		utf8_sanitize(clean_name, strlen(clean_name));
		for (size_t i = 0; i < diagnostics->count; i++) {
			ranked[i].item = diagnostics->items[i];
			ranked[i].file = rank_file(diagnostics, i, clean_name);
			ranked[i].added = i;
		}
		qsort(ranked, diagnostics->count, sizeof(*ranked), compare_ranked);
		for (size_t i = 0; i < diagnostics->count; i++)
			diagnostics->items[i] = ranked[i].item;
	}
	free(clean_name);
	free(ranked);
}

static void format_text(const struct diagnostic *diagnostic, const char *kind, char *text,
			size_t size)
{
	char line[16] = "", column[16] = "";

	if (diagnostic->line)
		snprintf(line, sizeof(line), ":%u", diagnostic->line);
	if (diagnostic->line && diagnostic->column)
		snprintf(column, sizeof(column), ":%u", diagnostic->column);
	snprintf(text, size, "%s%s%s: %s%s", diagnostic->file, line, column, kind,
		 diagnostic->message);
}

void diagnostic_format(const struct diagnostic *diagnostic, char *text, size_t size)
{
	format_text(diagnostic, diagnostic->severity == SEVERITY_WARNING ? "warning: " : "", text,
		    size);
}

void diagnostics_lines(const struct diagnostics *diagnostics, size_t max, struct lines *errors,
		       struct lines *warnings)
{
	size_t more_errors = diagnostics->error_count;
	size_t more = diagnostics->error_count + diagnostics->warning_count;
	char text[DIAGNOSTIC_TEXT_BYTES];
	size_t i;

	for (i = 0; i < diagnostics->count && i < max; i++, more--) {
		bool is_error = diagnostics->items[i].severity == SEVERITY_ERROR;

		if (errors == warnings)
			diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		else
			format_text(&diagnostics->items[i], "", text, sizeof(text));
		lines_add(is_error ? errors : warnings, "%s", text);
		more_errors -= is_error;
	}
	if (errors == warnings && more)
		lines_add(errors, "and %zu more", more);
	else if (errors != warnings && more_errors)
		lines_add(errors, "and %zu more %s", more_errors,
			  plural(more_errors, "error", "errors"));
}

void diagnostics_print(const struct diagnostics *diagnostics, size_t max, FILE *stream)
{
	size_t errors = diagnostics->error_count, warnings = diagnostics->warning_count;
	size_t shown[2] = { 0, 0 };
	char text[DIAGNOSTIC_TEXT_BYTES];

	for (size_t i = 0; i < diagnostics->count; i++) {
		bool is_error = diagnostics->items[i].severity == SEVERITY_ERROR;

		if (shown[is_error] == max)
			continue;
		shown[is_error]++;
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		fprintf(stream, "%s\n", text);
	}
	errors -= shown[true];
	warnings -= shown[false];
	if (errors)
		fprintf(stream, "and %zu more %s", errors, plural(errors, "error", "errors"));
	if (warnings)
		fprintf(stream, "%s%zu more %s", errors ? ", " : "and ", warnings,
			plural(warnings, "warning", "warnings"));
	if (errors || warnings)
		fputc('\n', stream);
}
