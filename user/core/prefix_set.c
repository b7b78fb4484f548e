/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the union of lists. It visits their entries and exclusions in the order of prefixes. A
 * stack of frames holds the prefixes around the present one. A counter says how many lists hold
 * the present one.
 */
#include "core/prefix_set.h"

#include <errno.h>
#include <stdlib.h>

#include "core/prefix_search.h"

/* The most prefixes that can cover an address: /0 to /128. */
#define FRAMES_MAX 129
#define FIRST_CAPACITY 64

/* What one list says about one prefix. */
struct claim {
	struct prefix prefix;
	uint16_t list;
	bool is_hole;
};

/* What a list said before a frame. It says the same again after the frame. */
struct undo {
	uint16_t list;
	bool was_in;
};

struct frame {
	struct prefix prefix;
	size_t first_undo;
	bool is_in; /* addresses that no prefix inside this one covers are in the set */
};

struct builder {
	struct claim *claims;
	size_t claim_count;
	size_t claim_capacity;
	struct frame frames[FRAMES_MAX];
	size_t frame_count;
	struct undo *undos;
	size_t undo_count;
	size_t undo_capacity;
	bool *is_in; /* by list */
	size_t in_count;
	struct prefix_set set;
	size_t capacity;
};

/* Make room for one more element. Return: 0 or -ENOMEM. */
static int reserve(void **elements, size_t count, size_t *capacity, size_t element_bytes)
{
	size_t wanted = *capacity ? 2 * *capacity : FIRST_CAPACITY;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*elements, wanted, element_bytes);
	if (!grown)
		return -ENOMEM;
	*elements = grown;
	*capacity = wanted;
	return 0;
}

int prefix_set_append(struct prefix_set *set, size_t *capacity, const struct prefix_node *node)
{
	void *nodes = set->nodes;

	if (reserve(&nodes, set->count, capacity, sizeof(*set->nodes)))
		return -ENOMEM;
	set->nodes = nodes;
	set->nodes[set->count++] = *node;
	return 0;
}

void prefix_set_done(struct prefix_set *set)
{
	free(set->nodes);
	*set = (struct prefix_set) { 0 };
}

bool prefix_set_overlap(const struct prefix_set *set, const struct prefix *prefix,
			struct prefix *ret_part)
{
	const struct prefix_array nodes = PREFIX_ARRAY(set->nodes, set->count);
	size_t index = prefix_find_covering(nodes, prefix);

	if (index < set->count) {
		*ret_part = *prefix;
		return true;
	}
	index = prefix_lower_bound(nodes, prefix);
	if (index == set->count || !prefix_contains(prefix, &set->nodes[index].prefix))
		return false;
	*ret_part = set->nodes[index].prefix;
	return true;
}

/* ---- what the lists say -------------------------------------------------- */

/* Collect what a list says: one claim for each of its prefixes. */
static int add_claims(struct builder *builder, const struct list *list, uint16_t index)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	struct claim *last = NULL;

	entry_cursor_init(&cursor, list, NULL);
	while ((entry = entry_cursor_next(&cursor))) {
		void *claims = builder->claims;

		if (last && !prefix_compare(&last->prefix, &entry->prefix)) {
			last->is_hole |= entry->is_exclusion;
			continue;
		}
		if (reserve(&claims, builder->claim_count, &builder->claim_capacity,
			    sizeof(*builder->claims)))
			return -ENOMEM;
		builder->claims = claims;
		last = &builder->claims[builder->claim_count++];
		*last = (struct claim) { entry->prefix, index, entry->is_exclusion };
	}
	return 0;
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	return order ? order : a->list - b->list;
}

static int collect(struct builder *builder, const struct list *const lists[], size_t list_count)
{
	for (size_t i = 0; i < list_count; i++) {
		if (add_claims(builder, lists[i], (uint16_t)i))
			return -ENOMEM;
	}
	/* A single list is already sorted. */
	if (list_count > 1 && builder->claim_count)
		qsort(builder->claims, builder->claim_count, sizeof(*builder->claims),
		      compare_claims);
	return 0;
}

/* ---- what they say together ---------------------------------------------- */

static void set_state(struct builder *builder, size_t list, bool is_in)
{
	if (is_in && !builder->is_in[list])
		builder->in_count++;
	else if (!is_in && builder->is_in[list])
		builder->in_count--;
	builder->is_in[list] = is_in;
}

static void pop_frame(struct builder *builder)
{
	const struct frame *frame = &builder->frames[--builder->frame_count];

	while (builder->undo_count > frame->first_undo) {
		const struct undo *undo = &builder->undos[--builder->undo_count];

		set_state(builder, undo->list, undo->was_in);
	}
}

static int take_claim(struct builder *builder, const struct claim *claim)
{
	void *undos = builder->undos;

	if (reserve(&undos, builder->undo_count, &builder->undo_capacity, sizeof(*builder->undos)))
		return -ENOMEM;
	builder->undos = undos;
	builder->undos[builder->undo_count++] =
	    (struct undo) { claim->list, builder->is_in[claim->list] };
	set_state(builder, claim->list, !claim->is_hole);
	return 0;
}

/* Take all claims of the prefix at *@next, and move past them. */
static int take_prefix(struct builder *builder, size_t *next)
{
	const struct claim *first = &builder->claims[*next];
	struct prefix_node node = { .prefix = first->prefix };
	struct frame *frame;
	bool has_entry = false, was_in;

	while (builder->frame_count &&
	       !prefix_contains(&builder->frames[builder->frame_count - 1].prefix, &node.prefix))
		pop_frame(builder);
	was_in = builder->frame_count && builder->frames[builder->frame_count - 1].is_in;
	frame = &builder->frames[builder->frame_count++];
	*frame = (struct frame) { .prefix = node.prefix, .first_undo = builder->undo_count };
	for (const struct claim *claim = first;
	     *next < builder->claim_count && !prefix_compare(&claim->prefix, &node.prefix);
	     claim++, (*next)++) {
		if (take_claim(builder, claim))
			return -ENOMEM;
		has_entry |= !claim->is_hole;
	}
	frame->is_in = builder->in_count > 0;
	node.is_hole = !frame->is_in;
	if (node.is_hole ? !was_in : !has_entry && was_in)
		return 0;
	return prefix_set_append(&builder->set, &builder->capacity, &node);
}

int prefix_set_build(const struct list *const lists[], size_t list_count,
		     struct prefix_set *ret_set)
{
	struct builder *builder = calloc(1, sizeof(*builder));
	int err = -ENOMEM;

	if (!builder)
		return -ENOMEM;
	builder->is_in = calloc(list_count + 1, sizeof(*builder->is_in));
	if (builder->is_in)
		err = collect(builder, lists, list_count);
	for (size_t next = 0; !err && next < builder->claim_count;)
		err = take_prefix(builder, &next);
	if (err)
		prefix_set_done(&builder->set);
	else
		*ret_set = builder->set;
	free(builder->claims);
	free(builder->undos);
	free(builder->is_in);
	free(builder);
	return err;
}
