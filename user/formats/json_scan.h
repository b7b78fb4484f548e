/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the values in a JSON text, so that a large one need not be in memory as a tree. Whether a
 * value is valid is jansson's to say. */
#ifndef FORMATS_JSON_SCAN_H
#define FORMATS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A value in a text, without the blanks around it. */
struct json_slice {
	const char *text;
	size_t bytes;
};

/* What follows a value in a container. */
enum json_next { JSON_NEXT_VALUE, JSON_NEXT_END, JSON_NEXT_ERROR };

/* Skip blanks and newlines. Returns the position of the next byte, or @bytes. */
size_t json_skip_blanks(const char *text, size_t bytes, size_t position);

/* The value that begins at @position. Its end is where its brackets or quotes close, or the end
 * of the text if they do not. */
struct json_slice json_find_value(const char *text, size_t bytes, size_t position);

/* Go to the first value in the container. */
enum json_next json_enter(const struct json_slice *container, size_t *ret_position);

/* Go from the end of a value to the next one. *@position is moved to it, or to the error. */
enum json_next json_go_on(const struct json_slice *container, size_t *position);

/* Go from the end of a key over the colon to its value. Returns false if there is none. */
bool json_go_to_value(const struct json_slice *container, size_t *position);

#endif
