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

static void guard_add_examples(const struct guard_result *result, struct lines *examples)
{
	for (size_t i = 0; i < result->example_count; i++) {
		const struct guard_example *example = &result->examples[i];
		char prefix[PREFIX_TEXT_BYTES];
		char *origin = holders_origin(example->entry);

		lines_add(examples, "%s, list %s (%s%s%s)",
			  prefix_format_short(&example->entry->prefix, prefix), example->list->name,
			  source_names[example->entry->source], origin ? " " : "",
			  origin ? origin : "");
		free(origin);
	}
	if (result->removed_count > result->example_count)
		lines_add(examples, "and %zu more", result->removed_count - result->example_count);
}

static char *guard_describe(const struct guard_result *result)
{
	char *message;

	if (asprintf(&message,
		     "it would remove %zu of %zu allow entries in use, more than the guard lets "
		     "pass",
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
	guard_check(current->policy, next->policy, &hits, &current->config->guard, &result);
	if (result.is_held) {
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
