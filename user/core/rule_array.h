/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays of rules that policies share: most lists do not change from one to the next. */
#ifndef CORE_RULE_ARRAY_H
#define CORE_RULE_ARRAY_H

#include "core/policy.h"

/* Room for @capacity rules, with one reference. NULL: out of memory. */
struct rule *rule_array_new(size_t capacity);
/* Give back what is behind the first @count; only with one reference. */
struct rule *rule_array_shrink(struct rule *rules, size_t count);

/* Safe from any thread; so is the next. NULL is fine in both. */
struct rule *rule_array_ref(struct rule *rules);
void rule_array_unref(struct rule *rules);

#endif
