/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts brackets and skips strings. Nothing here recurses. */
#include "formats/json_scan.h"

#include <string.h>

size_t json_skip_blanks(const char *text, size_t bytes, size_t position)
{
	while (position < bytes && strchr(" \t\r\n", text[position]) && text[position] != '\0')
		position++;
	return position;
}

/* The position after the string that begins at @position. */
static size_t skip_string(const char *text, size_t bytes, size_t position)
{
	for (position++; position < bytes; position++) {
		if (text[position] == '\\')
			position++;
		else if (text[position] == '"')
			return position + 1;
	}
	return bytes;
}

static size_t skip_container(const char *text, size_t bytes, size_t position)
{
	size_t depth = 0;

	while (position < bytes) {
		char c = text[position];

		if (c == '"') {
			position = skip_string(text, bytes, position);
			continue;
		}
		position++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return position;
}

struct json_slice json_find_value(const char *text, size_t bytes, size_t position)
{
	size_t end = position;

	if (position < bytes && text[position] == '"')
		end = skip_string(text, bytes, position);
	else if (position < bytes && (text[position] == '{' || text[position] == '['))
		end = skip_container(text, bytes, position);
	else
		while (end < bytes && !strchr(" \t\r\n,:]}[{\"", text[end]))
			end++;
	return (struct json_slice) { text + position, end - position };
}

static char closing(const struct json_slice *container)
{
	return container->text[0] == '{' ? '}' : ']';
}

enum json_next json_enter(const struct json_slice *container, size_t *ret_position)
{
	*ret_position = json_skip_blanks(container->text, container->bytes, 1);
	if (*ret_position == container->bytes)
		return JSON_NEXT_ERROR;
	return container->text[*ret_position] == closing(container) ? JSON_NEXT_END
								    : JSON_NEXT_VALUE;
}

enum json_next json_go_on(const struct json_slice *container, size_t *position)
{
	*position = json_skip_blanks(container->text, container->bytes, *position);
	if (*position == container->bytes)
		return JSON_NEXT_ERROR;
	if (container->text[*position] == closing(container))
		return *position + 1 == container->bytes ? JSON_NEXT_END : JSON_NEXT_ERROR;
	if (container->text[*position] != ',')
		return JSON_NEXT_ERROR;
	*position = json_skip_blanks(container->text, container->bytes, *position + 1);
	return *position == container->bytes ? JSON_NEXT_ERROR : JSON_NEXT_VALUE;
}

bool json_go_to_value(const struct json_slice *container, size_t *position)
{
	*position = json_skip_blanks(container->text, container->bytes, *position);
	if (*position == container->bytes || container->text[*position] != ':')
		return false;
	*position = json_skip_blanks(container->text, container->bytes, *position + 1);
	return *position < container->bytes;
}
