/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds entries that the guards of a feed would hold back. */
#include "engine/danger.h"

#include <errno.h>
#include <stdio.h>

#include "base/plural.h"
#include "config/feed_config.h"
#include "config/hazards.h"
#include "core/prefix_search.h"
#include "engine/internal.h"

/* Dangers that are told one by one. */
#define DANGERS_MAX 20

/* Entries in which dangers are looked for. */
struct search {
	const struct entry_set *set;
	void (*visit)(const struct entry *entry, const char *what, void *context);
	void *context;
};

static void search_visit(const struct hazard *hazard, void *context)
{
	const struct search *search = context;
	const struct entry *entry = hazard->entry;
	char text[HAZARD_TEXT_BYTES];

	/* The others are exclusions of the list. */
	if (hazard->kind != HAZARD_RESERVED && entry >= search->set->entries &&
	    entry < search->set->entries + search->set->count)
		search->visit(entry, hazard_describe(hazard, text), search->context);
}

static void search_wide(const struct search *search)
{
	static const uint8_t min_len[FAMILY_COUNT] = {
		[FAMILY_IPV4] = FEED_DEFAULT_MIN_IPV4_LENGTH,
		[FAMILY_IPV6] = FEED_DEFAULT_MIN_IPV6_LENGTH,
	};

	for (size_t i = 0; i < search->set->count; i++) {
		const struct entry *entry = &search->set->entries[i];
		const struct prefix *prefix = &entry->prefix;
		char text[48];

		if (entry->is_exclusion || prefix->len >= min_len[prefix->family])
			continue;
		snprintf(text, sizeof(text), "is wider than /%u", min_len[prefix->family]);
		search->visit(entry, text, search->context);
	}
}

/* Add to @to the exclusions of @from inside @prefix. Those around it do not matter: the most
 * specific entry or exclusion applies. */
static int add_exclusions_inside(const struct entry_set *from, const struct prefix *prefix,
				 struct entry_set *to)
{
	size_t begin, end;
	int err = 0;

	prefix_inside(PREFIX_ARRAY(from->entries, from->count), prefix, &begin, &end);
	for (; begin < end && !err; begin++)
		if (from->entries[begin].is_exclusion)
			err = entry_set_add(to, &from->entries[begin]);
	return err;
}

/* The exclusions of @from (or NULL) that matter to the entries of @set. @from may have a million
 * entries, and @set only one. NULL: out of memory. */
static struct entry_set *exclusions_for(const struct entry_set *from, const struct entry_set *set)
{
	struct entry_set *exclusions = entry_set_new();
	int err = exclusions ? 0 : -ENOMEM;

	if (from && entry_set_has_exclusions(from))
		for (size_t i = 0; i < set->count && !err; i++)
			err = add_exclusions_inside(from, &set->entries[i].prefix, exclusions);
	if (err) {
		entry_set_unref(exclusions);
		return NULL;
	}
	entry_set_finish(exclusions);
	return exclusions;
}

int danger_find(const struct config *config, const struct list *list, struct entry_set *set,
		void (*visit)(const struct entry *entry, const char *what, void *context),
		void *context)
{
	struct search search = { set, visit, context };
	struct list all = { .name = list->name, .action = list->action };
	struct hazards hazards;
	int err = -ENOMEM;

	if (list->action != ACTION_BLOCK)
		return 0;
	all.sets[SOURCE_CONFIG] = exclusions_for(list->sets[SOURCE_CONFIG], set);
	all.sets[SOURCE_FILE] = exclusions_for(list->sets[SOURCE_FILE], set);
	all.sets[SOURCE_MANUAL] = set;
	hazards_init(&hazards, config);
	if (all.sets[SOURCE_CONFIG] && all.sets[SOURCE_FILE])
		err = hazards_find(&all, &hazards.spaces, search_visit, &search);
	hazards_done(&hazards);
	entry_set_unref(all.sets[SOURCE_CONFIG]);
	entry_set_unref(all.sets[SOURCE_FILE]);
	search_wide(&search);
	return err;
}

struct dangers {
	struct lines *lines;
	size_t count;
};

static void danger_add(const struct entry *entry, const char *what, void *context)
{
	struct dangers *dangers = context;
	char text[PREFIX_TEXT_BYTES];

	if (dangers->count++ < DANGERS_MAX)
		lines_add(dangers->lines, "%s %s", prefix_format_short(&entry->prefix, text), what);
}

int danger_check(const struct engine *engine, const struct list *list, struct entry_set *set,
		 struct lines *ret_dangers)
{
	struct dangers dangers = { .lines = ret_dangers };
	int err = danger_find(engine->current->config, list, set, danger_add, &dangers);

	if (dangers.count > DANGERS_MAX)
		lines_add(ret_dangers, "and %zu more", dangers.count - DANGERS_MAX);
	return err;
}

int danger_refuse(const struct list *list, const char *what, struct lines *dangers,
		  struct refusal *refusal)
{
	if (!dangers->count)
		return 0;
	lines_done(&refusal->details);
	refusal->details = *dangers;
	*dangers = (struct lines) { 0 };
	return refusal_set(refusal, OUTCOME_CONFLICT,
			   "the block list %s should not contain %s; --force adds %s anyway",
			   list->name, what, plural(refusal->details.count, "it", "them"));
}
