/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what the engine does: who, when, why, and what came and went. */
#include "engine/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "core/entry_pair.h"
#include "engine/internal.h"
#include "feeds/diff.h"

struct history_record engine_record(const struct deed *by, enum history_event event)
{
	struct history_record record = { .at_sec = time_now_sec(), .event = event };

	if (!by)
		return record;
	record.author = by->author;
	record.via = by->is_sudo ? "sudo" : NULL;
	record.reason = by->reason;
	return record;
}

/* ---- reload --------------------------------------------------------------- */

/* Count the entries of a set at a prefix, and the exclusions, and move *@index past them. */
static void count_at(const struct entry_set *set, const struct prefix *prefix, size_t *index,
		     size_t counts[2])
{
	counts[false] = counts[true] = 0;
	for (; set && *index < set->count; ++*index) {
		const struct entry *entry = &set->entries[*index];

		if (prefix_compare(&entry->prefix, prefix))
			return;
		counts[entry->is_exclusion]++;
	}
}

void engine_count_changes(const struct entry_set *from, const struct entry_set *to,
			  struct history_change *change)
{
	struct entry_pair pair = { .from = from, .to = to };

	if (from == to)
		return;
	while (entry_pair_skip(&pair)) {
		const struct prefix prefix = *entry_pair_prefix(&pair);
		size_t before[2], after[2];

		count_at(from, &prefix, &pair.from_index, before);
		count_at(to, &prefix, &pair.to_index, after);
		for (int i = 0; i < 2; i++) {
			change->removed += before[i] > after[i] ? before[i] - after[i] : 0;
			change->added += after[i] > before[i] ? after[i] - before[i] : 0;
		}
	}
}

static const struct list *find_same_list(const struct policy *policy, const struct list *list)
{
	const struct list *found = policy_find_list(policy, list->name);

	return found && found->action == list->action ? found : NULL;
}

/* Changes of @list by source; what it was or is may be NULL. Return: how many. */
static size_t count_list_changes(const struct list *list, const struct list *from,
				 const struct list *to, struct history_change *changes)
{
	static const enum source sources[] = { SOURCE_CONFIG, SOURCE_FILE,    SOURCE_FEED,
					       SOURCE_DOMAIN, SOURCE_LEARNED, SOURCE_RESCUE,
					       SOURCE_FLEET };
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		changes[i] = (struct history_change) { .list = list->name,
						       .action = list->action,
						       .source = sources[i] };
		engine_count_changes(from ? from->sets[sources[i]] : NULL,
				     to ? to->sets[sources[i]] : NULL, &changes[i]);
	}
	return i;
}

/* Sum up what changes from one policy to the other, list by list. Return: 0, -ENOMEM or
 * -EIO. */
static int records_summarise(struct engine *engine, struct history_record *record,
			     const struct policy *before, const struct policy *after)
{
	const size_t change_max = SOURCE_COUNT * (before->list_count + after->list_count) + 1;
	struct history_change *changes = calloc(change_max, sizeof(*changes));
	size_t i, count = 0;
	int err;

	if (!changes)
		return -ENOMEM;
	for (i = 0; i < after->list_count; i++)
		count +=
		    count_list_changes(&after->lists[i], find_same_list(before, &after->lists[i]),
				       &after->lists[i], changes + count);
	for (i = 0; i < before->list_count; i++)
		if (!find_same_list(after, &before->lists[i]))
			count += count_list_changes(&before->lists[i], &before->lists[i], NULL,
						    changes + count);
	err = history_summarise(engine->state, record, changes, count);
	free(changes);
	return err;
}

/* The change is in force, so a missing record is only a warning. */
static void warn_of_missing(const struct engine *engine, int err, const char *deed,
			    struct lines *warnings)
{
	if (err)
		lines_add(warnings, "this %s is missing from the history: %s", deed,
			  err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
}

void engine_record_reload(struct engine *engine, const struct deed *by, const struct policy *before,
			  struct lines *warnings)
{
	struct history_record record = engine_record(by, HISTORY_RELOAD);
	int err = records_summarise(engine, &record, before, engine->current->policy);

	warn_of_missing(engine, err, "reload", warnings);
}

void engine_record_held(struct engine *engine, const struct deed *by, const struct policy *held,
			const char *why, struct lines *warnings)
{
	struct history_record record = engine_record(by, HISTORY_HELD);
	int err;

	record.reason = why;
	err = records_summarise(engine, &record, engine->current->policy, held);
	warn_of_missing(engine, err, "held reload", warnings);
}

int engine_record_detach(struct engine *engine, const struct deed *by)
{
	struct history_record record = engine_record(by, HISTORY_DETACH);

	return history_begin(engine->state, &record) ? -EIO : state_commit(engine->state);
}

void engine_record_feed(struct engine *engine, const struct deed *by,
			const struct feed_config *feed, const struct feed_diff *diff,
			struct lines *warnings)
{
	static const enum history_event events[FEED_KIND_COUNT] = {
		[FEED_OF_URL] = HISTORY_FEED, [FEED_OF_DOMAIN] = HISTORY_DOMAIN
	};
	const struct history_change change = {
		.list = feed->list_name,
		.action = feed->action,
		.source = feed_kinds[feed->kind].source,
		.added = diff->added_count,
		.removed = diff->removed_count,
	};
	struct history_record record = engine_record(by, events[feed->kind]);
	char overruled[96];
	int err;

	record.origin = feed->name;
	snprintf(overruled, sizeof(overruled), "protected entries overrule %zu %s",
		 diff->overruled_count, plural(diff->overruled_count, "exclusion", "exclusions"));
	if (diff->overruled_count && !record.reason)
		record.reason = overruled;
	err = history_summarise(engine->state, &record, &change, 1);
	warn_of_missing(engine, err, "copy", warnings);
}
