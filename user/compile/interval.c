/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sweeps over two tables in the order of addresses. For each table, a stack holds the nodes
 * that cover the present address, the innermost on top. The top is the longest match.
 */
#include "compile/interval.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipwl_verdict.h"

/* The outer node, and a node for each length from 0 to 128. */
#define STACK_MAX 130

struct stack {
	const struct node *nodes[STACK_MAX];
	const uint64_t *sets[STACK_MAX]; /* of block lists; NULL in the stack of allow lists */
	address_bits last[STACK_MAX];	 /* last address of the node's prefix */
	size_t count;
};

struct interval_compiler {
	struct table_compiler *tables[ACTION_COUNT];
	struct averted_classes *averted;
	size_t set_words;
	struct stack stacks[ACTION_COUNT];
	address_bits next; /* all addresses before it are done */
	struct interval *intervals;
	size_t count;
	size_t capacity;
};

address_bits prefix_first(const struct prefix *prefix)
{
	uint64_t high, low;

	memcpy(&high, prefix->addr, sizeof(high));
	memcpy(&low, prefix->addr + sizeof(high), sizeof(low));
	return (address_bits)be64toh(high) << 64 | be64toh(low);
}

address_bits prefix_last(const struct prefix *prefix)
{
	address_bits hosts = prefix->len < 128 ? ~(address_bits)0 >> prefix->len : 0;

	return prefix_first(prefix) | hosts;
}

struct ipwl_match match_of_node(const struct node *node)
{
	return (struct ipwl_match) {
		.rule = node->rule,
		.class = node->list | (node->flags & NODE_MONITOR ? IPWL_CLASS_SECOND : 0),
	};
}

static struct ipwl_match match_of(const struct stack *stack)
{
	return match_of_node(stack->nodes[stack->count - 1]);
}

static bool decide_alike(const struct ipwl_match *a, const struct ipwl_match *b)
{
	return a->rule == b->rule && a->class == b->class;
}

static int append_interval(struct interval_compiler *sweep, const struct interval *interval)
{
	struct interval *before = sweep->count ? &sweep->intervals[sweep->count - 1] : NULL;

	if (before && before->last + 1 == interval->first &&
	    decide_alike(&before->match, &interval->match)) {
		before->last = interval->last;
		return 0;
	}
	if (sweep->count == sweep->capacity) {
		size_t capacity = sweep->capacity ? 2 * sweep->capacity : 256;
		struct interval *larger = realloc(sweep->intervals, capacity * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		sweep->intervals = larger;
		sweep->capacity = capacity;
	}
	sweep->intervals[sweep->count++] = *interval;
	return 0;
}

/* What the present nodes decide together. */
static struct ipwl_match present_match(const struct interval_compiler *sweep)
{
	const struct stack *blocking = &sweep->stacks[ACTION_BLOCK];
	struct ipwl_match allow = match_of(&sweep->stacks[ACTION_ALLOW]);
	struct ipwl_match block = match_of(blocking);
	struct ipwl_match match = ipwl_merge(&allow, &block);

	if (allow.rule && block.rule)
		match.class = averted_class(sweep->averted, allow.class,
					    blocking->sets[blocking->count - 1], sweep->set_words);
	return match;
}

/* The present nodes decide up to @last. */
static int sweep_to(struct interval_compiler *sweep, address_bits last)
{
	const struct interval interval = {
		.first = sweep->next,
		.last = last,
		.match = present_match(sweep),
	};

	sweep->next = last + 1;
	return interval.match.rule ? append_interval(sweep, &interval) : 0;
}

/* Leave the nodes that end before @first, in the order in which they end. The outer nodes at
 * the bottom of the stacks stay. */
static int leave_nodes(struct interval_compiler *sweep, address_bits first)
{
	struct stack *stacks = sweep->stacks;
	int error = 0;

	while (!error) {
		struct stack *stack = &stacks[0];
		address_bits last;

		if (stacks[1].count > 1 &&
		    (stack->count == 1 ||
		     stacks[1].last[stacks[1].count - 1] < stack->last[stack->count - 1]))
			stack = &stacks[1];
		last = stack->last[stack->count - 1];
		if (stack->count == 1 || last >= first)
			return 0;
		if (sweep->next <= last)
			error = sweep_to(sweep, last);
		stack->count--;
	}
	return error;
}

static int enter_node(struct interval_compiler *sweep, enum action action,
		      const struct table *table, const struct node *node)
{
	struct stack *stack = &sweep->stacks[action];
	address_bits first = prefix_first(&node->prefix);
	int error = leave_nodes(sweep, first);

	if (!error && sweep->next < first)
		error = sweep_to(sweep, first - 1);
	stack->nodes[stack->count] = node;
	if (table->sets)
		stack->sets[stack->count] =
		    table->sets + (size_t)(node - table->nodes) * table->set_words;
	stack->last[stack->count++] = prefix_last(&node->prefix);
	return error;
}

static const struct node *node_at(const struct table *table, size_t index)
{
	return index < table->count ? &table->nodes[index] : NULL;
}

static int sweep_tables(struct interval_compiler *sweep, const struct table tables[ACTION_COUNT])
{
	size_t next[ACTION_COUNT] = { 0 };
	int error = 0;

	while (!error) {
		const struct node *allow = node_at(&tables[ACTION_ALLOW], next[ACTION_ALLOW]);
		const struct node *block = node_at(&tables[ACTION_BLOCK], next[ACTION_BLOCK]);
		enum action action = ACTION_ALLOW;

		if (!allow && !block)
			break;
		if (!allow || (block && prefix_compare(&block->prefix, &allow->prefix) < 0))
			action = ACTION_BLOCK;
		next[action]++;
		error = enter_node(sweep, action, &tables[action],
				   action == ACTION_ALLOW ? allow : block);
	}
	return error;
}

/* Compile the tables of @range and begin at its start. */
static int start_sweep(struct interval_compiler *sweep, const struct prefix *range,
		       struct table tables[ACTION_COUNT], struct node outer[ACTION_COUNT])
{
	int error = 0;

	for (int action = 0; action < ACTION_COUNT && !error; action++) {
		error = table_compiler_run(sweep->tables[action], (enum action)action, range,
					   &tables[action], &outer[action],
					   &sweep->stacks[action].sets[0]);
		sweep->stacks[action].nodes[0] = &outer[action];
		sweep->stacks[action].last[0] = prefix_last(range);
		sweep->stacks[action].count = 1;
	}
	sweep->set_words = tables[ACTION_BLOCK].set_words;
	sweep->next = prefix_first(range);
	sweep->count = 0;
	return error;
}

int interval_compiler_run(struct interval_compiler *compiler, const struct prefix *range,
			  const struct interval **ret_intervals, size_t *ret_count)
{
	struct table tables[ACTION_COUNT] = { 0 };
	struct node outer[ACTION_COUNT];
	const address_bits last = prefix_last(range);
	int error = start_sweep(compiler, range, tables, outer);

	if (!error)
		error = sweep_tables(compiler, tables);
	if (!error)
		error = leave_nodes(compiler, last);
	/* The outer nodes decide up to the end of the range. */
	if (!error)
		error = sweep_to(compiler, last);
	*ret_intervals = compiler->intervals;
	*ret_count = compiler->count;
	return error;
}

struct interval_compiler *interval_compiler_new(const struct policy *policy, uint16_t port,
						struct averted_classes *averted)
{
	struct interval_compiler *compiler = calloc(1, sizeof(*compiler));

	if (!compiler)
		return NULL;
	compiler->averted = averted;
	for (int action = 0; action < ACTION_COUNT; action++) {
		compiler->tables[action] = table_compiler_new(policy, port, action == ACTION_BLOCK);
		if (!compiler->tables[action]) {
			interval_compiler_free(compiler);
			return NULL;
		}
	}
	return compiler;
}

void interval_compiler_free(struct interval_compiler *compiler)
{
	if (!compiler)
		return;
	for (int action = 0; action < ACTION_COUNT; action++)
		table_compiler_free(compiler->tables[action]);
	free(compiler->intervals);
	free(compiler);
}
