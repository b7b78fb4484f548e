/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that is kept. */
#include "base/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

void lines_add(struct lines *lines, const char *format, ...)
{
	va_list arguments;
	char **items;
	char *line;
	int bytes;

	va_start(arguments, format);
	bytes = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (bytes < 0)
		return;
	items = reallocarray(lines->items, lines->count + 1, sizeof(*items));
	if (!items) {
		free(line);
		return;
	}
	lines->items = items;
	lines->items[lines->count++] = line;
}

void lines_copy(struct lines *lines, const struct lines *from, size_t max)
{
	size_t i;

	for (i = 0; i < from->count && i < max; i++)
		lines_add(lines, "%s", from->items[i]);
	if (from->count > max)
		lines_add(lines, "and %zu more", from->count - max);
}

void lines_done(struct lines *lines)
{
	size_t i;

	for (i = 0; i < lines->count; i++)
		free(lines->items[i]);
	free(lines->items);
	*lines = (struct lines) { 0 };
}
