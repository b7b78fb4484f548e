/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of a list, sorted by prefix. They lie in leaves that successive policies share, so a
 * change copies the leaves that it changes and not a million rules. The order of leaves is one
 * array, which each policy has for itself.
 */
#ifndef CORE_RULE_ARRAY_H
#define CORE_RULE_ARRAY_H

#include "core/policy.h"
#include "core/prefix_search.h"

/* Any thread may take and drop references. NULL is fine in both. */
struct rule_array *rule_array_ref(struct rule_array *array);
void rule_array_unref(struct rule_array *array);

/* The rule at @index, which must be in the array. It stays where it is as long as the array has a
 * reference. */
const struct rule *rule_array_at(const struct rule_array *array, size_t index);

/* For the searches of prefix_search.h. @array may be NULL: no rules. */
struct prefix_array rule_array_prefixes(const struct rule_array *array);

/* Walks rules from one index up to, but without, another. */
struct rule_cursor {
	const struct rule *next;
	const struct rule *leaf_end; /* no rule of the walk is there */
	const struct rule_array *array;
	size_t leaf;
	size_t left; /* rules in later leaves */
};

/* Both indexes are at most the number of rules. @array may be NULL if there are none. */
void rule_cursor_init(struct rule_cursor *cursor, const struct rule_array *array, size_t begin,
		      size_t end);
/* Go to the next leaf. Return: whether there is one. */
bool rule_cursor_turn(struct rule_cursor *cursor);

/* Return the next rule, or NULL after the last one. */
static inline const struct rule *rule_cursor_next(struct rule_cursor *cursor)
{
	if (cursor->next == cursor->leaf_end && !rule_cursor_turn(cursor))
		return NULL;
	return cursor->next++;
}

/* Makes an array, rule by rule, in the order of prefixes. */
struct rule_builder {
	struct rule_array *array;
	size_t leaf_capacity;
	struct rule *open; /* of the leaf that is being filled */
	size_t open_count;
	bool is_out_of_memory;
};

void rule_builder_init(struct rule_builder *builder);
void rule_builder_add(struct rule_builder *builder, const struct rule *rule);
/* Add the rules of another array from @begin up to, but without, @end. Whole leaves are shared. */
void rule_builder_keep(struct rule_builder *builder, const struct rule_array *from, size_t begin,
		       size_t end);
/* Complete the array, which has one reference. @ret_count: the number of rules. NULL: out of
 * memory, now or before. */
struct rule_array *rule_builder_finish(struct rule_builder *builder, size_t *ret_count);
/* Instead of rule_builder_finish(). */
void rule_builder_abandon(struct rule_builder *builder);

#endif
