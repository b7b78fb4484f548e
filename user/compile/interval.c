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
	address_bits last[STACK_MAX]; /* last address of the node's prefix */
	size_t count;
};

struct interval_compiler {
	struct table_compiler *tables[ACTION_COUNT];
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

/* The present nodes decide up to @last. */
static int sweep_to(struct interval_compiler *sweep, address_bits last)
{
	struct ipwl_match allow = match_of(&sweep->stacks[ACTION_ALLOW]);
	struct ipwl_match block = match_of(&sweep->stacks[ACTION_BLOCK]);
	const struct interval interval = {
		.first = sweep->next,
		.last = last,
		.match = ipwl_merge(&allow, &block),
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

static int enter_node(struct interval_compiler *sweep, enum action action, const struct node *node)
{
	struct stack *stack = &sweep->stacks[action];
	address_bits first = prefix_first(&node->prefix);
	int error = leave_nodes(sweep, first);

	if (!error && sweep->next < first)
		error = sweep_to(sweep, first - 1);
	stack->nodes[stack->count] = node;
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
		error = enter_node(sweep, action, action == ACTION_ALLOW ? allow : block);
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
					   &tables[action], &outer[action]);
		sweep->stacks[action].nodes[0] = &outer[action];
		sweep->stacks[action].last[0] = prefix_last(range);
		sweep->stacks[action].count = 1;
	}
	sweep->next = prefix_first(range);
	sweep->count = 0;
	return error;
}

int interval_compiler_run(struct interval_compiler *compiler, const struct prefix *range,
			  const struct interval **ret_intervals, size_t *ret_count)
{
	struct table tables[ACTION_COUNT];
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

struct interval_compiler *interval_compiler_new(const struct policy *policy)
{
	struct interval_compiler *compiler = calloc(1, sizeof(*compiler));

	for (int action = 0; compiler && action < ACTION_COUNT; action++) {
		compiler->tables[action] = table_compiler_new(policy);
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
