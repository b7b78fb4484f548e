/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key is secret, so that no list can have two lines with the same print. */
#include "formats/line_prints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_CAPACITY 64

struct line_prints *line_prints_new(const struct line_prints *like)
{
	struct line_prints *prints = calloc(1, sizeof(*prints));

	if (!prints)
		return NULL;
	prints->references = 1;
	if (like) {
		memcpy(prints->key, like->key, sizeof(prints->key));
	} else if (getrandom(prints->key, sizeof(prints->key), 0) != sizeof(prints->key)) {
		free(prints);
		return NULL;
	}
	return prints;
}

struct line_prints *line_prints_ref(struct line_prints *prints)
{
	__atomic_add_fetch(&prints->references, 1, __ATOMIC_RELAXED);
	return prints;
}

void line_prints_unref(struct line_prints *prints)
{
	if (!prints || __atomic_sub_fetch(&prints->references, 1, __ATOMIC_ACQ_REL))
		return;
	free(prints->items);
	free(prints);
}

uint64_t line_prints_make(const struct line_prints *prints, const char *text, size_t bytes)
{
	const uint64_t print = siphash(prints->key, text, bytes);

	return print ? print : 1;
}

int line_prints_add(struct line_prints *prints, uint64_t print)
{
	if (prints->count == prints->capacity) {
		const size_t capacity = prints->capacity ? 2 * prints->capacity : FIRST_CAPACITY;
		uint64_t *items = reallocarray(prints->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		prints->items = items;
		prints->capacity = capacity;
	}
	prints->items[prints->count++] = print;
	return 0;
}

void line_prints_trim(struct line_prints *prints)
{
	uint64_t *items = reallocarray(prints->items, prints->count + 1, sizeof(*items));

	if (!items)
		return;
	prints->items = items;
	prints->capacity = prints->count + 1;
}
