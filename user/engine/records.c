/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what the engine does, and the manual entries taken as state.db has them. */
#include "engine/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "feeds/report.h"
#include "store/protections.h"

struct history_record engine_record(const struct job *job, enum history_event event)
{
	return (struct history_record) {
		.at_sec = time_now_sec(),
		.event = event,
		.author = job->author,
		.via = job->is_sudo ? "sudo" : NULL,
		.reason = job->reason,
	};
}

int engine_record_put(struct engine *engine, const struct job *job, const struct state_entry *entry)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_ADD) };
	int err = manual_begin(&batch);

	return err ? err : manual_put(&batch, entry);
}

int engine_record_delete(struct engine *engine, const struct job *job, const struct list *list)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_DELETE) };
	int err = manual_begin(&batch);

	return err ? err : manual_delete(&batch, list->name, list->action, &job->prefix);
}

bool engine_refuse_protected(struct engine *engine, struct job *job)
{
	char prefix[PREFIX_TEXT_BYTES];
	char *protection = protections_describe(engine->protections, job->list_name, &job->prefix);

	if (!protection)
		return false;
	prefix_format(&job->prefix, prefix);
	lines_add(&job->details, "protected %s", protection);
	job_fail(job, OUTCOME_CONFLICT, "%s in list \"%s\" is protected (%s): unprotect it first",
		 prefix, job->list_name, protection);
	free(protection);
	return true;
}

bool engine_refuse_ttl(struct engine *engine, struct job *job)
{
	return job->ttl_sec && engine_refuse_protected(engine, job);
}

/* ---- reload --------------------------------------------------------------- */

static const struct entry *entry_at(const struct entry_set *set, size_t index)
{
	return set && index < set->count ? &set->entries[index] : NULL;
}

static int compare_entries(const struct entry *a, const struct entry *b)
{
	int order;

	if (!a || !b)
		return a ? -1 : b ? 1 : 0;
	order = prefix_compare(&a->prefix, &b->prefix);
	return order ? order : (int)a->is_exclusion - (int)b->is_exclusion;
}

/* Count what one set has and the other has not, exclusions too, for they change verdicts;
 * either may be NULL. */
static void count_changes(const struct entry_set *from, const struct entry_set *to,
			  struct history_change *change)
{
	size_t i = 0, j = 0;

	if (from == to)
		return;
	while (entry_at(from, i) || entry_at(to, j)) {
		int order = compare_entries(entry_at(from, i), entry_at(to, j));

		change->removed += order < 0;
		change->added += order > 0;
		i += order <= 0;
		j += order >= 0;
	}
}

static const struct list *find_same(const struct policy *policy, const struct list *list)
{
	const struct list *found = policy_find_list(policy, list->name);

	return found && found->action == list->action ? found : NULL;
}

/* Changes of @list by source; what it was or is may be NULL. Return: how many. */
static size_t count_list(const struct list *list, const struct list *from, const struct list *to,
			 struct history_change *changes)
{
	static const enum source sources[] = { SOURCE_CONFIG, SOURCE_FILE, SOURCE_FEED };
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		changes[i] = (struct history_change) { .list = list->name,
						       .action = list->action,
						       .source = sources[i] };
		count_changes(from ? from->sets[sources[i]] : NULL,
			      to ? to->sets[sources[i]] : NULL, &changes[i]);
	}
	return i;
}

/* Sum up what changes from one policy to the other, list by list. Return: 0, -ENOMEM or
 * -EIO. */
static int summarise(struct engine *engine, struct history_record *record,
		     const struct policy *before, const struct policy *after)
{
	const size_t change_max = SOURCE_COUNT * (before->list_count + after->list_count) + 1;
	struct history_change *changes = calloc(change_max, sizeof(*changes));
	size_t i, count = 0;
	int err;

	if (!changes)
		return -ENOMEM;
	for (i = 0; i < after->list_count; i++)
		count += count_list(&after->lists[i], find_same(before, &after->lists[i]),
				    &after->lists[i], changes + count);
	for (i = 0; i < before->list_count; i++)
		if (!find_same(after, &before->lists[i]))
			count +=
			    count_list(&before->lists[i], &before->lists[i], NULL, changes + count);
	err = history_summarise(engine->state, record, changes, count);
	free(changes);
	return err;
}

/* What is done is done: that its record is missing is a warning. */
static void warn(const struct engine *engine, int err, const char *deed, struct lines *warnings)
{
	if (err)
		lines_add(warnings, "the history lacks this %s: %s", deed,
			  err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
}

void engine_record_reload(struct engine *engine, struct job *job, const struct policy *before)
{
	struct history_record record = engine_record(job, HISTORY_RELOAD);

	warn(engine, summarise(engine, &record, before, engine->current->policy), "reload",
	     &job->warnings);
}

void engine_record_held(struct engine *engine, struct job *job, const struct policy *held)
{
	struct history_record record = engine_record(job, HISTORY_HELD);

	record.reason = job->held;
	warn(engine, summarise(engine, &record, engine->current->policy, held), "held reload",
	     &job->warnings);
}

void engine_record_feed(struct engine *engine, struct job *job, const struct feed_config *feed)
{
	const struct history_change change = {
		.list = feed->list_name,
		.action = feed->action,
		.source = SOURCE_FEED,
		.added = job->feed->diff.added_count,
		.removed = job->feed->diff.removed_count,
	};
	struct history_record record = engine_record(job, HISTORY_FEED);

	record.origin = feed->name;
	warn(engine, history_summarise(engine->state, &record, &change, 1), "copy of the feed",
	     &job->warnings);
}

/* ---- all manual entries anew ---------------------------------------------- */

struct reading {
	struct policy *policy;
	struct entry_set **sets; /* by list */
	int64_t now_sec;
};

static int take_entry(const struct state_entry *entry, void *context)
{
	struct reading *reading = context;
	const struct list *list = policy_find_list(reading->policy, entry->list);
	const struct entry copy = entry_of_row(entry);
	struct entry_set **set;

	if (!list || list->action != entry->action ||
	    (entry->expires_at_sec && entry->expires_at_sec <= reading->now_sec))
		return 0;
	set = &reading->sets[list - reading->policy->lists];
	if (!*set)
		*set = entry_set_new();
	return *set ? entry_set_add(*set, &copy) : -ENOMEM;
}

static void pass_bad_row(const char *list, const char *prefix, void *context)
{
	(void)list;
	(void)prefix;
	(void)context;
}

static int read_manual(struct engine *engine, struct policy *policy)
{
	struct reading reading = { .policy = policy,
				   .sets = calloc(policy->list_count + 1, sizeof(*reading.sets)),
				   .now_sec = time_now_sec() };
	size_t i;
	int err =
	    reading.sets ? state_read(engine->state, take_entry, pass_bad_row, &reading) : -ENOMEM;

	for (i = 0; reading.sets && i < policy->list_count; i++) {
		if (reading.sets[i])
			entry_set_finish(reading.sets[i]);
		if (err)
			entry_set_unref(reading.sets[i]);
		else
			list_replace_set(&policy->lists[i], SOURCE_MANUAL, reading.sets[i]);
	}
	free(reading.sets);
	return err;
}

int engine_switch_manual(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	int err = next ? read_manual(engine, next->policy) : -ENOMEM;

	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
	else
		err = engine_switch(engine, next, true, error);
	snapshot_unref(next);
	if (err) {
		state_rollback(engine->state);
		return err;
	}
	if (protections_load(engine->protections, engine->state))
		log_warning("state", "protected entries may be shown as before: %s",
			    state_error(engine->state) ? state_error(engine->state)
						       : strerror(ENOMEM));
	return 0;
}
