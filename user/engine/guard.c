/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard over what is in force: whether a new snapshot takes too much away. */
#include "engine/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/guard.h"
#include "core/provenance.h"
#include "engine/internal.h"
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

static char *guard_describe(const struct guard_result *result)
{
	char *message;

	if (asprintf(&message,
		     "it would remove %zu of %zu allow entries in use, or parts of them, more "
		     "than the guard lets pass",
		     result->removed_count, result->in_use_count) < 0)
		return NULL;
	return message;
}

int engine_guard(const struct engine *engine, const struct snapshot *next, char **ret_message,
		 struct lines *examples)
{
	const struct snapshot *current = engine->current;
	struct guard_hits hits = { .is_hit = usage_is_hit };
	struct guard_result result;
	struct usage *usage;
	char *message = NULL;
	int err = usage_read(engine, &usage);

	if (err)
		return err;
	hits.context = usage;
	err = guard_check(current->policy, next->policy, &hits, &current->config->guard, &result);
	if (!err && result.is_held) {
		message = guard_describe(&result);
		err = message ? 0 : -ENOMEM;
	}
	if (!err && examples)
		guard_add_examples(&result, examples);
	usage_free(usage);
	if (!err)
		*ret_message = message;
	return err;
}
