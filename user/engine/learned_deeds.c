/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an administrator decides about learned addresses. Limits and guards do not hold it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/internal.h"
#include "engine/learning.h"
#include "learn/never.h"
#include "store/learned_rows.h"

struct deciding {
	struct engine *engine;
	enum learn_deed deed;
	struct learned_change *changes;
	size_t count;
	struct lines unchanged;
};

static bool is_subject(const struct prefix *prefix)
{
	return prefix->family == FAMILY_IPV4 ? prefix->len == 32
					     : prefix->len == 64 || prefix->len == 128;
}

static void leave_unchanged(struct deciding *deciding, const struct prefix *subject,
			    const char *why, const char *what)
{
	char text[PREFIX_TEXT_BYTES];

	lines_add(&deciding->unchanged, "%s: %s%s", prefix_format_short(subject, text), why, what);
}

/* Return: whether it is to be changed. */
static bool decide_accept(struct deciding *deciding, struct learned_change *change)
{
	const char *never = learning_refuse(deciding->engine, &change->was.prefix);

	if (never)
		leave_unchanged(deciding, &change->was.prefix, "it is never learned: ", never);
	else if (change->was.state == LEARN_NONE)
		leave_unchanged(deciding, &change->was.prefix,
				"it is not learned; `ipwlctl add' lists it", "");
	else if (change->was.state == LEARN_ACTIVE && !change->was.is_held)
		leave_unchanged(deciding, &change->was.prefix, "it is already in force", "");
	else
		return true;
	return false;
}

/* Return: 1: it is to be changed; 0: the lines say why not; -errno. */
static int decide(struct deciding *deciding, const struct prefix *subject)
{
	struct engine *engine = deciding->engine;
	struct learned_change *change = &deciding->changes[deciding->count];
	const struct learn_settings *settings = learning_settings(engine);
	int err;

	*change = (struct learned_change) { .was = { .prefix = *subject } };
	err = learned_row_find(engine->learning->store, subject, &change->was);
	if (err && err != -ENOENT)
		return err;
	change->to = change->was;
	if (deciding->deed == LEARN_ACCEPT) {
		if (!decide_accept(deciding, change))
			return 0;
		learn_accept(&change->to, settings, learning_now(engine));
	} else if (deciding->deed == LEARN_REJECT) {
		learn_reject(&change->to, settings, learning_now(engine));
	} else {
		change->to.state = LEARN_NONE;
		change->to.cause = LEARN_BY_PERSON;
		change->forgets = true;
	}
	return 1;
}

/* A subject that is named twice is changed once. */
static bool is_decided(const struct deciding *deciding, const struct prefix *subject)
{
	for (size_t i = 0; i < deciding->count; i++)
		if (!prefix_compare(&deciding->changes[i].was.prefix, subject))
			return true;
	return false;
}

static int decide_all(struct deciding *deciding, const struct prefix *subjects, size_t count,
		      struct refusal *refusal)
{
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++) {
		const struct prefix subject = learn_subject(&subjects[i]);
		int done;

		if (!is_subject(&subjects[i]))
			return refusal_set(refusal, OUTCOME_INVALID,
					   "%s is not an address: only addresses and IPv6 /64 are "
					   "learned",
					   prefix_format(&subjects[i], text));
		if (is_decided(deciding, &subject))
			continue;
		done = decide(deciding, &subject);
		if (done < 0)
			return learning_refuse_failed(deciding->engine, refusal);
		deciding->count += (size_t)done;
	}
	return 0;
}

int engine_learn(struct engine *engine, const struct deed *by, enum learn_deed deed,
		 const struct prefix *subjects, size_t count, struct learn_changed *ret_changed,
		 struct refusal *refusal)
{
	struct deciding deciding = { .engine = engine, .deed = deed };
	char *held = NULL;
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	deciding.changes = calloc(count + 1, sizeof(*deciding.changes));
	if (!deciding.changes)
		return refusal_set_memory(refusal);
	err = decide_all(&deciding, subjects, count, refusal);
	if (!err && deciding.count)
		err = learning_change(engine, by, deciding.changes, deciding.count, &held, refusal);
	if (!err && learning_count_rows(engine))
		engine->learning->needs_follow = true;
	if (err)
		lines_done(&deciding.unchanged);
	else
		*ret_changed = (struct learn_changed) { .changed_count = deciding.count,
							.unchanged = deciding.unchanged };
	free(held);
	free(deciding.changes);
	return err;
}
