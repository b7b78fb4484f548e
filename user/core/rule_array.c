/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores a count of references before the rules. */
#include "core/rule_array.h"

#include <stdlib.h>

struct rule_array {
	size_t references; /* atomic */
	struct rule rules[];
};

static struct rule_array *array_of(struct rule *rules)
{
	return (struct rule_array *)(void *)((char *)rules - offsetof(struct rule_array, rules));
}

struct rule *rule_array_new(size_t capacity)
{
	struct rule_array *array = malloc(sizeof(*array) + capacity * sizeof(struct rule));

	if (!array)
		return NULL;
	array->references = 1;
	/* cppcheck-suppress memleak ; it is freed through the returned pointer */
	return array->rules;
}

struct rule *rule_array_shrink(struct rule *rules, size_t count)
{
	struct rule_array *array =
	    realloc(array_of(rules), sizeof(*array) + count * sizeof(struct rule));

	/* cppcheck-suppress memleak ; likewise */
	return array ? array->rules : rules;
}

struct rule *rule_array_ref(struct rule *rules)
{
	if (rules)
		__atomic_add_fetch(&array_of(rules)->references, 1, __ATOMIC_RELAXED);
	return rules;
}

void rule_array_unref(struct rule *rules)
{
	if (rules && !__atomic_sub_fetch(&array_of(rules)->references, 1, __ATOMIC_ACQ_REL))
		free(array_of(rules));
}
