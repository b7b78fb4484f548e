/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any client sends this header. Each text gets a format, and a text that is surrounded by ranges
 * of other media types gets the same one.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The data ends without a 0, so strndup() may not read it. */
	char *text = malloc(size + 1), *more = NULL;
	enum exposition_format format;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	format = accept_choose(text);
	check(format == EXPOSITION_TEXT || format == EXPOSITION_OPENMETRICS);
	/* An open quotation mark takes in what follows. */
	if (!strchr(text, '"') && asprintf(&more, "image/png;q=1,%s,audio/*;q=1", text) >= 0)
		check(accept_choose(more) == format);
	free(more);
	free(text);
	return 0;
}
