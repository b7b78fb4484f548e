/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aggregates a set. A node that says the same as the node around it is removed. Two halves that
 * say the same are replaced by their parent, repeatedly. As a result, each node says the
 * opposite of the node directly around it.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/prefix_set.h"

#define FRAMES_MAX 129

/* A node whose inside is not complete yet. */
struct frame {
	size_t node;
	size_t first_closed;
};

struct merger {
	struct prefix_node *nodes;
	bool *is_gone;
	struct frame frames[FRAMES_MAX];
	size_t frame_count;
	size_t *closed; /* complete nodes inside the open frames */
	size_t closed_count;
};

/* Whether two nodes are the halves of one prefix. */
static bool are_halves(const struct prefix *first, const struct prefix *second)
{
	struct prefix a, b;

	if (first->family != second->family || first->len != second->len || first->len == 0)
		return false;
	a = prefix_truncate(first, (uint8_t)(first->len - 1));
	b = prefix_truncate(second, (uint8_t)(second->len - 1));
	return !prefix_compare(&a, &b);
}

/* The innermost node is complete: merge it with the node before it, or store it. */
static void close_frame(struct merger *merger)
{
	const struct frame frame = merger->frames[--merger->frame_count];
	const struct frame *outer =
	    merger->frame_count ? &merger->frames[merger->frame_count - 1] : NULL;
	size_t begin = outer ? outer->first_closed : 0;
	size_t node = frame.node;

	merger->closed_count = frame.first_closed;
	/* Nodes inside it took all of it away. Nodes left inside have no other half outside. */
	if (merger->is_gone[node])
		return;
	while (merger->closed_count > begin) {
		size_t before = merger->closed[merger->closed_count - 1];

		if (!are_halves(&merger->nodes[before].prefix, &merger->nodes[node].prefix))
			break;
		/* The first half begins where the parent does, so the order does not change. */
		merger->is_gone[node] = true;
		merger->nodes[before].prefix.len--;
		merger->closed_count--;
		node = before;
	}
	if (outer &&
	    !prefix_compare(&merger->nodes[outer->node].prefix, &merger->nodes[node].prefix)) {
		merger->is_gone[node] = true;
		merger->is_gone[outer->node] = true;
		return;
	}
	merger->closed[merger->closed_count++] = node;
}

static void open_frame(struct merger *merger, size_t node)
{
	bool says_nothing;

	while (merger->frame_count &&
	       !prefix_contains(&merger->nodes[merger->frames[merger->frame_count - 1].node].prefix,
				&merger->nodes[node].prefix))
		close_frame(merger);
	says_nothing = merger->frame_count
			   ? merger->nodes[merger->frames[merger->frame_count - 1].node].is_hole ==
				 merger->nodes[node].is_hole
			   : merger->nodes[node].is_hole;
	merger->is_gone[node] = says_nothing;
	if (!says_nothing)
		merger->frames[merger->frame_count++] =
		    (struct frame) { node, merger->closed_count };
}

int prefix_set_aggregate(struct prefix_set *set)
{
	struct merger *merger = calloc(1, sizeof(*merger));
	size_t kept = 0;
	int err = -ENOMEM;

	if (!merger)
		return -ENOMEM;
	merger->nodes = set->nodes;
	merger->is_gone = calloc(set->count + 1, sizeof(*merger->is_gone));
	merger->closed = calloc(set->count + 1, sizeof(*merger->closed));
	if (merger->is_gone && merger->closed) {
		for (size_t i = 0; i < set->count; i++)
			open_frame(merger, i);
		while (merger->frame_count)
			close_frame(merger);
		for (size_t i = 0; i < set->count; i++) {
			if (!merger->is_gone[i])
				set->nodes[kept++] = set->nodes[i];
		}
		set->count = kept;
		err = 0;
	}
	free(merger->is_gone);
	free(merger->closed);
	free(merger);
	return err;
}
