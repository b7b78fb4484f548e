/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports as text in memory. Included after cmocka.h. */
#ifndef TESTS_EXPORT_TEXT_H
#define TESTS_EXPORT_TEXT_H

#include <stdio.h>

#include "formats/write.h"

/* The text, to be freed. */
static inline char *text_of(const struct export *export)
{
	size_t bytes, count;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(stream);
	assert_int_equal(export_write(export, stream, &count), 0);
	assert_int_equal(fclose(stream), 0);
	return text;
}

#endif
