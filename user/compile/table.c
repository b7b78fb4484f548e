/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiles a policy. The sorted rules of all lists of one action and family are merged in the
 * order of their prefixes. A stack of frames holds the prefixes that enclose the present one. A
 * frame inherits its decision from the frame around it, unless its own rules change it.
 */
#include "compile/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefix_search.h"
#include "core/rule_array.h"
#include "core/rule_merge.h"

/* The most prefixes that can cover an address: /0 to /128. */
#define FRAMES_MAX 129
#define NO_ITEM SIZE_MAX
#define SET_WORDS_MAX (POLICY_LISTS_MAX / 64)

/* Block lists decide in this order. All allow lists count as enforcing. */
enum class { CLASS_ENFORCING, CLASS_MONITORING, CLASS_COUNT };

/* What one list says at the prefix of a frame. */
struct item {
	uint32_t rule; /* 0: an exclusion */
	uint16_t list; /* index in the policy */
	size_t outer;  /* the same list's item in an enclosing frame, or NO_ITEM */
};

/* A prefix with its rules: items[first_item] up to the first item of the next frame, in the
 * order of the lists. */
struct frame {
	struct prefix prefix;
	size_t first_item;
	size_t best[CLASS_COUNT]; /* items that decide, or NO_ITEM */
	/* The lists that contain the prefix, as bits of their slots. */
	uint64_t set[SET_WORDS_MAX];
};

struct table_compiler {
	const struct policy *policy;
	uint16_t port; /* 0: all lists count */
	struct rule_merge merge;
	struct frame frames[FRAMES_MAX];
	size_t frame_count;
	struct item *items;
	size_t item_count;
	size_t item_capacity;
	size_t *innermost; /* by list: its innermost item, or NO_ITEM */
	size_t set_words;  /* of frames and nodes; 0: no sets */
	uint64_t outer_set[SET_WORDS_MAX];
	struct table table;
	size_t node_capacity;
};

static enum class class_of(const struct list *list) {
	return list->action == ACTION_BLOCK && list->is_monitor ? CLASS_MONITORING
								: CLASS_ENFORCING;
}

/* Whether a list is part of the table. */
static bool counts(const struct table_compiler *compiler, const struct list *list,
		   enum action action)
{
	return list->action == action && (!compiler->port || list_has_port(list, compiler->port));
}

static void pop_frame(struct table_compiler *compiler)
{
	const struct frame *frame = &compiler->frames[--compiler->frame_count];

	while (compiler->item_count > frame->first_item) {
		const struct item *item = &compiler->items[--compiler->item_count];

		compiler->innermost[item->list] = item->outer;
	}
}

static int push_item(struct table_compiler *compiler, size_t list, uint32_t rule)
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

/* Find the item that decides in a class: in the most specific frame, the list that is named
 * first. A list is ignored if a more specific exclusion applies. */
static size_t find_best(const struct table_compiler *compiler, enum class class)
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

/* An entry adds its list to the set that the frame has from the frame around it, an exclusion
 * takes it away. */
static void note_in_set(const struct table_compiler *compiler, struct frame *frame,
			const struct item *item)
{
	const uint16_t slot = compiler->policy->lists[item->list].slot;
	const uint64_t bit = 1ULL << slot % 64;

	if (!compiler->set_words)
		return;
	if (item->rule)
		frame->set[slot / 64] |= bit;
	else
		frame->set[slot / 64] &= ~bit;
}

/* Set frame->best of the innermost frame, which has all its items. The search through the
 * frames is only needed if this frame excludes the item that decided so far. */
static void decide_frame(struct table_compiler *compiler)
{
	struct frame *frame = &compiler->frames[compiler->frame_count - 1];
	bool has_entry[CLASS_COUNT] = { false };

	for (size_t i = compiler->item_count; i-- > frame->first_item;) {
		const struct item *item = &compiler->items[i];
		enum class class = class_of(&compiler->policy->lists[item->list]);

		note_in_set(compiler, frame, item);
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

/* Return the item that decides in a frame, or NULL. */
static const struct item *deciding_item(const struct table_compiler *compiler,
					const struct frame *frame)
{
	for (int class = 0; class < CLASS_COUNT; class ++) {
		if (frame->best[class] != NO_ITEM)
			return &compiler->items[frame->best[class]];
	}
	return NULL;
}

static uint32_t deciding_rule(const struct table_compiler *compiler, const struct frame *frame)
{
	const struct item *item = deciding_item(compiler, frame);

	return item ? item->rule : 0;
}

/* Make a node from the decision of the innermost frame. */
static struct node frame_node(const struct table_compiler *compiler)
{
	const struct frame *frame = &compiler->frames[compiler->frame_count - 1];
	const struct item *item = deciding_item(compiler, frame);
	struct node node = { .prefix = frame->prefix };

	if (item) {
		const struct list *list = &compiler->policy->lists[item->list];

		node.rule = item->rule;
		node.list = list->slot;
		node.flags = class_of(list) == CLASS_MONITORING ? NODE_MONITOR : 0;
	}
	return node;
}

/* Whether the lists differ that contain a frame and the frame around it. Outside of all frames
 * there are none. */
static bool has_other_set(const struct table_compiler *compiler, const struct frame *frame)
{
	static const uint64_t none[SET_WORDS_MAX];
	const uint64_t *outer = compiler->frame_count > 1 ? frame[-1].set : none;

	return memcmp(frame->set, outer, compiler->set_words * sizeof(*outer)) != 0;
}

/* Add a node for the innermost frame if its decision or its set differs from that of the frame
 * around it. Then it also differs from the nearest node around it. */
static void emit_node(struct table_compiler *compiler)
{
	const struct frame *frame = &compiler->frames[compiler->frame_count - 1];
	uint32_t outer_rule = compiler->frame_count > 1 ? deciding_rule(compiler, frame - 1) : 0;
	struct node node = frame_node(compiler);
	struct table *table = &compiler->table;

	if (node.rule == outer_rule && !has_other_set(compiler, frame))
		return;
	if (compiler->set_words)
		memcpy(table->sets + table->count * compiler->set_words, frame->set,
		       compiler->set_words * sizeof(*table->sets));
	table->nodes[table->count++] = node;
}

static void push_frame(struct table_compiler *compiler, const struct prefix *prefix)
{
	struct frame *frame = &compiler->frames[compiler->frame_count];

	*frame = (struct frame) {
		.prefix = *prefix,
		.first_item = compiler->item_count,
		.best = { NO_ITEM, NO_ITEM },
	};
	for (int class = 0; compiler->frame_count && class < CLASS_COUNT; class ++)
		frame->best[class] = frame[-1].best[class];
	if (compiler->frame_count)
		memcpy(frame->set, frame[-1].set, compiler->set_words * sizeof(*frame->set));
	compiler->frame_count++;
}

/* Push a frame for a prefix around the range, if a list has a rule for it. */
static int push_outer(struct table_compiler *compiler, enum action action,
		      const struct prefix *prefix)
{
	bool is_pushed = false;
	int error = 0;

	for (size_t i = 0; i < compiler->policy->list_count && !error; i++) {
		const struct list *list = &compiler->policy->lists[i];
		const struct rule *rule =
		    counts(compiler, list, action) ? list_find_rule(list, prefix) : NULL;

		if (!rule)
			continue;
		if (!is_pushed)
			push_frame(compiler, prefix);
		is_pushed = true;
		error = push_item(compiler, i, rule->id);
	}
	if (is_pushed && !error)
		decide_frame(compiler);
	return error;
}

/* Mark the lengths at which a list of @action has a rule around @range. */
static void mark_outer_lens(const struct table_compiler *compiler, enum action action,
			    const struct prefix *range, bool lens[FRAMES_MAX])
{
	for (size_t i = 0; i < compiler->policy->list_count; i++) {
		const struct list *list = &compiler->policy->lists[i];
		struct prefix_array array = rule_array_prefixes(list->rules);
		uint8_t len = range->len;

		while (counts(compiler, list, action) && len > 0) {
			struct prefix outer = prefix_truncate(range, (uint8_t)(len - 1));
			size_t index = prefix_find_covering(array, &outer);

			if (index == array.count)
				break;
			len = rule_array_at(list->rules, index)->prefix.len;
			lens[len] = true;
		}
	}
}

/* Push the frames around @range, widest first. */
static int push_all_outer(struct table_compiler *compiler, enum action action,
			  const struct prefix *range)
{
	bool lens[FRAMES_MAX] = { false };
	int error = 0;

	mark_outer_lens(compiler, action, range, lens);
	for (uint8_t len = 0; len < range->len && !error; len++) {
		struct prefix outer;

		if (!lens[len])
			continue;
		outer = prefix_truncate(range, len);
		error = push_outer(compiler, action, &outer);
	}
	return error;
}

/* Take all rules of the next prefix. */
static int compile_prefix(struct table_compiler *compiler)
{
	const struct prefix prefix = rule_merge_first(&compiler->merge)->prefix;
	int error;

	while (compiler->frame_count &&
	       !prefix_contains(&compiler->frames[compiler->frame_count - 1].prefix, &prefix))
		pop_frame(compiler);
	push_frame(compiler, &prefix);
	do {
		error = push_item(compiler, rule_merge_list(&compiler->merge),
				  rule_merge_first(&compiler->merge)->id);
		if (error)
			return error;
		rule_merge_next(&compiler->merge);
	} while (!rule_merge_is_done(&compiler->merge) &&
		 !prefix_compare(&rule_merge_first(&compiler->merge)->prefix, &prefix));
	decide_frame(compiler);
	emit_node(compiler);
	return 0;
}

/* How many words have the bits of all slots. */
static size_t words_of_slots(const struct policy *policy)
{
	size_t words = 1;

	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].slot / 64U >= words)
			words = policy->lists[i].slot / 64U + 1;
	return words;
}

struct table_compiler *table_compiler_new(const struct policy *policy, uint16_t port, bool has_sets)
{
	struct table_compiler *compiler = calloc(1, sizeof(*compiler));

	if (!compiler)
		return NULL;
	compiler->policy = policy;
	compiler->port = port;
	compiler->set_words = has_sets ? words_of_slots(policy) : 0;
	compiler->innermost = malloc((policy->list_count + 1) * sizeof(*compiler->innermost));
	if (!compiler->innermost || rule_merge_init(&compiler->merge, policy)) {
		table_compiler_free(compiler);
		return NULL;
	}
	for (size_t i = 0; i < policy->list_count; i++)
		compiler->innermost[i] = NO_ITEM;
	return compiler;
}

void table_compiler_free(struct table_compiler *compiler)
{
	if (!compiler)
		return;
	rule_merge_done(&compiler->merge);
	free(compiler->innermost);
	free(compiler->items);
	free(compiler->table.nodes);
	free(compiler->table.sets);
	free(compiler);
}

/* Make room for @count nodes. Each rule makes at most one node. */
static int reserve_nodes(struct table_compiler *compiler, size_t count)
{
	struct node *nodes;
	uint64_t *sets;

	if (count <= compiler->node_capacity)
		return 0;
	nodes = realloc(compiler->table.nodes, count * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	compiler->table.nodes = nodes;
	if (compiler->set_words) {
		sets = realloc(compiler->table.sets, count * compiler->set_words * sizeof(*sets));
		if (!sets)
			return -ENOMEM;
		compiler->table.sets = sets;
	}
	compiler->node_capacity = count;
	return 0;
}

int table_compiler_run(struct table_compiler *compiler, enum action action,
		       const struct prefix *range, struct table *ret_table, struct node *ret_outer,
		       const uint64_t **ret_outer_set)
{
	struct node outer = { .rule = 0 };
	int error;

	while (compiler->frame_count)
		pop_frame(compiler);
	compiler->table.count = 0;
	compiler->table.set_words = compiler->set_words;
	memset(compiler->outer_set, 0, sizeof(compiler->outer_set));
	rule_merge_start(&compiler->merge, compiler->policy, action, compiler->port, range);
	error = reserve_nodes(compiler, compiler->merge.rule_count);
	if (!error)
		error = push_all_outer(compiler, action, range);
	if (!error && compiler->frame_count) {
		outer = frame_node(compiler);
		memcpy(compiler->outer_set, compiler->frames[compiler->frame_count - 1].set,
		       compiler->set_words * sizeof(*compiler->outer_set));
	}
	while (!error && !rule_merge_is_done(&compiler->merge))
		error = compile_prefix(compiler);
	if (error)
		return error;
	*ret_table = compiler->table;
	*ret_outer = outer;
	*ret_outer_set = compiler->set_words ? compiler->outer_set : NULL;
	return 0;
}

/* Compile the table of one action and family. It passes to the caller. */
static int compile_table(const struct policy *policy, uint16_t port, enum action action,
			 enum family family, struct table *ret_table)
{
	const struct prefix all = { .family = (uint8_t)family };
	struct table_compiler *compiler = table_compiler_new(policy, port, false);
	struct table table = { 0 };
	struct node outer, *shrunk;
	const uint64_t *no_set;
	int error = compiler ? table_compiler_run(compiler, action, &all, &table, &outer, &no_set)
			     : -ENOMEM;

	if (!error) {
		compiler->table.nodes = NULL;
		shrunk = realloc(table.nodes, (table.count ? table.count : 1) * sizeof(*shrunk));
		if (shrunk)
			table.nodes = shrunk;
		*ret_table = table;
	}
	table_compiler_free(compiler);
	return error;
}

int tables_compile(const struct policy *policy, uint16_t port, struct tables *ret_tables)
{
	struct tables tables = { 0 };
	int error = 0;

	for (int action = 0; action < ACTION_COUNT && !error; action++) {
		for (int family = 0; family < FAMILY_COUNT && !error; family++)
			error = compile_table(policy, port, (enum action)action,
					      (enum family)family, &tables.of[action][family]);
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
