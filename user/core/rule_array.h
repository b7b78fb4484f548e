/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays of rules that policies share, because most lists do not change from one policy to the
 * next. */
#ifndef CORE_RULE_ARRAY_H
#define CORE_RULE_ARRAY_H

#include "core/policy.h"

/* Allocate an array of @capacity rules with one reference. NULL: out of memory. */
struct rule *rule_array_new(size_t capacity);
/* Free the memory after the first @count rules. The array must have only one reference. Returns
 * the array, which may have moved. */
struct rule *rule_array_shrink(struct rule *rules, size_t count);

/* Any thread may take and drop references. NULL is fine in both. */
struct rule *rule_array_ref(struct rule *rules);
void rule_array_unref(struct rule *rules);

#endif
