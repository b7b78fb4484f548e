/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads media ranges with parameters, like "text/plain; version=0.0.4; q=0.5". */
#include "web/accept.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define QUALITY_MAX 1000 /* stands for q=1 */

struct span {
	const char *start;
	size_t bytes;
};

/* How well a range fits: the better one counts, even if its quality is lower. */
enum fit { FIT_NONE, FIT_ANY, FIT_TYPE, FIT_EXACT, FIT_VERSION };

struct preference {
	enum fit fit;
	int quality;
};

static const struct {
	const char *type, *subtype, *version;
} formats[] = {
	[EXPOSITION_TEXT] = { "text", "plain", "0.0.4" },
	[EXPOSITION_OPENMETRICS] = { "application", "openmetrics-text", "1.0.0" },
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(*formats))

/* ---- pieces ------------------------------------------------------------------ */

static struct span span_trim(struct span span)
{
	while (span.bytes && isspace((unsigned char)*span.start))
		span = (struct span) { span.start + 1, span.bytes - 1 };
	while (span.bytes && isspace((unsigned char)span.start[span.bytes - 1]))
		span.bytes--;
	return span;
}

static bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.bytes && !strncasecmp(span.start, text, span.bytes);
}

/* Cut off what stands before @separator, which may be quoted. Without one: all. */
static struct span span_cut(struct span *rest, char separator)
{
	const char *start = rest->start;
	bool is_quoted = false;
	size_t bytes;

	for (bytes = 0; bytes < rest->bytes && (is_quoted || start[bytes] != separator); bytes++)
		is_quoted ^= start[bytes] == '"';
	rest->start += bytes + (bytes < rest->bytes);
	rest->bytes -= bytes + (bytes < rest->bytes);
	return span_trim((struct span) { start, bytes });
}

static struct span span_unquote(struct span span)
{
	if (span.bytes >= 2 && *span.start == '"' && span.start[span.bytes - 1] == '"')
		return (struct span) { span.start + 1, span.bytes - 2 };
	return span;
}

/* 0 to 1 with up to three places. Return: whether it is such a number. */
static bool quality_parse(struct span text, int *ret_quality)
{
	int quality, weight = QUALITY_MAX;

	if (!text.bytes || text.bytes > strlen("0.123") || *text.start < '0' || *text.start > '1' ||
	    (text.bytes > 1 && text.start[1] != '.'))
		return false;
	quality = (*text.start - '0') * QUALITY_MAX;
	for (size_t i = 2; i < text.bytes; i++) {
		if (!isdigit((unsigned char)text.start[i]))
			return false;
		weight /= 10;
		quality += (text.start[i] - '0') * weight;
	}
	*ret_quality = quality;
	return quality <= QUALITY_MAX;
}

/* ---- ranges ------------------------------------------------------------------ */

struct range {
	struct span type, subtype;
	struct span version; /* empty: any */
	int quality;
};

/* Return: whether it is a range. */
static bool range_parse(struct span text, struct range *ret_range)
{
	struct span type = span_cut(&text, ';');
	struct range range = { .quality = QUALITY_MAX };

	range.type = span_cut(&type, '/');
	range.subtype = span_trim(type);
	while (text.bytes) {
		struct span value = span_cut(&text, ';');
		const struct span name = span_cut(&value, '=');

		value = span_unquote(span_trim(value));
		if (span_is(name, "version"))
			range.version = value;
		if (span_is(name, "q") && !quality_parse(value, &range.quality))
			return false;
	}
	*ret_range = range;
	return true;
}

static enum fit range_fit(const struct range *range, size_t format)
{
	if (span_is(range->type, "*") && span_is(range->subtype, "*"))
		return FIT_ANY;
	if (!span_is(range->type, formats[format].type))
		return FIT_NONE;
	if (span_is(range->subtype, "*"))
		return FIT_TYPE;
	if (!span_is(range->subtype, formats[format].subtype))
		return FIT_NONE;
	if (!range->version.bytes)
		return FIT_EXACT;
	return span_is(range->version, formats[format].version) ? FIT_VERSION : FIT_NONE;
}

static void preference_take(struct preference *preference, const struct range *range, enum fit fit)
{
	if (fit < preference->fit || fit == FIT_NONE ||
	    (fit == preference->fit && range->quality < preference->quality))
		return;
	*preference = (struct preference) { fit, range->quality };
}

enum exposition_format accept_choose(const char *accept)
{
	struct span rest = { accept ? accept : "", accept ? strlen(accept) : 0 };
	struct preference preferences[FORMAT_COUNT] = { 0 };
	const struct preference *text = &preferences[EXPOSITION_TEXT];
	const struct preference *openmetrics = &preferences[EXPOSITION_OPENMETRICS];
	struct range range;

	while (rest.bytes) {
		if (!range_parse(span_cut(&rest, ','), &range))
			continue;
		for (size_t format = 0; format < FORMAT_COUNT; format++)
			preference_take(&preferences[format], &range, range_fit(&range, format));
	}
	if (openmetrics->quality > text->quality)
		return EXPOSITION_OPENMETRICS;
	return openmetrics->quality && openmetrics->quality == text->quality &&
		       openmetrics->fit >= FIT_EXACT
		   ? EXPOSITION_OPENMETRICS
		   : EXPOSITION_TEXT;
}
