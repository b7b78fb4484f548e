/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of metrics, in the format that the client asked for. */
#ifndef WEB_EXPOSITION_H
#define WEB_EXPOSITION_H

#include <stdint.h>

struct evbuffer;

enum exposition_format {
	EXPOSITION_TEXT,	/* Prometheus's text format 0.0.4 */
	EXPOSITION_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

struct exposition {
	struct evbuffer *buffer;
	enum exposition_format format;
};

struct metric {
	const char *name; /* of its samples; that of a counter ends with _total */
	const char *type; /* counter, gauge */
	const char *help; /* without backslashes, double quotes and line breaks */
};

/* Begin a metric. All of its samples follow, before the next metric begins. */
void exposition_head(const struct exposition *to, const struct metric *metric);
void exposition_add(const struct exposition *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A label: name="value". The value may be any text. */
void exposition_label(const struct exposition *to, const char *name, const char *value);
/* A metric with one sample that has no labels. */
void exposition_single(const struct exposition *to, const struct metric *metric, uint64_t value);
/* After the last metric. */
void exposition_end(const struct exposition *to);

#endif
