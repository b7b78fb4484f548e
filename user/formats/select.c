/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps conditions, and compares values with them. */
#include "formats/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int select_add(struct select *select, const char *field, const char *value)
{
	struct select_condition *conditions =
	    realloc(select->conditions, (select->count + 1) * sizeof(*conditions));
	struct select_condition condition = { strdup(field), strdup(value) };

	if (conditions)
		select->conditions = conditions;
	if (!conditions || !condition.field || !condition.value) {
		free(condition.field);
		free(condition.value);
		return -ENOMEM;
	}
	conditions[select->count++] = condition;
	return 0;
}

void select_done(struct select *select)
{
	for (size_t i = 0; i < select->count; i++) {
		free(select->conditions[i].field);
		free(select->conditions[i].value);
	}
	free(select->conditions);
	*select = (struct select) { 0 };
}

bool select_is_equal(const struct select *a, const struct select *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->conditions[i].field, b->conditions[i].field) != 0 ||
		    strcmp(a->conditions[i].value, b->conditions[i].value) != 0)
			return false;
	}
	return true;
}

char *select_text(const struct select *select)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	for (size_t i = 0; stream && i < select->count; i++)
		fprintf(stream, "%s%s: %s", i ? ", " : "", select->conditions[i].field,
			select->conditions[i].value);
	return stream && !fclose(stream) ? text : NULL;
}

bool select_matches(const struct select_condition *condition, const char *text, size_t bytes)
{
	const size_t value_bytes = strlen(condition->value);

	for (;;) {
		const char *comma = bytes > 0 ? memchr(text, ',', bytes) : NULL;
		const char *item = text;
		size_t item_bytes = comma ? (size_t)(comma - text) : bytes;

		while (item_bytes > 0 && *item == ' ') {
			item++;
			item_bytes--;
		}
		while (item_bytes > 0 && item[item_bytes - 1] == ' ')
			item_bytes--;
		if (item_bytes == value_bytes && !strncasecmp(item, condition->value, item_bytes))
			return true;
		if (!comma)
			return false;
		bytes -= (size_t)(comma - text) + 1;
		text = comma + 1;
	}
}
