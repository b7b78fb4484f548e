/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replays the stored evidence day by day, as if the rules had been in use in mode auto. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/internal.h"
#include "engine/learning.h"

/* Changes wait meanwhile. What is not simulated by then is left out. */
#define SIMULATION_SEC 10

struct simulating {
	struct engine *engine;
	struct learn_settings settings;
	int64_t since_sec;
	int64_t now_sec;
	struct learn_simulation result;
	struct prefix *subjects;
	size_t subject_count;
};

static int add_subject(const struct prefix *subject, void *context)
{
	struct simulating *simulating = context;
	const size_t count = simulating->subject_count;
	struct prefix *subjects;

	if (count == LEARN_SIMULATED_MAX) {
		simulating->result.is_truncated = true;
		return 1;
	}
	if (!(count & (count - 1))) {
		subjects =
		    reallocarray(simulating->subjects, count ? 2 * count : 1, sizeof(*subjects));
		if (!subjects)
			return -ENOMEM;
		simulating->subjects = subjects;
	}
	simulating->subjects[simulating->subject_count++] = *subject;
	return 0;
}

/* The messages of the day, while the entry would have been in force. */
static void count_day(const struct learn_facts *facts, int64_t day, struct simulated_entry *entry)
{
	for (size_t i = facts->day_count; i > 0; i--) {
		const struct learn_day *last = &facts->days[i - 1];

		if (last->day != day)
			continue;
		entry->messages_after +=
		    last->counts[EVIDENCE_ACCEPTED] + last->counts[EVIDENCE_HAM];
		entry->spam_after +=
		    last->counts[EVIDENCE_SPAM] + last->counts[EVIDENCE_REPORTED_SPAM];
	}
}

static void note_step(const struct learn_step *step, int64_t now_sec, struct simulated_entry *entry)
{
	if (step->to.state != LEARN_NONE && !entry->candidate_sec) {
		entry->candidate_sec = now_sec;
		entry->rule = step->to.rule;
	}
	if (step->to.state == LEARN_ACTIVE && !entry->active_sec)
		entry->active_sec = now_sec;
	if (step->to.state == LEARN_REMOVED && entry->active_sec && !entry->removed_sec)
		entry->removed_sec = now_sec;
}

static int simulate_subject(struct simulating *simulating, const struct prefix *subject,
			    struct simulated_entry *entry)
{
	struct learned learned = { .prefix = *subject };
	struct learn_step step;

	*entry = (struct simulated_entry) { .prefix = *subject };
	for (int64_t now_sec = simulating->since_sec; now_sec <= simulating->now_sec;
	     now_sec += LEARN_DAY_SEC) {
		struct evidence_facts facts;
		int err = learning_read_facts(simulating->engine, subject, now_sec, &facts);

		if (err)
			return err;
		if (learn_state_is_in_force(learned.state))
			count_day(&facts.facts, now_sec / LEARN_DAY_SEC, entry);
		learn_step(&learned, &facts.facts, &simulating->settings, NULL, now_sec, &step);
		evidence_facts_done(&facts);
		note_step(&step, now_sec, entry);
		learned = step.to;
	}
	return 0;
}

static int simulate_all(struct simulating *simulating)
{
	struct learn_simulation *result = &simulating->result;
	const double end_sec = time_monotonic_sec() + SIMULATION_SEC;
	int err =
	    evidence_walk_good(simulating->engine->learning->store,
			       simulating->since_sec / LEARN_DAY_SEC, add_subject, simulating);

	result->items = calloc(simulating->subject_count + 1, sizeof(*result->items));
	if (err < 0 || !result->items)
		return err < 0 ? err : -ENOMEM;
	err = 0;
	for (size_t i = 0; i < simulating->subject_count && !err; i++) {
		struct simulated_entry *entry = &result->items[result->count];

		if (time_monotonic_sec() > end_sec) {
			result->is_truncated = true;
			break;
		}
		result->address_count++;
		if (learning_refuse(simulating->engine, &simulating->subjects[i]))
			continue;
		err = simulate_subject(simulating, &simulating->subjects[i], entry);
		if (!entry->candidate_sec)
			continue;
		result->count++;
		result->active_count += entry->active_sec != 0;
		result->spam_count += entry->active_sec && entry->spam_after;
	}
	return err;
}

int engine_simulate_learning(struct engine *engine, int64_t since_sec,
			     struct learn_simulation *ret_simulation, struct refusal *refusal)
{
	struct simulating simulating = { .engine = engine };
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	simulating.settings = *learning_settings(engine);
	simulating.settings.is_auto = true;
	simulating.now_sec = learning_now(engine);
	simulating.since_sec = since_sec < simulating.now_sec - simulating.settings.keep_sec
				   ? simulating.now_sec - simulating.settings.keep_sec
				   : since_sec;
	err = simulate_all(&simulating);
	free(simulating.subjects);
	if (err) {
		learn_simulation_done(&simulating.result);
		return err == -ENOMEM ? refusal_set_memory(refusal)
				      : learning_refuse_failed(engine, refusal);
	}
	*ret_simulation = simulating.result;
	return 0;
}

void learn_simulation_done(struct learn_simulation *simulation)
{
	free(simulation->items);
	*simulation = (struct learn_simulation) { 0 };
}
