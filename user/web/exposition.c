/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes metrics as text. The formats differ in the names of counters and at the end. */
#include "web/exposition.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define TOTAL "_total"

/* How much of the name is that of the metric: in OpenMetrics the samples of a counter have a
 * suffix. */
static int family_length(const struct exposition *to, const struct metric *metric)
{
	const size_t bytes = strlen(metric->name), suffix = strlen(TOTAL);

	if (to->format == EXPOSITION_OPENMETRICS && !strcmp(metric->type, "counter") &&
	    bytes > suffix && !strcmp(metric->name + bytes - suffix, TOTAL))
		return (int)(bytes - suffix);
	return (int)bytes;
}

void exposition_head(const struct exposition *to, const struct metric *metric)
{
	const int length = family_length(to, metric);

	exposition_add(to, "# HELP %.*s %s\n# TYPE %.*s %s\n", length, metric->name, metric->help,
		       length, metric->name, metric->type);
}

void exposition_add(const struct exposition *to, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	evbuffer_add_vprintf(to->buffer, format, arguments);
	va_end(arguments);
}

void exposition_label(const struct exposition *to, const char *name, const char *value)
{
	char *clean = strdup(value);
	const char *c;

	if (clean)
		utf8_sanitize(clean, strlen(clean));
	exposition_add(to, "%s=\"", name);
	for (c = clean ? clean : ""; *c; c++) {
		if (*c == '\\' || *c == '"')
			evbuffer_add(to->buffer, "\\", 1);
		evbuffer_add(to->buffer, c, 1);
	}
	evbuffer_add(to->buffer, "\"", 1);
	free(clean);
}

void exposition_single(const struct exposition *to, const struct metric *metric, uint64_t value)
{
	exposition_head(to, metric);
	exposition_add(to, "%s %" PRIu64 "\n", metric->name, value);
}

void exposition_end(const struct exposition *to)
{
	if (to->format == EXPOSITION_OPENMETRICS)
		exposition_add(to, "# EOF\n");
}
