/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves of up to LEAF_RULES rules, each with a count of references. */
#include "core/rule_array.h"

#include <stdlib.h>
#include <string.h>

/* 12 KiB: a change copies a few of them, and the order of a million rules is 2000 long. */
#define LEAF_RULES 512
/* A leaf is not shared if it would leave one with fewer rules before it. */
#define LEAF_RULES_MIN 128

struct rule_leaf {
	size_t references; /* atomic */
	size_t count;	   /* at least 1 */
	struct rule rules[];
};

struct rule_array {
	size_t references; /* atomic */
	size_t count;
	size_t leaf_count;
	struct place {
		struct rule_leaf *leaf;
		size_t begin;	     /* index of its first rule */
		struct prefix first; /* of its first rule: a search reads no other leaf */
	} places[];
};

/* ---- references ----------------------------------------------------------- */

static void leaf_unref(struct rule_leaf *leaf)
{
	if (!__atomic_sub_fetch(&leaf->references, 1, __ATOMIC_ACQ_REL))
		free(leaf);
}

struct rule_array *rule_array_ref(struct rule_array *array)
{
	if (array)
		__atomic_add_fetch(&array->references, 1, __ATOMIC_RELAXED);
	return array;
}

void rule_array_unref(struct rule_array *array)
{
	if (!array || __atomic_sub_fetch(&array->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < array->leaf_count; i++)
		leaf_unref(array->places[i].leaf);
	free(array);
}

/* ---- reading -------------------------------------------------------------- */

/* The leaf of the rule at @index. */
static size_t leaf_at(const struct rule_array *array, size_t index)
{
	size_t begin = 0, end = array->leaf_count;

	while (end - begin > 1) {
		size_t middle = begin + (end - begin) / 2;

		if (array->places[middle].begin <= index)
			begin = middle;
		else
			end = middle;
	}
	return begin;
}

const struct rule *rule_array_at(const struct rule_array *array, size_t index)
{
	const struct place *place = &array->places[leaf_at(array, index)];

	return &place->leaf->rules[index - place->begin];
}

static const struct prefix *prefix_at(const void *array, size_t index)
{
	return &rule_array_at(array, index)->prefix;
}

/* Find the leaf, and then the rule in it. */
static size_t search(const void *elements, size_t begin, size_t end, const struct prefix *prefix,
		     int least)
{
	const struct rule_array *array = elements;
	const struct place *place;
	size_t first, behind;

	if (begin >= end)
		return end;
	first = begin ? leaf_at(array, begin) : 0;
	behind = end < array->count ? leaf_at(array, end - 1) + 1 : array->leaf_count;
	while (behind - first > 1) {
		size_t middle = first + (behind - first) / 2;

		if (prefix_compare(&array->places[middle].first, prefix) < least)
			first = middle;
		else
			behind = middle;
	}
	place = &array->places[first];
	begin = begin > place->begin ? begin - place->begin : 0;
	end -= place->begin;
	if (end > place->leaf->count)
		end = place->leaf->count;
	return place->begin + prefix_search(PREFIX_ARRAY(place->leaf->rules, place->leaf->count),
					    begin, end, prefix, least);
}

struct prefix_array rule_array_prefixes(const struct rule_array *array)
{
	static const struct prefix_access access = { prefix_at, search };

	return (struct prefix_array) {
		.elements = array,
		.count = array ? array->count : 0,
		.access = &access,
	};
}

void rule_cursor_init(struct rule_cursor *cursor, const struct rule_array *array, size_t begin,
		      size_t end)
{
	*cursor = (struct rule_cursor) { .array = array, .left = end - begin };
	if (begin == end)
		return;
	cursor->leaf = leaf_at(array, begin);
	cursor->next = rule_array_at(array, begin);
	cursor->leaf_end = cursor->next; /* it has no rule of this leaf yet */
	begin -= array->places[cursor->leaf].begin;
	begin = array->places[cursor->leaf].leaf->count - begin;
	if (begin > cursor->left)
		begin = cursor->left;
	cursor->leaf_end += begin;
	cursor->left -= begin;
}

bool rule_cursor_turn(struct rule_cursor *cursor)
{
	const struct rule_leaf *leaf;
	size_t count;

	if (!cursor->left)
		return false;
	leaf = cursor->array->places[++cursor->leaf].leaf;
	count = leaf->count < cursor->left ? leaf->count : cursor->left;
	cursor->next = leaf->rules;
	cursor->leaf_end = leaf->rules + count;
	cursor->left -= count;
	return true;
}

/* ---- building ------------------------------------------------------------- */

void rule_builder_init(struct rule_builder *builder)
{
	*builder = (struct rule_builder) { .array = calloc(1, sizeof(struct rule_array)),
					   .open = malloc(2 * LEAF_RULES * sizeof(struct rule)) };
	builder->is_out_of_memory = !builder->array || !builder->open;
	if (builder->array)
		builder->array->references = 1;
}

/* Append a leaf. The array takes over the reference, also if it fails. */
static void add_leaf(struct rule_builder *builder, struct rule_leaf *leaf)
{
	struct rule_array *array = builder->array;

	if (leaf && !builder->is_out_of_memory && array->leaf_count == builder->leaf_capacity) {
		const size_t capacity = 2 * builder->leaf_capacity + 1;

		array = realloc(array, sizeof(*array) + capacity * sizeof(array->places[0]));
		if (array) {
			builder->array = array;
			builder->leaf_capacity = capacity;
		}
	}
	if (!leaf || !array || builder->is_out_of_memory) {
		builder->is_out_of_memory = true;
		if (leaf)
			leaf_unref(leaf);
		return;
	}
	array->places[array->leaf_count++] =
	    (struct place) { leaf, array->count, leaf->rules[0].prefix };
	array->count += leaf->count;
}

/* Make a leaf of open rules. */
static void close_rules(struct rule_builder *builder, const struct rule *rules, size_t count)
{
	struct rule_leaf *leaf = malloc(sizeof(*leaf) + count * sizeof(*rules));

	if (leaf) {
		leaf->references = 1;
		leaf->count = count;
		memcpy(leaf->rules, rules, count * sizeof(*rules));
	}
	add_leaf(builder, leaf);
}

/* Make leaves of all open rules: one, or two of the same size. */
static void close_all(struct rule_builder *builder)
{
	const size_t count = builder->open_count;
	const size_t first = count > LEAF_RULES ? count / 2 : count;

	if (first)
		close_rules(builder, builder->open, first);
	if (count > first)
		close_rules(builder, builder->open + first, count - first);
	builder->open_count = 0;
}

/* There is room for twice a leaf, so that what is left in the end can be shared out. */
static void add_rules(struct rule_builder *builder, const struct rule *rules, size_t count)
{
	while (count && !builder->is_out_of_memory) {
		const size_t room = 2 * LEAF_RULES - builder->open_count;
		const size_t added = count < room ? count : room;

		memcpy(builder->open + builder->open_count, rules, added * sizeof(*rules));
		builder->open_count += added;
		rules += added;
		count -= added;
		if (builder->open_count < 2 * LEAF_RULES)
			continue;
		close_rules(builder, builder->open, LEAF_RULES);
		memcpy(builder->open, builder->open + LEAF_RULES, LEAF_RULES * sizeof(*rules));
		builder->open_count = LEAF_RULES;
	}
}

void rule_builder_add(struct rule_builder *builder, const struct rule *rule)
{
	add_rules(builder, rule, 1);
}

void rule_builder_keep(struct rule_builder *builder, const struct rule_array *from, size_t begin,
		       size_t end)
{
	while (begin < end && !builder->is_out_of_memory) {
		const struct place *place = &from->places[leaf_at(from, begin)];
		struct rule_leaf *leaf = place->leaf;
		const size_t skipped = begin - place->begin;
		const size_t left = leaf->count - skipped;
		const size_t count = left < end - begin ? left : end - begin;

		if (count == leaf->count &&
		    (!builder->open_count || builder->open_count >= LEAF_RULES_MIN)) {
			close_all(builder);
			__atomic_add_fetch(&leaf->references, 1, __ATOMIC_RELAXED);
			add_leaf(builder, leaf);
		} else {
			add_rules(builder, leaf->rules + skipped, count);
		}
		begin += count;
	}
}

struct rule_array *rule_builder_finish(struct rule_builder *builder, size_t *ret_count)
{
	struct rule_array *array;

	if (!builder->is_out_of_memory)
		close_all(builder);
	if (builder->is_out_of_memory) {
		rule_builder_abandon(builder);
		return NULL;
	}
	free(builder->open);
	array = builder->array;
	*ret_count = array->count;
	*builder = (struct rule_builder) { 0 };
	return array;
}

void rule_builder_abandon(struct rule_builder *builder)
{
	rule_array_unref(builder->array);
	free(builder->open);
	*builder = (struct rule_builder) { 0 };
}
