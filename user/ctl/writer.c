/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text and JSON output. Nothing from outside reaches a terminal unescaped. */
#include "ctl/writer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/number.h"
#include "base/text.h"
#include "ctl/memory.h"

#define LABEL_WIDTH 16
#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 10000

/* Numbers from here on lose digits, unless all columns are shown. */
#define SHORT_FROM 10000000

static bool shows_all;

static const char *const colour_codes[] = { "", "\033[32m", "\033[33m", "\033[31m" };
_Static_assert(sizeof(colour_codes) / sizeof(colour_codes[0]) == COLOUR_COUNT, "one each");

static void print_json(const json_t *value, FILE *stream)
{
	/* Keeps text readable and escapes control characters. Dumps twice only in the rare case. */
	char *text = ctl_allocated(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT));

	if (text_is_plain(text))
		fputs(text, stream);
	else
		json_dumpf(value, stream, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
	free(text);
}

/* Write the comma, line end and key before a member of the innermost array or object. */
static void begin_member(struct writer *writer, const char *key)
{
	if (writer->has_member[writer->depth - 1])
		fputc(',', writer->stream);
	writer->has_member[writer->depth - 1] = true;
	if (key)
		fprintf(writer->stream, "\"%s\":", key);
	else
		/* Each item of an array has a line of its own, for grep and for readers. */
		fputc('\n', writer->stream);
}

static void open_level(struct writer *writer, const char *key, char bracket)
{
	if (!writer->is_json)
		return;
	begin_member(writer, key);
	fputc(bracket, writer->stream);
	writer->has_member[writer->depth++] = false;
}

static void close_level(struct writer *writer, const char *bracket)
{
	if (!writer->is_json)
		return;
	writer->depth--;
	fputs(bracket, writer->stream);
}

void writer_show_all(void)
{
	shows_all = true;
}

bool writer_shows_all(void)
{
	return shows_all;
}

void writer_begin(struct writer *writer, FILE *stream, bool is_json)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	*writer = (struct writer) { .stream = stream, .is_json = is_json };
	writer->has_colour = !is_json && isatty(fileno(stream)) && !(no_colour && *no_colour) &&
			     terminal && strcmp(terminal, "dumb") != 0;
	if (!is_json)
		return;
	fputs("{\"schema_version\":1", stream);
	writer->has_member[writer->depth++] = true;
}

void writer_end(struct writer *writer)
{
	close_level(writer, "}\n");
}

void writer_array_begin(struct writer *writer, const char *key)
{
	open_level(writer, key, '[');
}

void writer_array_end(struct writer *writer)
{
	close_level(writer, writer->is_json && writer->has_member[writer->depth - 1] ? "\n]" : "]");
}

void writer_object_begin(struct writer *writer, const char *key)
{
	open_level(writer, key, '{');
}

void writer_object_end(struct writer *writer)
{
	close_level(writer, "}");
}

static size_t key_bytes(const struct column *column)
{
	return strcspn(column->path, ".");
}

static const json_t *find_value(const struct column *column, const json_t *object)
{
	const char *path = column->path;

	while (path) {
		size_t bytes = strcspn(path, ".");
		char key[64];

		snprintf(key, sizeof(key), "%.*s", (int)bytes, path);
		object = json_object_get(object, key);
		path = path[bytes] ? path + bytes + 1 : NULL;
	}
	return object;
}

void writer_members(struct writer *writer, const struct column *columns, const json_t *object)
{
	if (!writer->is_json)
		return;
	for (const struct column *column = columns; column->path; column++) {
		size_t bytes = key_bytes(column);
		const json_t *value;
		char key[64];

		if (column != columns && key_bytes(column - 1) == bytes &&
		    !memcmp(column[-1].path, column->path, bytes))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)bytes, column->path);
		value = json_object_get(object, key);
		begin_member(writer, key);
		if (value)
			print_json(value, writer->stream);
		else
			fputs("null", writer->stream);
	}
}

static char *array_text(const json_t *array, unsigned int form)
{
	const json_t *item;
	char *text = NULL;
	size_t size;
	size_t i;
	FILE *stream = ctl_allocated(open_memstream(&text, &size));

	json_array_foreach(array, i, item)
	{
		char *part = writer_value_text(item, form);

		fprintf(stream, "%s%s", i ? ", " : "", part);
		free(part);
	}
	return ctl_allocated(fclose(stream) ? NULL : text);
}

/* 12345678 as "12.3M": three digits, rounded down. */
static void number_shorten(long long number, char *text, size_t bytes)
{
	static const char units[] = "MGTPE";
	long long thousandths = number / 1000;
	size_t unit = 0;

	for (; thousandths >= 1000000; thousandths /= 1000)
		unit++;
	if (thousandths < 10000)
		snprintf(text, bytes, "%lld.%02lld%c", thousandths / 1000, thousandths % 1000 / 10,
			 units[unit]);
	else if (thousandths < 100000)
		snprintf(text, bytes, "%lld.%lld%c", thousandths / 1000, thousandths % 1000 / 100,
			 units[unit]);
	else
		snprintf(text, bytes, "%lld%c", thousandths / 1000, units[unit]);
}

/* "2026-11-24T09:00:00Z" without its seconds. */
static char *time_text(const char *time)
{
	const size_t bytes = strlen(time);
	char *text = NULL;

	if (shows_all || bytes != sizeof("2026-11-24T09:00:00Z") - 1)
		return ctl_allocated(strdup(time));
	return ctl_allocated(asprintf(&text, "%.*sZ", (int)bytes - 4, time) < 0 ? NULL : text);
}

char *writer_value_text(const json_t *value, unsigned int form)
{
	char number[DURATION_TEXT_BYTES];
	long long integer = json_integer_value(value);

	form &= FORM_MASK;
	if (form == FORM_MARKER)
		return ctl_allocated(strdup(json_is_true(value) ? "*" : ""));
	if (!value || json_is_null(value))
		return ctl_allocated(strdup("-"));
	if (json_is_string(value))
		return form == FORM_TIME ? time_text(json_string_value(value))
					 : ctl_allocated(strdup(json_string_value(value)));
	if (json_is_boolean(value))
		return ctl_allocated(strdup(json_is_true(value) ? "yes" : "no"));
	if (json_is_array(value))
		return array_text(value, form);
	if (!json_is_integer(value))
		return ctl_allocated(json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT));
	if (form == FORM_DURATION)
		duration_format(integer, number);
	else if (form == FORM_NUMBER && !shows_all && integer >= SHORT_FROM)
		number_shorten(integer, number, sizeof(number));
	else
		snprintf(number, sizeof(number), form == FORM_HEX ? "0x%llx" : "%lld", integer);
	return ctl_allocated(strdup(number));
}

void writer_fields(struct writer *writer, const struct column *columns, const json_t *object)
{
	writer_members(writer, columns, object);
	for (const struct column *column = columns; column->path; column++) {
		const json_t *value = find_value(column, object);
		char *text;

		if (!column->label || !value || json_is_null(value))
			continue;
		text = writer_value_text(value, column->form);
		if (*text)
			writer_text(writer, COLOUR_NONE, "%-*s%s", LABEL_WIDTH, column->label,
				    text);
		if (*text)
			writer_line_end(writer);
		free(text);
	}
}

static bool is_shown(const struct column *column)
{
	return column->label && (shows_all || !(column->form & COLUMN_WIDE));
}

/* watch(1) sets COLUMNS for what it runs. */
size_t writer_width(const struct writer *writer)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t width;

	if (shows_all)
		return SIZE_MAX;
	if (columns && number_parse(columns, WIDTH_MIN, WIDTH_MAX, &width))
		return (size_t)width;
	if (!ioctl(fileno(writer->stream), TIOCGWINSZ, &size) && size.ws_col >= WIDTH_MIN)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

void writer_table_begin(struct writer *writer, const char *key, const struct column *columns,
			const char *indent)
{
	struct grid_column specs[GRID_COLUMNS_MAX];
	size_t count = 0;

	writer->columns = columns;
	writer_array_begin(writer, key);
	if (writer->is_json)
		return;
	for (; columns->path; columns++) {
		const unsigned int form = columns->form & FORM_MASK;

		if (!is_shown(columns))
			continue;
		specs[count++] = (struct grid_column) {
			.label = columns->label,
			.is_right = form == FORM_NUMBER || form == FORM_HEX,
			.is_cut = columns->form & COLUMN_CUT,
			.is_cut_before = columns->form & COLUMN_CUT_BEFORE,
			.is_name = columns->form & COLUMN_NAME,
			.leave_rank = columns->form >> 12,
		};
	}
	grid_init(&writer->grid, writer->stream, indent, shows_all ? 0 : writer_width(writer),
		  specs, count);
}

void writer_row(struct writer *writer, const json_t *object)
{
	char *cells[GRID_COLUMNS_MAX] = { NULL };
	size_t count = 0;

	if (writer->is_json) {
		writer_object_begin(writer, NULL);
		writer_members(writer, writer->columns, object);
		writer_object_end(writer);
		return;
	}
	for (const struct column *column = writer->columns; column->path; column++)
		if (is_shown(column))
			cells[count++] =
			    writer_value_text(find_value(column, object), column->form);
	grid_add(&writer->grid, (const char *const *)cells);
	while (count)
		free(cells[--count]);
}

void writer_table_end(struct writer *writer)
{
	if (writer->is_json)
		writer_array_end(writer);
	else
		grid_done(&writer->grid);
}

void writer_table(struct writer *writer, const char *key, const struct column *columns,
		  const char *indent, const json_t *array)
{
	const json_t *object;
	size_t i;

	writer_table_begin(writer, key, columns, indent);
	json_array_foreach(array, i, object) writer_row(writer, object);
	writer_table_end(writer);
}

void writer_text(struct writer *writer, enum colour colour, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (writer->is_json)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = ctl_allocated(NULL);
	va_end(arguments);
	if (writer->has_colour)
		fputs(colour_codes[colour], writer->stream);
	text_print(text, writer->stream);
	if (writer->has_colour && colour)
		fputs("\033[0m", writer->stream);
	free(text);
}

json_t *writer_string(const char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	return string ? string : json_null();
}

void writer_line_end(struct writer *writer)
{
	if (!writer->is_json)
		fputc('\n', writer->stream);
}
