/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Undo: reverts the changes of a record, if no affected entry has changed since. It works
 * within a transaction, last change first, so an undo that fails leaves no trace. */
#include "engine/undo.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/records.h"
#include "store/history_read.h"
#include "store/learned_entries.h"
#include "store/manual.h"

/* ---- what is to be undone ------------------------------------------------- */

/* A change, with strings of its own. */
struct reversal {
	char *list;
	enum action action;
	enum source source; /* SOURCE_LEARNED, or else manual */
	struct prefix prefix;
	char *was;
	char *now;
};

/* The steps are in the order of the changes, so they are undone from the end. */
struct plan {
	const struct undo_records *records;
	struct history_record record; /* the only one, or the last; its strings are gone */
	struct reversal *steps;
	size_t step_count;
	size_t capacity;
	size_t skipped_count;
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
}

static bool plan_has(const struct plan *plan, const struct history_change *change)
{
	for (size_t i = 0; i < plan->step_count; i++)
		if (!prefix_compare(&plan->steps[i].prefix, change->prefix) &&
		    !strcmp(plan->steps[i].list, change->list))
			return true;
	return false;
}

/* What another host had returns as an entry of this one, unless this one had it, too. */
static int plan_take_change(const struct history_change *change, void *context)
{
	struct plan *plan = context;
	size_t capacity = plan->capacity ? 2 * plan->capacity : 16;
	struct reversal *steps;

	if (!change->prefix || (change->source == SOURCE_FLEET && plan_has(plan, change)))
		return 0;
	if (plan->step_count == plan->capacity) {
		steps = reallocarray(plan->steps, capacity, sizeof(*steps));
		if (!steps)
			return -ENOMEM;
		plan->steps = steps;
		plan->capacity = capacity;
	}
	steps = &plan->steps[plan->step_count++];
	*steps = (struct reversal) { .list = text_copy(change->list),
				     .action = change->action,
				     .source = change->source,
				     .prefix = *change->prefix,
				     .was = text_copy(change->was),
				     .now = text_copy(change->now) };
	plan->removes_allow |= change->action == ACTION_ALLOW && !change->was;
	return !steps->list || !steps->was != !change->was || !steps->now != !change->now ? -ENOMEM
											  : 0;
}

static int plan_take_record(const struct history_record *record, void *context)
{
	struct history_record *ret_record = context;

	*ret_record = *record;
	ret_record->author = ret_record->via = ret_record->origin = ret_record->reason = NULL;
	return 0;
}

static int refuse_failed(const struct engine *engine, int err, struct refusal *refusal)
{
	return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
			   err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
}

/* Find a record of a kind that can be undone. */
static int find_record(const struct engine *engine, int64_t id, struct history_record *ret_record,
		       struct refusal *refusal)
{
	int err = history_find(engine->state, id, plan_take_record, ret_record);

	if (err == -ENOENT)
		return refusal_set(refusal, OUTCOME_NOT_FOUND, "the history has no record %lld",
				   (long long)id);
	if (err)
		return refuse_failed(engine, err, refusal);
	if (ret_record->event == HISTORY_EXPIRE || ret_record->event == HISTORY_RETURN ||
	    ret_record->event == HISTORY_RELOAD || ret_record->event == HISTORY_FEED ||
	    ret_record->event == HISTORY_DOMAIN || ret_record->event == HISTORY_DETACH ||
	    ret_record->event == HISTORY_RESCUE || ret_record->event == HISTORY_FLEET ||
	    ret_record->event == HISTORY_HELD)
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "record %lld is of kind %s: only changes of manual and learned "
				   "entries can be undone",
				   (long long)id, history_event_names[ret_record->event]);
	if (ret_record->undone_by)
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "record %lld has already been undone by record %lld",
				   (long long)id, (long long)ret_record->undone_by);
	return 0;
}

int engine_find_undoable(const struct engine *engine, int64_t id, int64_t *ret_id,
			 struct refusal *refusal)
{
	struct history_record record;
	int err = id ? 0 : history_last_change(engine->state, &id);

	if (err)
		return refuse_failed(engine, err, refusal);
	if (!id)
		return refusal_set(refusal, OUTCOME_NOT_FOUND,
				   "there is no change to manual entries to undo; "
				   "`ipwlctl undo RECORD' undoes one to learned entries");
	err = find_record(engine, id, &record, refusal);
	if (!err)
		*ret_id = id;
	return err;
}

static int plan_read(const struct engine *engine, struct plan *plan, struct refusal *refusal)
{
	for (size_t i = plan->records->count; i > 0; i--) {
		const int64_t id = plan->records->ids[i - 1];
		int err = find_record(engine, id, &plan->record, refusal);

		if (err)
			return err;
		err = history_read_changes(engine->state, id, NULL, plan_take_change, plan);
		if (err)
			return refuse_failed(engine, err, refusal);
	}
	return 0;
}

/* ---- many records ---------------------------------------------------------- */

struct span_reading {
	const struct undo_span *span;
	struct undo_records records;
};

static int span_take_record(const struct history_record *record, void *context)
{
	struct span_reading *reading = context;
	const char *author = reading->span->author;
	const bool is_change = record->event == HISTORY_ADD || record->event == HISTORY_DELETE ||
			       record->event == HISTORY_IMPORT ||
			       record->event == HISTORY_PROTECT ||
			       record->event == HISTORY_UNPROTECT;
	int64_t *ids;

	if (!is_change || record->undone_by ||
	    (author && (!record->author || strcmp(record->author, author) != 0)))
		return 0;
	ids = reallocarray(reading->records.ids, reading->records.count + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	reading->records.ids = ids;
	ids[reading->records.count++] = record->id;
	return 0;
}

int engine_find_span(const struct engine *engine, const struct undo_span *span,
		     struct undo_records *ret_records, struct refusal *refusal)
{
	const struct history_filter filter = {
		.since_sec = span->since_sec,
		.before_id = span->through_id ? span->through_id + 1 : 0,
		.limit = INT64_MAX,
	};
	struct span_reading reading = { .span = span };
	int err = history_read(engine->state, &filter, span_take_record, &reading);

	if (err)
		refuse_failed(engine, err, refusal);
	else if (!reading.records.count)
		refusal_set(refusal, OUTCOME_NOT_FOUND, "there is no change to undo since then%s%s",
			    span->author ? " by " : "", span->author ? span->author : "");
	if (err || !reading.records.count) {
		undo_records_done(&reading.records);
		return -ECANCELED;
	}
	*ret_records = reading.records;
	return 0;
}

void undo_records_done(struct undo_records *records)
{
	free(records->ids);
	*records = (struct undo_records) { 0 };
}

/* ---- one change ----------------------------------------------------------- */

static void refuse_step(struct refusal *refusal, const struct reversal *step, const char *why)
{
	char prefix[PREFIX_TEXT_BYTES];

	lines_add(&refusal->details, "%s in list \"%s\": %s", prefix_format(&step->prefix, prefix),
		  step->list, why);
}

static int step_image(const struct engine *engine, const struct reversal *step, char **ret_image)
{
	return step->source == SOURCE_LEARNED
		   ? learned_entry_image(engine->state, &step->prefix, ret_image)
		   : manual_image(engine->state, step->list, &step->prefix, ret_image);
}

static int step_restore(struct manual_batch *batch, const struct reversal *step, const char *was)
{
	return step->source == SOURCE_LEARNED
		   ? learned_entry_restore(batch, step->list, &step->prefix, was)
		   : manual_restore(batch, step->list, step->action, &step->prefix, was);
}

/* Learned entries belong to one list, which may be another by now. */
static bool has_list(const struct engine *engine, const struct reversal *step)
{
	const struct list *list = policy_find_list(engine->current->policy, step->list);
	const struct learn_settings *learn = &engine->current->config->learn;

	if (!list || list->action != step->action)
		return false;
	return step->source != SOURCE_LEARNED || (learn->is_on && !strcmp(learn->list, step->list));
}

static bool has_expired(const char *image)
{
	const int64_t expires_sec = image ? manual_image_expiry_sec(image) : 0;

	return expires_sec && expires_sec <= time_now_sec();
}

/* Whether an entry that is to come back may. */
static bool may_return(const struct engine *engine, const struct reversal *step,
		       struct refusal *refusal)
{
	const struct list *list = policy_find_list(engine->current->policy, step->list);

	if (!has_list(engine, step))
		refuse_step(refusal, step,
			    step->source == SOURCE_LEARNED
				? "the list no longer receives learned entries"
				: "the list is no longer configured");
	else if (list_has(list, &step->prefix, true))
		refuse_step(refusal, step, "the list now excludes it");
	else if (has_expired(step->was))
		refuse_step(refusal, step, "it would already have expired");
	else
		return true;
	return false;
}

/* Say which record stands in the way. */
static int refuse_changed(const struct engine *engine, const struct reversal *step, int64_t undo_id,
			  struct refusal *refusal)
{
	char why[96];
	int64_t id = 0;
	int err = history_last_of(engine->state, step->list, &step->prefix, &id);

	if (!err && id && id != undo_id)
		snprintf(why, sizeof(why), "it has changed since, most recently by record %lld",
			 (long long)id);
	else
		snprintf(why, sizeof(why), "it has changed since");
	refuse_step(refusal, step, why);
	return err;
}

/* Whether the entry is as the change left it, or has expired since, which @ret_is_gone says.
 * Return: 0 or -EIO. */
static int compare_image(const struct engine *engine, const struct reversal *step,
			 bool passes_expired, bool *ret_is_unchanged, bool *ret_is_gone)
{
	char *image = NULL;
	int err = step_image(engine, step, &image);

	if (err)
		return err;
	*ret_is_unchanged = image && step->now ? !strcmp(image, step->now) : image == step->now;
	*ret_is_gone = passes_expired && !image && has_expired(step->now);
	free(image);
	return 0;
}

/* Return: 0, also if the change cannot be undone and the details say why; -EIO. */
static int undo_step(const struct engine *engine, struct plan *plan, struct manual_batch *batch,
		     const struct reversal *step, struct refusal *refusal)
{
	const bool is_one_of_many = plan->step_count > 1;
	const char *was = step->was;
	bool is_unchanged, is_gone;
	int err = compare_image(engine, step, is_one_of_many, &is_unchanged, &is_gone);

	if (err)
		return err;
	if (!is_unchanged && !is_gone)
		return refuse_changed(engine, step, batch->record.id, refusal);
	if (is_one_of_many && (is_gone || has_expired(was)))
		plan->skipped_count++;
	if (is_one_of_many && has_expired(was))
		was = NULL;
	if (was && !may_return(engine, step, refusal))
		return 0;
	if (!was && (is_gone || !step->now))
		return 0;
	return step_restore(batch, step, was);
}

/* ---- all of them ---------------------------------------------------------- */

static int take_undoes(const struct history_record *record, void *context)
{
	*(int64_t *)context = record->undoes;
	return 0;
}

/* What the record had undone is in effect again; what that had undone is undone again;
 * and so on. */
static int mark_undone(const struct engine *engine, const struct history_record *undone, int64_t id)
{
	int64_t undoes = undone->undoes, last = undone->id, next;
	bool is_in_effect = true;
	int err = history_set_undone(engine->state, undone->id, id);

	/* This undo had reverted several records at once. */
	if (!err && undone->event == HISTORY_UNDO && !undone->undoes)
		return history_clear_undone(engine->state, undone->id);
	for (; undoes; is_in_effect = !is_in_effect) {
		if (err)
			return err;
		err = history_set_undone(engine->state, undoes, is_in_effect ? 0 : last);
		if (err)
			return err;
		last = undoes;
		next = 0;
		err = history_find(engine->state, last, take_undoes, &next);
		/* Forgotten by now. */
		if (err == -ENOENT)
			err = 0;
		undoes = next;
	}
	return err;
}

static int plan_mark_undone(const struct engine *engine, const struct plan *plan, int64_t id)
{
	if (plan->records->count == 1)
		return mark_undone(engine, &plan->record, id);
	for (size_t i = 0; i < plan->records->count; i++) {
		int err = history_set_undone(engine->state, plan->records->ids[i], id);

		if (err)
			return err;
	}
	return 0;
}

/* Return: 0, also if a step is not possible and the details say why; -errno. */
static int plan_try_steps(const struct engine *engine, struct plan *plan,
			  struct manual_batch *batch, struct refusal *refusal)
{
	int err = manual_begin(batch);

	if (err)
		return err;
	for (size_t i = plan->step_count; i > 0; i--) {
		err = undo_step(engine, plan, batch, &plan->steps[i - 1], refusal);
		if (err)
			return err;
	}
	return plan_mark_undone(engine, plan, batch->record.id);
}

/* Return: 0: all are undone in the transaction that is open; else it is rolled back. */
static int plan_try(const struct engine *engine, struct plan *plan, struct manual_batch *batch,
		    struct refusal *refusal)
{
	int err = plan_try_steps(engine, plan, batch, refusal);

	if (!err && !refusal->details.count &&
	    (plan->skipped_count < plan->step_count || !plan->step_count))
		return 0;
	if (err)
		refuse_failed(engine, err, refusal);
	else if (!refusal->details.count)
		refusal_set(refusal, OUTCOME_CONFLICT, "%s would already have expired",
			    plural(plan->skipped_count, "the entry", "all entries"));
	else if (plan->records->count > 1)
		refusal_set(refusal, OUTCOME_CONFLICT, "%zu records cannot be undone: %s%s",
			    plan->records->count, refusal->details.items[0],
			    refusal->details.count > 1 ? ", and more" : "");
	else
		refusal_set(refusal, OUTCOME_CONFLICT, "record %lld cannot be undone: %s%s",
			    (long long)plan->record.id, refusal->details.items[0],
			    refusal->details.count > 1 ? ", and more" : "");
	state_rollback(engine->state);
	return -ECANCELED;
}

static int plan_carry_out(struct engine *engine, struct plan *plan, struct manual_batch *batch,
			  bool is_dry_run, struct refusal *refusal)
{
	char error[DATAPATH_ERROR_BYTES];
	int err = plan_try(engine, plan, batch, refusal);

	if (err)
		return err;
	if (is_dry_run)
		state_rollback(engine->state);
	else if (engine_switch_manual(engine, error))
		return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed", error);
	else
		engine->learning->needs_follow = true;
	return 0;
}

int engine_undo(struct engine *engine, const struct deed *by, const struct undo_records *records,
		bool is_dry_run, struct undo_result *ret_result, struct refusal *refusal)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_UNDO) };
	struct plan plan = { .records = records };
	int err = plan_read(engine, &plan, refusal);

	if (!err) {
		batch.record.undoes = records->count == 1 ? records->ids[0] : 0;
		err = plan_carry_out(engine, &plan, &batch, is_dry_run, refusal);
	}
	if (!err)
		*ret_result = (struct undo_result) { .record_id = is_dry_run ? 0 : batch.record.id,
						     .skipped_count = plan.skipped_count,
						     .added_count = batch.added_count,
						     .removed_count = batch.removed_count,
						     .removes_allow = plan.removes_allow };
	plan_done(&plan);
	return err;
}
