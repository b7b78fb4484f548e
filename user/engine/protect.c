/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protecting manual entries, and no longer. */
#include <errno.h>
#include <string.h>

#include "core/provenance.h"
#include "engine/records.h"
#include "store/protections.h"

/* Put the change in force and keep the entry for the answer. */
static void finish(struct engine *engine, struct job *job, int err)
{
	char error[DATAPATH_ERROR_BYTES];

	if (err)
		job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed",
			 state_error(engine->state));
	else if (engine_switch_manual(engine, error))
		job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed", error);
	else
		engine_keep_entry(job, policy_find_list(engine->current->policy, job->list_name));
}

static const struct list *find_list(struct engine *engine, struct job *job)
{
	const struct list *list = policy_find_list(engine->current->policy, job->list_name);

	if (!list)
		job_fail(job, OUTCOME_NOT_FOUND, "there is no list \"%s\"", job->list_name);
	return list;
}

/* What no entry of its own can be made for is not protected. */
static bool may_protect(const struct list *list, struct job *job)
{
	char prefix[PREFIX_TEXT_BYTES];

	prefix_format(&job->prefix, prefix);
	if (list_has(list, &job->prefix, true)) {
		holders_add(list, &job->prefix, true, &job->details);
		job_fail(job, OUTCOME_CONFLICT, "%s is excluded from list \"%s\"", prefix,
			 list->name);
	} else if (!list_has(list, &job->prefix, false)) {
		job_fail(job, OUTCOME_NOT_FOUND, "%s is not in list \"%s\": add it first", prefix,
			 list->name);
	}
	return job->outcome == OUTCOME_OK;
}

void engine_protect(struct engine *engine, struct job *job)
{
	const struct list *list = find_list(engine, job);
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_PROTECT) };
	struct state_entry entry = { .prefix = job->prefix,
				     .author = job->author,
				     .reason = job->reason,
				     .added_at_sec = batch.record.at_sec };
	int err;

	if (!list || !may_protect(list, job))
		return;
	entry.list = list->name;
	entry.action = list->action;
	err = manual_begin(&batch);
	if (!err)
		err = manual_protect(&batch, list->name, list->action, &job->prefix,
				     engine_find_manual(list, &job->prefix) ? NULL : &entry);
	finish(engine, job, err);
}

void engine_unprotect(struct engine *engine, struct job *job)
{
	const struct list *list = find_list(engine, job);
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_UNPROTECT) };
	char prefix[PREFIX_TEXT_BYTES];
	int err;

	if (!list)
		return;
	if (!protections_have(engine->protections, list->name, &job->prefix)) {
		job_fail(job, OUTCOME_NOT_FOUND, "%s is not protected in list \"%s\"",
			 prefix_format(&job->prefix, prefix), list->name);
		return;
	}
	err = manual_begin(&batch);
	if (!err)
		err = manual_unprotect(&batch, list->name, list->action, &job->prefix);
	finish(engine, job, err);
}
