/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learned entries as an entry source. Those in force are in state.db. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/source.h"
#include "store/learned_entries.h"
#include "store/state.h"

static int add_entry(const struct learned_entry *row, void *context)
{
	const struct provenance about = { .origin = row->rule, .added_at_sec = row->added_at_sec };
	const struct entry entry = {
		.prefix = row->prefix, .source = SOURCE_LEARNED, .reason = row->why, .about = &about
	};

	return entry_set_add(context, &entry);
}

int learned_source_read_set(struct engine *engine, const struct config *config,
			    struct entry_set **ret_set)
{
	struct entry_set *set;
	int err;

	*ret_set = NULL;
	if (!config->learn.is_on)
		return 0;
	set = entry_set_new();
	if (!set)
		return -ENOMEM;
	err = learned_entries_read(engine->state, add_entry, set);
	if (err) {
		entry_set_unref(set);
		return err;
	}
	entry_set_finish(set);
	if (set->count)
		*ret_set = set;
	else
		entry_set_unref(set);
	return 0;
}

void learned_source_give(const struct config *config, struct policy *policy, struct entry_set *set)
{
	struct list *list =
	    config->learn.is_on ? policy_find_list(policy, config->learn.list) : NULL;

	if (list)
		list_replace_set(list, SOURCE_LEARNED, set);
	else
		entry_set_unref(set);
}

/* The entries in force now, or NULL. */
static struct entry_set *current_set(const struct engine *engine)
{
	const struct learn_settings *settings =
	    engine->current ? &engine->current->config->learn : NULL;
	const struct list *list = settings && settings->is_on
				      ? policy_find_list(engine->current->policy, settings->list)
				      : NULL;

	return list ? list->sets[SOURCE_LEARNED] : NULL;
}

static int read_entries(struct engine *engine, struct source_reading *reading)
{
	struct learning *learning = engine->learning;
	struct entry_set *current;
	int err = learned_source_read_set(engine, reading->next->config, &learning->staged);

	learning->is_unread = err == -EIO;
	if (!learning->is_unread)
		return err;
	lines_add(reading->warnings, "%s: learned entries cannot be read",
		  state_error(engine->state));
	current = current_set(engine);
	learning->staged = current ? entry_set_ref(current) : NULL;
	return 0;
}

static int learned_source_read(struct engine *engine, struct source_reading *reading)
{
	int err = read_entries(engine, reading);

	if (!err && reading->next->config->learn.is_on) {
		err = learned_domains_load(engine);
		if (err == -EIO) {
			lines_add(reading->warnings, "%s: partner domains cannot be read",
				  state_error(engine->state));
			engine->learning->is_unread = true;
			err = 0;
		}
	}
	return err ? err : learned_domains_give(engine, reading->next);
}

static int learned_source_fill(struct engine *engine, struct source_reading *reading)
{
	struct learning *learning = engine->learning;

	learned_source_give(reading->next->config, reading->next->policy, learning->staged);
	learning->staged = NULL;
	return 0;
}

/* At the start no other entries are known. */
static int learned_source_lost(const struct engine *engine, char **ret_why)
{
	*ret_why = NULL;
	if (engine->current || !engine->learning->is_unread)
		return 0;
	*ret_why = strdup("the learned entries cannot be read");
	return *ret_why ? 0 : -ENOMEM;
}

static void learned_source_settle(struct engine *engine, bool is_in_force)
{
	struct learning *learning = engine->learning;

	entry_set_unref(learning->staged);
	learning->staged = NULL;
	if (is_in_force)
		learning->touches_all = learning->needs_follow = learning->reviews_domains = true;
}

const struct entry_source learned_source = {
	.read = learned_source_read,
	.fill = learned_source_fill,
	.lost = learned_source_lost,
	.settle = learned_source_settle,
};
