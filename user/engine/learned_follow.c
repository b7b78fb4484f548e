/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.db says what is in force; the rows of learn.db follow it. They differ after a crash
 * between the two commits, after an undo, and if learn.db was lost.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "store/learned_rows.h"

/* Rows that say what is not in force. */
struct strangers {
	const struct entry_set *set; /* NULL: nothing is in force */
	struct learned *items;
	size_t count;
};

static const struct entry_set *set_in_force(const struct engine *engine)
{
	const struct list *list =
	    policy_find_list(engine->current->policy, learning_settings(engine)->list);

	return list ? list->sets[SOURCE_LEARNED] : NULL;
}

static bool set_has(const struct entry_set *set, const struct prefix *prefix)
{
	const size_t i = set ? entry_set_lower_bound(set, prefix) : 0;

	return set && i < set->count && !prefix_compare(&set->entries[i].prefix, prefix);
}

static int find_stranger(const struct learned *learned, void *context)
{
	struct strangers *strangers = context;
	struct learned *items;

	if (!learn_state_is_in_force(learned->state) || set_has(strangers->set, &learned->prefix))
		return 0;
	items = reallocarray(strangers->items, strangers->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	strangers->items = items;
	items[strangers->count++] = *learned;
	return 0;
}

/* They were taken out of force, so they are barred. */
static int bar_strangers(struct engine *engine, struct strangers *strangers)
{
	const struct learn_settings *settings = learning_settings(engine);
	const int64_t now_sec = learning_now(engine);
	int err = 0;

	for (size_t i = 0; i < strangers->count && !err; i++) {
		struct learned *learned = &strangers->items[i];

		learn_reject(learned, settings, now_sec);
		learned->cause = LEARN_BY_RECOVERY;
		learned->is_rejected = false;
		learned->next_sec = now_sec + settings->bar_sec;
		err = learned_row_put(engine->learning->store, learned, learned->next_sec);
	}
	return err;
}

static enum learn_rule rule_of(const char *name)
{
	int rule = 0;

	while (rule < LEARN_RULE_COUNT - 1 && strcmp(name, learn_rule_names[rule]) != 0)
		rule++;
	return (enum learn_rule)rule;
}

/* An entry in force gets the row that it should have. Its time without mail begins now. */
static int adopt_entry(struct engine *engine, const struct entry *entry, size_t *adopted)
{
	const struct learn_settings *settings = learning_settings(engine);
	const int64_t now_sec = learning_now(engine);
	struct learned learned = { .prefix = entry->prefix };
	int err = learned_row_find(engine->learning->store, &entry->prefix, &learned);

	if (err && err != -ENOENT)
		return err;
	if (!err && learn_state_is_in_force(learned.state))
		return 0;
	if (err) {
		learned.rule = rule_of(entry->about->origin ? entry->about->origin : "");
		snprintf(learned.why, sizeof(learned.why), "%s",
			 entry->reason ? entry->reason : "");
	}
	learned.state = LEARN_NONE;
	learn_accept(&learned, settings, now_sec);
	learned.cause = LEARN_BY_RECOVERY;
	++*adopted;
	return learned_row_put(engine->learning->store, &learned,
			       learn_due_sec(&learned, settings, now_sec));
}

static int adopt_entries(struct engine *engine, const struct entry_set *set, size_t *adopted)
{
	int err = 0;

	for (size_t i = 0; set && i < set->count && !err; i++)
		err = adopt_entry(engine, &set->entries[i], adopted);
	return err;
}

int learning_count_rows(struct engine *engine)
{
	struct learning *learning = engine->learning;
	const int64_t day = learning_now(engine) / LEARN_DAY_SEC;
	struct learned_row_counts counts;
	uint64_t waiting = 0, entries = 0;
	int err = learned_rows_count(learning->store, day * LEARN_DAY_SEC, &counts);

	if (err)
		return err;
	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++) {
		waiting += counts.of[LEARN_CANDIDATE][rule] + counts.of[LEARN_PROBATION][rule];
		entries += counts.of[LEARN_ACTIVE][rule] + counts.of[LEARN_AT_RISK][rule];
	}
	learning->caps = (struct learn_caps) { .day = day,
					       .entries = entries,
					       .waiting = waiting,
					       .entries_today = counts.entered,
					       .removals_today = counts.removed };
	pthread_mutex_lock(&learning->lock);
	memcpy(learning->counters.entries, counts.of, sizeof(counts.of));
	learning->counters.held = counts.held;
	pthread_mutex_unlock(&learning->lock);
	return 0;
}

static int follow(struct engine *engine, struct strangers *strangers, size_t *adopted)
{
	int err =
	    learned_rows_walk(engine->learning->store, LEARN_NONE, NULL, find_stranger, strangers);

	if (!err)
		err = bar_strangers(engine, strangers);
	if (!err)
		err = adopt_entries(engine, strangers->set, adopted);
	if (!err)
		err = evidence_commit(engine->learning->store);
	return err ? err : learning_count_rows(engine);
}

int learning_follow(struct engine *engine)
{
	struct strangers strangers = { .set = set_in_force(engine) };
	size_t adopted = 0;
	int err = follow(engine, &strangers, &adopted);

	if (err)
		evidence_rollback(engine->learning->store);
	else if (adopted || strangers.count)
		log_warning("learn", "what is in force counts: %zu %s active again, %zu %s barred",
			    adopted, plural(adopted, "address is", "addresses are"),
			    strangers.count,
			    plural(strangers.count, "address is", "addresses are"));
	engine->learning->needs_follow = err != 0;
	free(strangers.items);
	return err;
}
