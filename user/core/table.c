/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compile a policy: the sorted rules of all lists of one action and family are
 * merged in the order of their prefixes, while a stack of frames holds the prefixes
 * that enclose the present one. A frame inherits its decision from the one around
 * it, unless its own rules change it.
 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#include "prefix_search.h"
#include "rule_merge.h"

/* Prefixes of one address at most: /0 to /128. */
#define FRAMES_MAX 129
#define NO_ITEM SIZE_MAX

/* Block lists are asked in this order; allow lists all count as enforcing. */
enum class { CLASS_ENFORCING, CLASS_MONITORING, CLASS_COUNT };

/* What one list says at the prefix of a frame. */
struct item {
	uint32_t rule; /* 0: an exclusion */
	uint16_t list; /* index in the policy */
	size_t outer;  /* the same list's item in an enclosing frame, or NO_ITEM */
};

/* A prefix with its rules, items[first_item] up to those of the next frame, in
 * the order of the lists. */
struct frame {
	struct prefix prefix;
	size_t first_item;
	size_t best[CLASS_COUNT]; /* items that decide, or NO_ITEM */
};

struct compiler {
	const struct policy *policy;
	struct rule_merge merge;
	struct frame frames[FRAMES_MAX];
	size_t frame_count;
	struct item *items;
	size_t item_count;
	size_t item_capacity;
	size_t *innermost; /* for each list its item in the innermost frame, or NO_ITEM */
	struct table table;
};

static enum class class_of(const struct list *list) {
	return list->action == ACTION_BLOCK && list->is_monitor ? CLASS_MONITORING
								: CLASS_ENFORCING;
}

static void pop_frame(struct compiler *compiler)
{
	const struct frame *frame = &compiler->frames[--compiler->frame_count];

	while (compiler->item_count > frame->first_item) {
		const struct item *item = &compiler->items[--compiler->item_count];

		compiler->innermost[item->list] = item->outer;
	}
}

static int push_item(struct compiler *compiler, size_t list, uint32_t rule)
{
	if (compiler->item_count == compiler->item_capacity) {
		size_t capacity = compiler->item_capacity ? 2 * compiler->item_capacity : 256;
		struct item *items = realloc(compiler->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		compiler->items = items;
		compiler->item_capacity = capacity;
	}
	compiler->items[compiler->item_count] = (struct item) {
		.rule = rule,
		.list = (uint16_t)list,
		.outer = compiler->innermost[list],
	};
	compiler->innermost[list] = compiler->item_count++;
	return 0;
}

/* The item that decides in a class: of the most specific frame, then of the list
 * named first; only where no exclusion further in has closed the list. */
static size_t find_best(const struct compiler *compiler, enum class class)
{
	size_t end = compiler->item_count;

	for (size_t depth = compiler->frame_count; depth-- > 0;) {
		size_t begin = compiler->frames[depth].first_item;

		for (size_t i = begin; i < end; i++) {
			const struct item *item = &compiler->items[i];

			if (item->rule && compiler->innermost[item->list] == i &&
			    class_of(&compiler->policy->lists[item->list]) == class)
				return i;
		}
		end = begin;
	}
	return NO_ITEM;
}

/* Fill frame->best of the innermost frame, whose items are all there. The search
 * through the frames is for the one case that needs it: what decided until here is
 * excluded. */
static void decide(struct compiler *compiler)
{
	struct frame *frame = &compiler->frames[compiler->frame_count - 1];
	bool has_entry[CLASS_COUNT] = { false };

	for (size_t i = compiler->item_count; i-- > frame->first_item;) {
		const struct item *item = &compiler->items[i];
		enum class class = class_of(&compiler->policy->lists[item->list]);

		if (item->rule) {
			frame->best[class] = i;
			has_entry[class] = true;
		}
	}
	for (int class = 0; class < CLASS_COUNT; class ++) {
		size_t best = frame->best[class];

		if (!has_entry[class] && best != NO_ITEM &&
		    compiler->innermost[compiler->items[best].list] != best)
			frame->best[class] = find_best(compiler, (enum class) class);
	}
}

/* The item that decides in a frame, or NULL. */
static const struct item *deciding_item(const struct compiler *compiler, const struct frame *frame)
{
	for (int class = 0; class < CLASS_COUNT; class ++) {
		if (frame->best[class] != NO_ITEM)
			return &compiler->items[frame->best[class]];
	}
	return NULL;
}

static uint32_t deciding_rule(const struct compiler *compiler, const struct frame *frame)
{
	const struct item *item = deciding_item(compiler, frame);

	return item ? item->rule : 0;
}

/* Add a node for the innermost frame if it decides otherwise than the frame
 * around it, and so than the nearest node around it. */
static void emit(struct compiler *compiler)
{
	const struct frame *frame = &compiler->frames[compiler->frame_count - 1];
	const struct item *item = deciding_item(compiler, frame);
	uint32_t outer_rule = compiler->frame_count > 1 ? deciding_rule(compiler, frame - 1) : 0;
	struct node *node;

	if ((item ? item->rule : 0) == outer_rule)
		return;
	node = &compiler->table.nodes[compiler->table.count++];
	*node = (struct node) { .prefix = frame->prefix };
	if (item) {
		const struct list *list = &compiler->policy->lists[item->list];

		node->rule = item->rule;
		node->list = list->slot;
		node->flags = class_of(list) == CLASS_MONITORING ? NODE_MONITOR : 0;
	}
}

/* Take all rules of the next prefix. */
static int compile_prefix(struct compiler *compiler)
{
	const struct prefix prefix = rule_merge_first(&compiler->merge)->prefix;
	struct frame *frame;
	int error;

	while (compiler->frame_count &&
	       !prefix_contains(&compiler->frames[compiler->frame_count - 1].prefix, &prefix))
		pop_frame(compiler);
	frame = &compiler->frames[compiler->frame_count];
	*frame = (struct frame) {
		.prefix = prefix,
		.first_item = compiler->item_count,
		.best = { NO_ITEM, NO_ITEM },
	};
	for (int class = 0; compiler->frame_count && class < CLASS_COUNT; class ++)
		frame->best[class] = frame[-1].best[class];
	compiler->frame_count++;
	do {
		error = push_item(compiler, rule_merge_list(&compiler->merge),
				  rule_merge_first(&compiler->merge)->id);
		if (error)
			return error;
		rule_merge_next(&compiler->merge);
	} while (!rule_merge_is_done(&compiler->merge) &&
		 !prefix_compare(&rule_merge_first(&compiler->merge)->prefix, &prefix));
	decide(compiler);
	emit(compiler);
	return 0;
}

static int compile(struct compiler *compiler)
{
	size_t lists = compiler->policy->list_count;
	struct node *shrunk;
	int error = 0;

	if (rule_merge_is_done(&compiler->merge))
		return 0;
	compiler->innermost = malloc(lists * sizeof(*compiler->innermost));
	compiler->table.nodes = malloc(compiler->merge.rule_count * sizeof(struct node));
	if (!compiler->innermost || !compiler->table.nodes)
		return -ENOMEM;
	for (size_t i = 0; i < lists; i++)
		compiler->innermost[i] = NO_ITEM;
	while (!rule_merge_is_done(&compiler->merge) && !error)
		error = compile_prefix(compiler);
	if (error)
		return error;
	shrunk = realloc(compiler->table.nodes,
			 (compiler->table.count ? compiler->table.count : 1) * sizeof(*shrunk));
	if (shrunk)
		compiler->table.nodes = shrunk;
	return 0;
}

static int compile_table(const struct policy *policy, enum action action, enum family family,
			 struct table *ret_table)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	int error;

	if (!compiler)
		return -ENOMEM;
	compiler->policy = policy;
	error = rule_merge_init(&compiler->merge, policy, action, family);
	if (!error)
		error = compile(compiler);
	if (error)
		free(compiler->table.nodes);
	else
		*ret_table = compiler->table;
	rule_merge_done(&compiler->merge);
	free(compiler->innermost);
	free(compiler->items);
	free(compiler);
	return error;
}

int tables_compile(const struct policy *policy, struct tables *ret_tables)
{
	struct tables tables = { 0 };
	int error = 0;

	for (int action = 0; action < ACTION_COUNT; action++) {
		for (int family = 0; family < FAMILY_COUNT && !error; family++)
			error = compile_table(policy, (enum action)action, (enum family)family,
					      &tables.of[action][family]);
	}
	if (error)
		tables_done(&tables);
	else
		*ret_tables = tables;
	return error;
}

void tables_done(struct tables *tables)
{
	for (int action = 0; action < ACTION_COUNT; action++) {
		for (int family = 0; family < FAMILY_COUNT; family++)
			free(tables->of[action][family].nodes);
	}
	*tables = (struct tables) { 0 };
}

const struct node *table_lookup(const struct table *table, const struct prefix *address)
{
	size_t index = prefix_find_covering(PREFIX_ARRAY(table->nodes, table->count), address);

	if (index == table->count || !table->nodes[index].rule)
		return NULL;
	return &table->nodes[index];
}
