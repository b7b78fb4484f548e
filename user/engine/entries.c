/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual entries: added, deleted, expired. Each gives one list a new set of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/provenance.h"
#include "engine/records.h"
#include "store/state.h"

#define REFUSED "%s; nothing has changed"

const struct entry *engine_find_manual(const struct list *list, const struct prefix *prefix)
{
	const struct entry_set *set = list->sets[SOURCE_MANUAL];
	size_t i;

	if (!set)
		return NULL;
	i = entry_set_lower_bound(set, prefix);
	if (i < set->count && !prefix_compare(&set->entries[i].prefix, prefix))
		return &set->entries[i];
	return NULL;
}

/* The list's manual entries but the one at @without and those expired at @now_sec,
 * and one more. NULL: out of memory. */
static struct entry_set *changed_set(const struct list *list, const struct prefix *without,
				     int64_t now_sec, const struct entry *more)
{
	const struct entry_set *old = list->sets[SOURCE_MANUAL];
	struct entry_set *set = entry_set_new();
	int err = set ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !err && old && i < old->count; i++) {
		const struct entry *entry = &old->entries[i];

		if (entry->expires_at_sec && entry->expires_at_sec <= now_sec)
			continue;
		if (!without || prefix_compare(&entry->prefix, without))
			err = entry_set_add(set, entry);
	}
	if (!err && more)
		err = entry_set_add(set, more);
	if (err) {
		entry_set_unref(set);
		return NULL;
	}
	entry_set_finish(set);
	return set;
}

int engine_switch_list(struct engine *engine, const char *name, struct entry_set *set,
		       char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = set ? snapshot_copy(engine->current) : NULL;
	int err;

	if (!next) {
		entry_set_unref(set);
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	list_replace_set(policy_find_list(next->policy, name), SOURCE_MANUAL, set);
	err = engine_switch(engine, next, true, error);
	snapshot_unref(next);
	return err;
}

static const struct list *find_list(const struct engine *engine, struct job *job)
{
	const struct list *list = policy_find_list(engine->current->policy, job->list_name);

	if (!list)
		job_fail(job, OUTCOME_NOT_FOUND, "there is no list \"%s\"", job->list_name);
	return list;
}

/* The entry in force, or just out of it, for the answer. */
void engine_keep_entry(struct job *job, const struct list *list)
{
	const struct rule *rule = list_find_rule(list, &job->prefix);

	job->set = entry_set_ref(list->sets[SOURCE_MANUAL]);
	job->entry = engine_find_manual(list, &job->prefix);
	job->rule = rule ? rule->id : 0;
}

/* ---- add ---------------------------------------------------------------- */

static bool may_add(const struct list *list, struct job *job)
{
	char prefix[PREFIX_TEXT_BYTES];
	const char *refusal = policy_refuse_prefix(&job->prefix, list->action);

	prefix_format(&job->prefix, prefix);
	if (refusal) {
		job_fail(job, OUTCOME_INVALID, "%s", refusal);
		return false;
	}
	if (!list_has(list, &job->prefix, true))
		return true;
	holders_add(list, &job->prefix, true, &job->details);
	job_fail(job, OUTCOME_CONFLICT, "%s is excluded from list \"%s\"", prefix, list->name);
	return false;
}

static int put_and_switch(struct engine *engine, const struct job *job, const struct list *list,
			  const struct entry *entry, char error[DATAPATH_ERROR_BYTES])
{
	const struct state_entry row = row_of_entry(list, entry);
	int err = engine_record_put(engine, job, &row);

	if (err) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", state_error(engine->state));
		return err;
	}
	err = engine_switch_list(engine, list->name,
				 changed_set(list, &entry->prefix, entry->added_at_sec, entry),
				 error);
	if (err)
		state_rollback(engine->state);
	return err;
}

void engine_add(struct engine *engine, struct job *job)
{
	const struct list *list = find_list(engine, job);
	char error[DATAPATH_ERROR_BYTES];
	const int64_t now_sec = time_now_sec();
	const struct entry entry = {
		.prefix = job->prefix,
		.source = SOURCE_MANUAL,
		.origin = job->author,
		.reason = job->reason,
		.author = job->author,
		.added_at_sec = now_sec,
		.expires_at_sec = job->ttl_sec ? now_sec + job->ttl_sec : 0,
	};

	if (!list || !may_add(list, job) || engine_refuse_ttl(engine, job))
		return;
	if (put_and_switch(engine, job, list, &entry, error)) {
		job_fail(job, OUTCOME_INTERNAL, REFUSED, error);
		return;
	}
	/* The old policy, and list with it, may be gone by now. */
	list = policy_find_list(engine->current->policy, job->list_name);
	engine_keep_entry(job, list);
	holders_warn(engine->current->policy, list, &job->prefix, &job->warnings);
}

/* ---- delete ------------------------------------------------------------- */

static void refuse_delete(const struct list *list, struct job *job)
{
	char prefix[PREFIX_TEXT_BYTES];

	prefix_format(&job->prefix, prefix);
	holders_add(list, &job->prefix, false, &job->details);
	if (job->details.count)
		job_fail(job, OUTCOME_CONFLICT,
			 "%s is in list \"%s\" by no manual entry: see there", prefix, list->name);
	else
		job_fail(job, OUTCOME_NOT_FOUND, "%s is not in list \"%s\"", prefix, list->name);
}

const struct list *engine_find_deletable(struct engine *engine, struct job *job)
{
	const struct list *list = find_list(engine, job);

	if (list && !engine_find_manual(list, &job->prefix)) {
		refuse_delete(list, job);
		return NULL;
	}
	return list && !engine_refuse_protected(engine, job) ? list : NULL;
}

void engine_delete(struct engine *engine, struct job *job)
{
	const struct list *list = engine_find_deletable(engine, job);
	char error[DATAPATH_ERROR_BYTES];
	int err;

	if (!list)
		return;
	engine_keep_entry(job, list);
	if (list->action == ACTION_ALLOW)
		job->answer = engine_impact_json(engine, list, &job->prefix);
	err = engine_record_delete(engine, job, list);
	if (err) {
		job_fail(job, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
		return;
	}
	err = engine_switch_list(engine, list->name,
				 changed_set(list, &job->prefix, time_now_sec(), NULL), error);
	if (err) {
		state_rollback(engine->state);
		job_fail(job, OUTCOME_INTERNAL, REFUSED, error);
		return;
	}
	list = policy_find_list(engine->current->policy, job->list_name);
	holders_add(list, &job->prefix, false, &job->details);
}

/* ---- expire ------------------------------------------------------------- */

static int drop_expired(struct snapshot *next, int64_t now_sec)
{
	size_t i;

	for (i = 0; i < next->policy->list_count * SOURCE_COUNT; i++) {
		struct list *list = &next->policy->lists[i / SOURCE_COUNT];
		const enum source source = i % SOURCE_COUNT;
		struct entry_set *set = list->sets[source];

		if (!set || !set->first_expiry_sec || set->first_expiry_sec > now_sec)
			continue;
		set = entry_set_unexpired(set, now_sec);
		if (!set)
			return -ENOMEM;
		list_replace_set(list, source, set);
	}
	return 0;
}

void engine_forget_expired(struct engine *engine)
{
	if (!state_error(engine->state) && manual_expire(engine->state, time_now_sec()))
		log_warning("state", "%s", state_error(engine->state));
}

void engine_expire(struct engine *engine, struct job *job)
{
	struct snapshot *next = snapshot_copy(engine->current);
	char error[DATAPATH_ERROR_BYTES] = "out of memory";
	const int64_t now_sec = time_now_sec();
	int err = next ? drop_expired(next, now_sec) : -ENOMEM;

	if (!err)
		err = engine_switch(engine, next, false, error);
	snapshot_unref(next);
	if (err) {
		job_fail(job, OUTCOME_INTERNAL, "expired entries are still in force: %s", error);
		return;
	}
	engine_forget_expired(engine);
}
