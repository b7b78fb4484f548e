/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The review: looks only at addresses with new evidence and at those whose time has come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "engine/fleet_evidence.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "store/learned_rows.h"
#include "store/protections.h"

/* A step takes some ten milliseconds, so a change that waits for it is hardly delayed. */
#define STEP_SUBJECTS 500

struct review {
	struct engine *engine;
	const struct learn_settings *settings;
	int64_t now_sec;
	struct prefix subjects[2 * STEP_SUBJECTS];
	size_t subject_count;
	bool is_complete;
	struct learned_change changes[2 * STEP_SUBJECTS];
	size_t change_count;
	size_t held[LEARN_CAP_COUNT];
};

/* ---- which ------------------------------------------------------------------------------- */

static int compare_subjects(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static int find_subjects(struct review *review)
{
	struct evidence_store *store = review->engine->learning->store;
	size_t touched = 0, due = 0, kept = 0;
	int err = evidence_touch_domains(store);

	if (!err)
		err = evidence_read_touched(store, STEP_SUBJECTS, review->subjects, &touched);
	if (!err)
		err = learned_rows_read_due(store, review->now_sec, STEP_SUBJECTS,
					    review->subjects + touched, &due);
	if (err)
		return err;
	review->is_complete = touched < STEP_SUBJECTS && due < STEP_SUBJECTS;
	qsort(review->subjects, touched + due, sizeof(*review->subjects), compare_subjects);
	for (size_t i = 0; i < touched + due; i++)
		if (!kept || prefix_compare(&review->subjects[kept - 1], &review->subjects[i]) != 0)
			review->subjects[kept++] = review->subjects[i];
	review->subject_count = kept;
	return 0;
}

/* ---- what becomes of them -------------------------------------------------------------------- */

static int review_subject(struct review *review, const struct prefix *subject)
{
	struct evidence_store *store = review->engine->learning->store;
	struct learned_change *change = &review->changes[review->change_count];
	struct evidence_facts facts;
	struct learn_step step;
	enum learn_cap cap;
	int err;

	*change = (struct learned_change) { .was = { .prefix = *subject } };
	err = learned_row_find(store, subject, &change->was);
	if (err && err != -ENOENT)
		return err;
	err = learning_read_facts(review->engine, subject, review->now_sec, &facts);
	if (err)
		return err;
	learn_step(&change->was, &facts.facts, review->settings,
		   learning_refuse(review->engine, subject), review->now_sec, &step);
	evidence_facts_done(&facts);
	if (learn_step_is_by_name(&change->was, &step) &&
	    protections_have(review->engine->protections, review->settings->list, subject))
		learn_step_spare(&change->was, &step);
	cap =
	    learn_caps_hold(&review->engine->learning->caps, review->settings, &change->was, &step);
	review->held[cap]++;
	change->to = step.to;
	change->notice = step.notice;
	/* Also those that stay what they are: they are no longer touched. */
	review->change_count++;
	return 0;
}

static int review_subjects(struct review *review)
{
	int err = 0;

	learn_caps_set_day(&review->engine->learning->caps, review->now_sec);
	for (size_t i = 0; i < review->subject_count && !err; i++)
		err = review_subject(review, &review->subjects[i]);
	return err;
}

/* ---- what is said of it ----------------------------------------------------------------- */

/* Each limit is told once a day. */
static void tell_caps(struct review *review)
{
	struct learning *learning = review->engine->learning;
	const int64_t day = review->now_sec / LEARN_DAY_SEC;

	for (int cap = LEARN_CAP_NONE + 1; cap < LEARN_CAP_COUNT; cap++) {
		const size_t count = review->held[cap];

		if (!count || learning->told_day[cap] == day)
			continue;
		learning->told_day[cap] = day;
		log_warning("learn",
			    "learn.%s is reached: %zu %s held until the next day; `ipwlctl learn "
			    "accept' and `reject' are not limited",
			    learn_cap_names[cap], count, plural(count, "change is", "changes are"));
	}
}

static void tell(struct review *review, const char *held)
{
	for (size_t i = 0; i < review->change_count; i++)
		learning_tell(&review->changes[i]);
	tell_caps(review);
	if (held)
		log_warning("learn", "removals are held: %s; `ipwlctl learn reject' removes them",
			    held);
}

/* ---- a step
 * -------------------------------------------------------------------------------------- */

/* Once a day, by the time that counts: a clock that is ahead forgets nothing. */
static int prune(struct review *review)
{
	struct learning *learning = review->engine->learning;
	const int64_t day = review->now_sec / LEARN_DAY_SEC;
	int err;

	if (learning->pruned_day == day)
		return 0;
	err = evidence_prune(learning->store,
			     (review->now_sec - review->settings->keep_sec) / LEARN_DAY_SEC,
			     review->now_sec);
	if (!err)
		learning->pruned_day = day;
	return err;
}

static int carry_out(struct review *review, struct refusal *refusal)
{
	struct evidence_store *store = review->engine->learning->store;
	char *held = NULL;
	int err = prune(review);

	if (!err)
		err = fleet_evidence_touch_daily(review->engine);
	if (!err && learned_domains_review(review->engine, review->now_sec, refusal))
		return -ECANCELED;
	if (!err)
		err = find_subjects(review);
	if (!err)
		err = review_subjects(review);
	if (err) {
		evidence_rollback(store);
		learning_count_rows(review->engine);
		return learning_refuse_failed(review->engine, refusal);
	}
	err = learning_change(review->engine, NULL, review->changes, review->change_count, &held,
			      refusal);
	if (!err) {
		tell(review, held);
		fleet_evidence_say(review->engine, review->subjects, review->subject_count);
	}
	free(held);
	/* The caps counted what may have been held or failed since. */
	if (learning_count_rows(review->engine))
		return err ? err : learning_refuse_failed(review->engine, refusal);
	return err;
}

bool engine_review_learned(struct engine *engine)
{
	struct review *review = calloc(1, sizeof(*review));
	struct refusal refusal = { 0 };
	bool is_complete = true;

	if (review && !learning_ready(engine, &refusal)) {
		review->engine = engine;
		review->settings = learning_settings(engine);
		review->now_sec = learning_now(engine);
		if (!carry_out(review, &refusal))
			is_complete = review->is_complete;
	}
	if (refusal.outcome == OUTCOME_INTERNAL && !engine->learning->is_failing)
		log_error("learn", "%s", refusal.message ? refusal.message : strerror(ENOMEM));
	refusal_done(&refusal);
	free(review);
	return is_complete;
}
