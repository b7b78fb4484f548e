/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the fuzz targets of mail logs: what was noted, and texts of strangers in lines. */
#ifndef FUZZ_MAILLOG_H
#define FUZZ_MAILLOG_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/evidence_line.h"
#include "maillog/mail_log.h"

#define LOCAL_BYTES_MAX 1024
#define QUOTED_BYTES (2 * LOCAL_BYTES_MAX + 3)
#define FORMATTED_BYTES (2 * QUOTED_BYTES + 1024)
#define AT_SEC 1795897985

static struct evidence last;
static size_t count;

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void note(void *context, const struct evidence *evidence)
{
	char line[EVIDENCE_LINE_BYTES];
	size_t bytes = evidence_line_write(evidence, line);
	struct evidence again;

	(void)context;
	/* A rejection of the far past cannot be written otherwise. */
	check(evidence->at_sec >= 0);
	check(!evidence_line_read(line, bytes - 1, &again));
	last = *evidence;
	count++;
}

static inline void read_all(struct mail_log *log, const char *text, size_t bytes)
{
	while (bytes) {
		const char *stop = memchr(text, '\n', bytes);
		const size_t line_bytes = stop ? (size_t)(stop - text) : bytes;

		mail_log_line(log, text, line_bytes);
		text += line_bytes + (stop != NULL);
		bytes -= line_bytes + (stop != NULL);
	}
}

/* Quote the bytes as RFC 5321 does; control characters become question marks. */
static inline void quote(const uint8_t *data, size_t size, char local[QUOTED_BYTES])
{
	char *end = local;

	*end++ = '"';
	for (size_t i = 0; i < size && i < LOCAL_BYTES_MAX; i++) {
		if (data[i] == '"' || data[i] == '\\')
			*end++ = '\\';
		*end++ = data[i] < ' ' || data[i] == 0x7f ? '?' : (char)data[i];
	}
	*end++ = '"';
	*end = '\0';
}

/* The bytes without control characters. */
static inline void print(const uint8_t *data, size_t size, char text[QUOTED_BYTES])
{
	size_t bytes = size < LOCAL_BYTES_MAX ? size : LOCAL_BYTES_MAX;

	for (size_t i = 0; i < bytes; i++)
		text[i] = data[i] < ' ' || data[i] == 0x7f ? '?' : (char)data[i];
	text[bytes] = '\0';
}

__attribute__((format(printf, 2, 3))) static inline void read_format(struct mail_log *log,
								     const char *format, ...)
{
	char line[FORMATTED_BYTES];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	check(bytes > 0 && (size_t)bytes < sizeof(line));
	mail_log_line(log, line, (size_t)bytes);
}

#endif
