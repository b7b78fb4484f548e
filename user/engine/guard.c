/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard over the policy in force: whether a new snapshot removes too much. */
#include "engine/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "core/guard.h"
#include "core/provenance.h"
#include "engine/internal.h"
#include "engine/protected.h"
#include "engine/usage.h"

/* "192.0.2.0/24, list partners (file allow.list:3)", and which part if not all of it. */
static void guard_add_example(const struct guard_example *example, struct lines *examples)
{
	const struct entry *entry = example->entry;
	const bool is_part = prefix_compare(&example->lost, &entry->prefix) != 0;
	char prefix[PREFIX_TEXT_BYTES], lost[PREFIX_TEXT_BYTES];
	char *origin = holders_origin(entry);

	lines_add(examples, "%s, list %s (%s%s%s)%s%s", prefix_format_short(&entry->prefix, prefix),
		  example->list->name, source_names[entry->source], origin ? " " : "",
		  origin ? origin : "", is_part ? ": no longer " : "",
		  is_part ? prefix_format_short(&example->lost, lost) : "");
	free(origin);
}

static void guard_add_examples(const struct guard_result *result, struct lines *examples)
{
	for (size_t i = 0; i < result->example_count; i++)
		guard_add_example(&result->examples[i], examples);
	if (result->removed_count > result->example_count)
		lines_add(examples, "and %zu more", result->removed_count - result->example_count);
}

static size_t guard_entry_count(const struct list *list)
{
	return list_count_entries(list, FAMILY_IPV4) + list_count_entries(list, FAMILY_IPV6);
}

/* @kept: of protected entries; @result: only if it is held. NULL: out of memory. */
static char *guard_describe(const struct lines *kept, const struct guard_result *result)
{
	char removed[320] = "", *message;

	char why[192] = "more than the guard permits";

	if (result->emptied)
		snprintf(why, sizeof(why), "all %zu that %.150s has", result->emptied_count,
			 result->emptied);
	if (result->is_held)
		snprintf(removed, sizeof(removed),
			 "it would remove %zu of %zu allow %s in use, wholly or in part: %s",
			 result->removed_count, result->in_use_count,
			 plural(result->in_use_count, "entry", "entries"), why);
	if (!kept->count)
		return strdup(removed);
	if (asprintf(&message, "it would remove %zu protected %s, wholly or in part: %s%s%s%s",
		     kept->count, plural(kept->count, "entry", "entries"), kept->items[0],
		     kept->count > 1 ? "; and more" : "", result->is_held ? "; " : "", removed) < 0)
		return NULL;
	return message;
}

static void guard_add_kept(const struct lines *kept, struct lines *examples)
{
	for (size_t i = 0; i < kept->count && i < GUARD_EXAMPLES_MAX; i++)
		lines_add(examples, "%s", kept->items[i]);
	if (kept->count > GUARD_EXAMPLES_MAX)
		lines_add(examples, "and %zu more protected %s", kept->count - GUARD_EXAMPLES_MAX,
			  plural(kept->count - GUARD_EXAMPLES_MAX, "entry", "entries"));
}

/* The mail ports of both: at others, no mail was allowed before, or all is afterwards. The caller
 * frees them. NULL: out of memory. */
static uint16_t *common_ports(const struct config *from, const struct config *to, size_t *ret_count)
{
	uint16_t *ports = calloc(from->port_count + 1, sizeof(*ports));

	*ret_count = 0;
	for (size_t i = 0; ports && i < from->port_count; i++)
		for (size_t j = 0; j < to->port_count; j++)
			if (from->ports[i] == to->ports[j])
				ports[(*ret_count)++] = from->ports[i];
	return ports;
}

/* Return: 0 or -ENOMEM. */
static int guard_judge(const struct engine *engine, const struct snapshot *next,
		       struct usage *usage, struct lines *kept, struct guard_result *result)
{
	const struct snapshot *current = engine->current;
	const struct guard_hits hits = { usage_is_hit, usage };
	int err = protected_lost(engine->protections, current->policy, next->policy, kept);
	bool loses = false;
	uint16_t *ports;
	size_t count;

	*result = (struct guard_result) { 0 };
	if (err)
		return err;
	ports = common_ports(current->config, next->config, &count);
	if (!ports)
		return -ENOMEM;
	err = guard_loses(current->policy, next->policy, ports, count, &hits, &loses);
	/* How many entries are in use matters only if one of them is removed. */
	if (!err && loses)
		err = guard_check(current->policy, next->policy, ports, count, &hits,
				  &current->config->guard, result);
	free(ports);
	return err;
}

void engine_warn_block_losses(const struct engine *engine, const struct snapshot *next,
			      struct lines *warnings)
{
	const struct snapshot *current = engine->current;
	const uint64_t share = current->config->guard.max_removed_share;

	for (size_t i = 0; i < current->policy->list_count; i++) {
		const struct list *list = &current->policy->lists[i];
		const struct list *after = policy_find_list(next->policy, list->name);
		size_t before_count = guard_entry_count(list), after_count;

		if (list->action != ACTION_BLOCK)
			continue;
		after_count = after && after->action == ACTION_BLOCK ? guard_entry_count(after) : 0;
		if (before_count < after_count + GUARD_SHARE_ENTRIES_MIN ||
		    (before_count - after_count) * 100 <= share * before_count)
			continue;
		lines_add(warnings, "the block list %s loses %zu of its %zu %s", list->name,
			  before_count - after_count, before_count,
			  plural(before_count, "entry", "entries"));
	}
}

int engine_guard(const struct engine *engine, const struct snapshot *next, char **ret_message,
		 struct lines *examples)
{
	struct guard_result result;
	struct lines kept = { 0 };
	struct usage *usage = NULL;
	char *message = NULL;
	int err = usage_read(engine, &usage);

	if (!err)
		err = guard_judge(engine, next, usage, &kept, &result);
	if (!err && (kept.count || result.is_held)) {
		message = guard_describe(&kept, &result);
		err = message ? 0 : -ENOMEM;
	}
	if (!err && examples) {
		guard_add_kept(&kept, examples);
		guard_add_examples(&result, examples);
	}
	lines_done(&kept);
	usage_free(usage);
	if (!err)
		*ret_message = message;
	return err;
}
