/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap, so that an element that comes too late in the order costs one comparison. */
#include "base/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int top_init(struct top *top, size_t max, size_t element_bytes, top_order order,
	     const void *context)
{
	/* One more, for swaps. */
	char *elements = calloc(max + 1, element_bytes);

	if (!elements)
		return -ENOMEM;
	*top = (struct top) { .elements = elements,
			      .max = max,
			      .element_bytes = element_bytes,
			      .order = order,
			      .context = context };
	return 0;
}

void top_done(struct top *top)
{
	free(top->elements);
	*top = (struct top) { 0 };
}

static void *element_at(const struct top *top, size_t i)
{
	return top->elements + i * top->element_bytes;
}

static bool comes_before(const struct top *top, size_t a, size_t b)
{
	return top->order(element_at(top, a), element_at(top, b), top->context);
}

static void top_swap(struct top *top, size_t a, size_t b)
{
	void *spare = element_at(top, top->max);

	memcpy(spare, element_at(top, a), top->element_bytes);
	memcpy(element_at(top, a), element_at(top, b), top->element_bytes);
	memcpy(element_at(top, b), spare, top->element_bytes);
}

static void top_rise(struct top *top, size_t i)
{
	while (i && comes_before(top, (i - 1) / 2, i)) {
		top_swap(top, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void top_sink(struct top *top, size_t count)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < count) {
		if (child + 1 < count && comes_before(top, child, child + 1))
			child++;
		if (!comes_before(top, i, child))
			return;
		top_swap(top, i, child);
		i = child;
	}
}

void top_add(struct top *top, const void *element)
{
	if (top->count < top->max) {
		memcpy(element_at(top, top->count), element, top->element_bytes);
		top_rise(top, top->count++);
	} else if (top->order(element, element_at(top, 0), top->context)) {
		memcpy(element_at(top, 0), element, top->element_bytes);
		top_sink(top, top->count);
	}
}

void top_sort(struct top *top)
{
	for (size_t left = top->count; left > 1; left--) {
		top_swap(top, 0, left - 1);
		top_sink(top, left - 1);
	}
}
