/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes places between entries as hex of "INDEX SOURCE ORDINAL PREFIX LIST". */
#include "api/cursor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* Numbers of at most 20 digits, a prefix, a name. */
#define PLACE_TEXT_BYTES (3 * 21 + PREFIX_TEXT_BYTES + POLICY_NAME_MAX + 2)
#define PLACE_WORDS 5

int place_compare(const struct place *a, const struct place *b)
{
	int order;

	if (a->list != b->list)
		return a->list < b->list ? -1 : 1;
	order = prefix_compare(&a->prefix, &b->prefix);
	if (order)
		return order;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

char *place_format(const struct place *place, const struct policy *policy)
{
	char text[PLACE_TEXT_BYTES], prefix[PREFIX_TEXT_BYTES];
	char *hex, *end;
	size_t i;

	snprintf(text, sizeof(text), "%zu %u %zu %s %s", place->list, (unsigned int)place->source,
		 place->ordinal, prefix_format(&place->prefix, prefix),
		 policy->lists[place->list].name);
	hex = malloc(2 * strlen(text) + 1);
	for (i = 0, end = hex; hex && text[i]; i++)
		end += sprintf(end, "%02x", (unsigned char)text[i]);
	return hex;
}

static int decode(const char *hex, char text[PLACE_TEXT_BYTES])
{
	size_t i, count = strlen(hex) / 2;
	char digits[3] = "";

	if (strlen(hex) % 2 || count >= PLACE_TEXT_BYTES)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		memcpy(digits, hex + 2 * i, 2);
		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return -EINVAL;
		text[i] = (char)strtoul(digits, NULL, 16);
	}
	text[count] = '\0';
	return 0;
}

static int split(char *text, char *words[PLACE_WORDS])
{
	char *rest = text;
	int i;

	for (i = 0; i < PLACE_WORDS - 1; i++) {
		words[i] = strsep(&rest, " ");
		if (!rest)
			return -EINVAL;
	}
	words[i] = rest;
	return 0;
}

int place_parse(const char *text, const struct policy *policy, struct place *ret_place)
{
	char plain[PLACE_TEXT_BYTES];
	char *words[PLACE_WORDS];
	struct place place = { 0 };
	int64_t index, source, ordinal;
	const struct list *list;

	if (decode(text, plain) || split(plain, words) ||
	    !number_parse(words[0], 0, INT64_MAX, &index) ||
	    !number_parse(words[1], 0, SOURCE_COUNT - 1, &source) ||
	    !number_parse(words[2], 0, INT64_MAX, &ordinal) ||
	    prefix_parse(words[3], strlen(words[3]), &place.prefix, NULL) != PREFIX_OK)
		return -EINVAL;
	place.list = (size_t)index;
	place.source = (enum source)source;
	place.ordinal = (size_t)ordinal;
	list = policy_find_list(policy, words[4]);
	if (list)
		place.list = (size_t)(list - policy->lists);
	else
		place = (struct place) { .list = place.list };
	*ret_place = place;
	return 0;
}
