/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undo: a record's changes made the other way round, if all they changed is still as they
 * left it. That is tried within the transaction, the last change first, so that one that
 * cannot be leaves no trace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/record.h"
#include "core/provenance.h"
#include "engine/records.h"
#include "store/history_read.h"

/* ---- what is to be undone ------------------------------------------------- */

/* A change, with strings of its own. */
struct reversal {
	char *list;
	enum action action;
	struct prefix prefix;
	char *was;
	char *now;
};

struct plan {
	struct history_record record; /* strings are of the visit: gone */
	json_t *record_json;
	struct reversal *steps;
	size_t step_count;
	size_t capacity;
	bool removes_allow;
};

static void plan_done(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->step_count; i++) {
		free(plan->steps[i].list);
		free(plan->steps[i].was);
		free(plan->steps[i].now);
	}
	free(plan->steps);
	json_decref(plan->record_json);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int take_change(const struct history_change *change, void *context)
{
	struct plan *plan = context;
	size_t capacity = plan->capacity ? 2 * plan->capacity : 16;
	struct reversal *steps;

	if (!change->prefix)
		return 0;
	if (plan->step_count == plan->capacity) {
		steps = reallocarray(plan->steps, capacity, sizeof(*steps));
		if (!steps)
			return -ENOMEM;
		plan->steps = steps;
		plan->capacity = capacity;
	}
	steps = &plan->steps[plan->step_count++];
	*steps = (struct reversal) { .list = copy(change->list),
				     .action = change->action,
				     .prefix = *change->prefix,
				     .was = copy(change->was),
				     .now = copy(change->now) };
	plan->removes_allow |= change->action == ACTION_ALLOW && !change->was;
	return !steps->list || !steps->was != !change->was || !steps->now != !change->now ? -ENOMEM
											  : 0;
}

struct reading {
	struct state *state;
	struct plan *plan;
};

static int take_record(const struct history_record *record, void *context)
{
	struct reading *reading = context;
	struct plan *plan = reading->plan;

	plan->record = *record;
	plan->record.author = plan->record.via = plan->record.origin = plan->record.reason = NULL;
	return history_record_json(reading->state, record, NULL, &plan->record_json);
}

static void fail_internal(struct engine *engine, struct job *job, int err)
{
	job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed",
		 err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
}

/* Why a record cannot be undone, whatever has happened since. */
static bool is_refused(struct job *job, const struct history_record *record)
{
	const long long id = record->id;

	if (record->event == HISTORY_EXPIRE || record->event == HISTORY_RELOAD ||
	    record->event == HISTORY_FEED || record->event == HISTORY_HELD)
		job_fail(job, OUTCOME_CONFLICT,
			 "record %lld is of the kind %s: only changes by hand can be undone", id,
			 history_event_names[record->event]);
	else if (record->undone_by)
		job_fail(job, OUTCOME_CONFLICT, "record %lld is undone already, by record %lld", id,
			 (long long)record->undone_by);
	return job->outcome != OUTCOME_OK;
}

/* Return: whether there is something to be tried; else the job has failed. */
static bool read_plan(struct engine *engine, struct job *job, struct plan *plan)
{
	struct reading reading = { .state = engine->state, .plan = plan };
	int64_t id = job->record_id;
	int err = id ? 0 : history_last_change(engine->state, &id);

	if (!err && !id) {
		job_fail(job, OUTCOME_NOT_FOUND, "there is no change to undo");
		return false;
	}
	if (!err)
		err = history_find(engine->state, id, take_record, &reading);
	if (err == -ENOENT) {
		job_fail(job, OUTCOME_NOT_FOUND, "the history has no record %lld", (long long)id);
		return false;
	}
	if (!err && is_refused(job, &plan->record))
		return false;
	if (!err)
		err = history_read_changes(engine->state, id, NULL, take_change, plan);
	if (err)
		fail_internal(engine, job, err);
	return !err;
}

/* ---- one change ----------------------------------------------------------- */

static void refuse_step(struct job *job, const struct reversal *step, const char *why)
{
	char prefix[PREFIX_TEXT_BYTES];

	lines_add(&job->details, "%s in list \"%s\": %s", prefix_format(&step->prefix, prefix),
		  step->list, why);
}

/* Whether an entry that is to come back may. */
static bool may_return(struct engine *engine, struct job *job, const struct reversal *step)
{
	const struct list *list = policy_find_list(engine->current->policy, step->list);
	const int64_t expires_sec = manual_image_expiry_sec(step->was);

	if (!list || list->action != step->action)
		refuse_step(job, step, "there is no such list any more");
	else if (list_has(list, &step->prefix, true))
		refuse_step(job, step, "the list excludes it by now");
	else if (expires_sec && expires_sec <= time_now_sec())
		refuse_step(job, step, "it would have expired by now");
	else
		return true;
	return false;
}

/* Say which record stands in the way. */
static int refuse_changed(struct engine *engine, struct job *job, const struct reversal *step,
			  int64_t undo_id)
{
	char why[96];
	int64_t id = 0;
	int err = history_last_of(engine->state, step->list, &step->prefix, &id);

	if (!err && id && id != undo_id)
		snprintf(why, sizeof(why), "it has changed since, last by record %lld",
			 (long long)id);
	else
		snprintf(why, sizeof(why), "it has changed since");
	refuse_step(job, step, why);
	return err;
}

/* Return: 0, also for one that the details say cannot be; -EIO. */
static int undo_step(struct engine *engine, struct job *job, struct manual_batch *batch,
		     const struct reversal *step)
{
	char *image = NULL;
	int err = manual_image(engine->state, step->list, &step->prefix, &image);
	bool is_unchanged;

	if (err)
		return err;
	is_unchanged = image && step->now ? !strcmp(image, step->now) : image == step->now;
	free(image);
	if (!is_unchanged)
		return refuse_changed(engine, job, step, batch->record.id);
	if (step->was && !may_return(engine, job, step))
		return 0;
	return manual_restore(batch, step->list, step->action, &step->prefix, step->was);
}

/* ---- all of them ---------------------------------------------------------- */

static int take_undoes(const struct history_record *record, void *context)
{
	*(int64_t *)context = record->undoes;
	return 0;
}

/* What the record had undone is in effect again; what that had undone is undone again;
 * and so on. */
static int mark(struct engine *engine, const struct history_record *undone, int64_t id)
{
	int64_t undoes = undone->undoes, last = undone->id, next;
	bool is_in_effect = true;
	int err = history_set_undone(engine->state, undone->id, id);

	for (; undoes && !err; is_in_effect = !is_in_effect) {
		err = history_set_undone(engine->state, undoes, is_in_effect ? 0 : last);
		last = undoes;
		next = 0;
		if (!err)
			err = history_find(engine->state, last, take_undoes, &next);
		/* Forgotten by now. */
		if (err == -ENOENT)
			err = 0;
		undoes = next;
	}
	return err;
}

/* Return: 0: all are undone in the transaction that is open; else the job has failed. */
static int try_plan(struct engine *engine, struct job *job, const struct plan *plan,
		    struct manual_batch *batch)
{
	size_t i;
	int err = manual_begin(batch);

	for (i = plan->step_count; i > 0 && !err; i--)
		err = undo_step(engine, job, batch, &plan->steps[i - 1]);
	if (!err)
		err = mark(engine, &plan->record, batch->record.id);
	if (err) {
		fail_internal(engine, job, err);
	} else if (job->details.count) {
		job_fail(job, OUTCOME_CONFLICT, "record %lld cannot be undone: %s%s",
			 (long long)plan->record.id, job->details.items[0],
			 job->details.count > 1 ? ", and more" : "");
		err = -EBUSY;
	}
	if (err)
		state_rollback(engine->state);
	return err;
}

static void answer(struct job *job, const struct plan *plan, const struct manual_batch *batch)
{
	job->answer = json_pack(
	    "{s:O,s:b,s:o,s:I,s:I,s:b}", "undone", plan->record_json, "dry_run", job->is_dry_run,
	    "record", job->is_dry_run ? json_null() : json_integer(batch->record.id), "added",
	    (json_int_t)batch->added_count, "removed", (json_int_t)batch->removed_count,
	    "removes_allow", plan->removes_allow);
}

void engine_undo(struct engine *engine, struct job *job)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_UNDO) };
	char error[DATAPATH_ERROR_BYTES];
	struct plan plan = { 0 };

	if (read_plan(engine, job, &plan)) {
		batch.record.undoes = plan.record.id;
		if (!try_plan(engine, job, &plan, &batch)) {
			if (job->is_dry_run)
				state_rollback(engine->state);
			else if (engine_switch_manual(engine, error))
				job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed", error);
			answer(job, &plan, &batch);
		}
	}
	plan_done(&plan);
}
