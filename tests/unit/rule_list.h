/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists with given rules. */
#ifndef UNIT_RULE_LIST_H
#define UNIT_RULE_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rule_array.h"

/* Give a list these rules, which are sorted, instead of those that it has. */
static inline void list_set_rules(struct list *list, const struct rule *rules, size_t count)
{
	struct rule_builder builder;

	rule_array_unref(list->rules);
	rule_builder_init(&builder);
	for (size_t i = 0; i < count; i++)
		rule_builder_add(&builder, &rules[i]);
	list->rules = rule_builder_finish(&builder, &list->rule_count);
	assert_non_null(list->rules);
}

#endif
