/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the first elements of an order, of any number that are offered: memory is that of those
 * kept. */
#ifndef BASE_TOP_H
#define BASE_TOP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether @a comes before @b. */
typedef bool (*top_order)(const void *a, const void *b, const void *context);

struct top {
	char *elements; /* a heap, the last of the order at the root, until top_sort() */
	size_t count;
	size_t max;
	size_t element_bytes;
	top_order order;
	const void *context;
};

/* Keep at most @max elements, at least 1. Return: 0 or -ENOMEM. */
int top_init(struct top *top, size_t max, size_t element_bytes, top_order order,
	     const void *context);
/* NULL elements are fine. */
void top_done(struct top *top);

/* Offer a copy of an element. */
void top_add(struct top *top, const void *element);

/* Put the elements in order, the first one first. Nothing can be added afterwards. */
void top_sort(struct top *top);

#endif
