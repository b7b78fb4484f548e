/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the rules in the order of their prefixes. A stack holds the rules around the present
 * one. */
#include "formats/first_match.h"

#include <errno.h>
#include <string.h>

/* The number of possible lengths of a prefix, 0 to 128. No rule on the stack is inside an equal
 * one. */
#define DEPTH_MAX 129

int first_match_add(struct first_match *rules, struct reading *reading, const struct entry *rule)
{
	if (!rules->rules)
		rules->rules = entry_set_new();
	if (!rules->rules)
		return -ENOMEM;
	if (rules->rules->count == reading->entries_max)
		return reading_refuse_more(reading);
	return entry_set_add(rules->rules, rule);
}

struct walk {
	const struct entry *around[DEPTH_MAX]; /* rules in force, each inside the one before */
	uint32_t first_line[DEPTH_MAX];	       /* smallest line of this rule and those around it */
	size_t depth;
};

/* Whether an earlier rule decides all addresses of @rule. */
static bool is_shadowed(struct walk *walk, const struct entry *rule, bool is_by_length)
{
	while (walk->depth > 0 &&
	       !prefix_contains(&walk->around[walk->depth - 1]->prefix, &rule->prefix))
		walk->depth--;
	if (walk->depth == 0)
		return false;
	/* Of equal ones the first was added before, perhaps from the same line. */
	return !prefix_compare(&walk->around[walk->depth - 1]->prefix, &rule->prefix) ||
	       (!is_by_length && walk->first_line[walk->depth - 1] < rule->line);
}

static void push(struct walk *walk, const struct entry *rule)
{
	uint32_t first_line = rule->line;

	if (walk->depth > 0 && walk->first_line[walk->depth - 1] < first_line)
		first_line = walk->first_line[walk->depth - 1];
	walk->around[walk->depth] = rule;
	walk->first_line[walk->depth++] = first_line;
}

/* Restore the line of an earlier rule. Only its prefix is left. */
static struct line line_of(const struct entry *rule, char text[PREFIX_TEXT_BYTES])
{
	prefix_format_short(&rule->prefix, text);
	return (struct line) { .text = text, .bytes = strlen(text), .number = rule->line };
}

static int add_rule(struct reading *reading, const struct entry *rule)
{
	char text[PREFIX_TEXT_BYTES];
	struct line line = line_of(rule, text);
	struct line *last_line = reading->line;
	struct token token = { .text = text, .bytes = line.bytes };
	int err;

	reading->line = &line;
	err = reading_add(reading, &token, rule);
	reading->line = last_line;
	return err;
}

static void skip_rule(struct reading *reading, const struct entry *rule, enum format_skip skip)
{
	char text[PREFIX_TEXT_BYTES];
	struct line line = line_of(rule, text);
	struct line *last_line = reading->line;

	reading->line = &line;
	reading_skip(reading, skip);
	reading->line = last_line;
}

/* Handle a rule that an earlier one decides. If both list their addresses, it still becomes an
 * entry, for its reason and counters. */
static int add_shadowed(struct reading *reading, const struct entry *around,
			const struct entry *rule)
{
	if (!rule->is_exclusion && !around->is_exclusion &&
	    prefix_compare(&around->prefix, &rule->prefix))
		return add_rule(reading, rule);
	skip_rule(reading, rule, FORMAT_SKIP_SHADOWED);
	return 0;
}

static int add_in_force(struct reading *reading, struct walk *walk, const struct entry *rule)
{
	bool is_inside = walk->depth > 0 && !walk->around[walk->depth - 1]->is_exclusion;

	push(walk, rule);
	if (!rule->is_exclusion || is_inside)
		return add_rule(reading, rule);
	skip_rule(reading, rule, FORMAT_SKIP_ACTION);
	return 0;
}

int first_match_finish(struct first_match *rules, struct reading *reading)
{
	struct walk walk = { .depth = 0 };
	int err = 0;

	if (!rules->rules)
		return 0;
	/* A rule that repeats another is never reached, and is counted as shadowed. */
	entry_set_sort(rules->rules);
	for (size_t i = 0; i < rules->rules->count && !err; i++) {
		const struct entry *rule = &rules->rules->entries[i];

		if (is_shadowed(&walk, rule, rules->is_by_length))
			err = add_shadowed(reading, walk.around[walk.depth - 1], rule);
		else
			err = add_in_force(reading, &walk, rule);
	}
	return err;
}

void first_match_done(struct first_match *rules)
{
	entry_set_unref(rules->rules);
	rules->rules = NULL;
}
