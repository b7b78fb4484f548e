/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which domains are partners, and carries out what an administrator decides. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "engine/fleet_evidence.h"
#include "engine/internal.h"
#include "engine/learning.h"

struct domains_review {
	struct engine *engine;
	const struct learn_settings *settings;
	struct learn_settings limits; /* with those of domains in the place of those of addresses */
	struct learn_caps caps;
	int64_t now_sec;
	struct lines names;
	struct learned_change *changes;
	size_t change_count;
	size_t held_count;
};

/* ---- which --------------------------------------------------------------------------- */

static int add_name(const char *name, void *context)
{
	lines_add(context, "%s", name);
	return 0;
}

static int add_domain(const struct learn_domain *domain, int64_t last_day, size_t address_count,
		      void *context)
{
	(void)last_day;
	(void)address_count;
	return add_name(domain->name, context);
}

static int64_t window_begin(const struct domains_review *review)
{
	return (review->now_sec - review->settings->partner.window_sec) / LEARN_DAY_SEC;
}

/* Those that are learned are looked at when their time has come, and each day. Some may be named
 * twice. */
static int find_names(struct domains_review *review)
{
	struct learning *learning = review->engine->learning;
	const int64_t day = review->now_sec / LEARN_DAY_SEC;
	const bool looks_at_all =
	    learning->reviews_domains || learning->looked_at_domains_day != day;
	int err = learning->reviews_domains
		      ? evidence_walk_domains(learning->store, window_begin(review), NULL,
					      add_domain, &review->names)
		      : evidence_walk_touched_domains(learning->store, add_name, &review->names);

	for (size_t i = 0; i < learning->domain_count && !err; i++) {
		const struct learned *domain = &learning->domains[i];

		if (looks_at_all ||
		    learn_due_sec(domain, review->settings, review->now_sec) <= review->now_sec)
			lines_add(&review->names, "%s", domain->domain);
	}
	return err;
}

/* ---- what becomes of them -------------------------------------------------------------- */

static bool is_reviewed(const struct domains_review *review, const char *name)
{
	for (size_t i = 0; i < review->change_count; i++)
		if (!strcmp(review->changes[i].was.domain, name))
			return true;
	return false;
}

static int review_domain(struct domains_review *review, const char *name)
{
	struct engine *engine = review->engine;
	struct learned_change *change = &review->changes[review->change_count];
	struct learn_domain sent = { 0 };
	struct learn_step step;
	size_t address_count = 0;
	int64_t last_day = 0;
	int err = learning_find_domain(engine, name, &sent, &last_day, &address_count);

	if (err && err != -ENOENT)
		return err;
	*change = (struct learned_change) { .was = learned_domain_find(engine, name) };
	memcpy(sent.name, change->was.domain, sizeof(sent.name));
	learn_step_domain(&change->was, &sent, last_day * LEARN_DAY_SEC, review->settings,
			  learned_domain_refuse(engine, name), review->now_sec, &step);
	review->held_count +=
	    learn_caps_hold(&review->caps, &review->limits, &change->was, &step) != LEARN_CAP_NONE;
	change->to = step.to;
	change->notice = step.notice;
	review->change_count += step.is_changed && !is_reviewed(review, name);
	return 0;
}

static int review_domains(struct domains_review *review)
{
	int err = 0;

	review->changes = calloc(review->names.count + 1, sizeof(*review->changes));
	if (!review->changes)
		return -ENOMEM;
	for (size_t i = 0; i < review->names.count && !err; i++)
		err = review_domain(review, review->names.items[i]);
	return err;
}

static void set_limits(struct domains_review *review)
{
	const struct learning *learning = review->engine->learning;
	const int64_t day = review->now_sec / LEARN_DAY_SEC;
	struct learn_caps *caps = &review->caps;

	review->limits = *review->settings;
	review->limits.max_entries = review->settings->partner.max_domains;
	review->limits.max_entries_day = review->settings->partner.max_domains_day;
	caps->day = day;
	for (size_t i = 0; i < learning->domain_count; i++) {
		const struct learned *domain = &learning->domains[i];

		caps->entries += learn_state_is_in_force(domain->state);
		caps->waiting +=
		    domain->state == LEARN_CANDIDATE || domain->state == LEARN_PROBATION;
		caps->entries_today += domain->added_sec >= day * LEARN_DAY_SEC;
		caps->removals_today +=
		    domain->state == LEARN_REMOVED && domain->since_sec >= day * LEARN_DAY_SEC;
	}
}

static void tell(struct domains_review *review, const char *held)
{
	struct learning *learning = review->engine->learning;
	const int64_t day = review->now_sec / LEARN_DAY_SEC;

	for (size_t i = 0; i < review->change_count; i++)
		learning_tell(&review->changes[i]);
	if (review->held_count && learning->told_domains_day != day) {
		learning->told_domains_day = day;
		log_warning("learn",
			    "a limit of partner domains is reached (learn.partner.max_domains, "
			    "max_domains_day, learn.max_removals_day): %zu %s held until the next "
			    "day; `ipwlctl learn accept' and `reject' are not limited",
			    review->held_count,
			    plural(review->held_count, "change is", "changes are"));
	}
	if (held)
		log_warning("learn", "removals are held: %s; `ipwlctl learn reject' removes them",
			    held);
}

static int carry_out(struct domains_review *review, struct refusal *refusal)
{
	struct engine *engine = review->engine;
	char *held = NULL;
	int err = find_names(review);

	if (!err)
		err = review_domains(review);
	if (err)
		return err == -ENOMEM ? refusal_set_memory(refusal)
				      : learning_refuse_failed(engine, refusal);
	if (review->change_count)
		err = learned_domains_change(engine, NULL, review->changes, review->change_count,
					     &held, refusal);
	if (!err) {
		tell(review, held);
		engine->learning->reviews_domains = false;
		engine->learning->looked_at_domains_day = review->now_sec / LEARN_DAY_SEC;
	}
	free(held);
	return err;
}

int learned_domains_review(struct engine *engine, int64_t now_sec, struct refusal *refusal)
{
	struct domains_review review = { .engine = engine,
					 .settings = learning_settings(engine),
					 .now_sec = now_sec };
	int err;

	if (!engine->learning->are_domains_read)
		return 0;
	set_limits(&review);
	err = carry_out(&review, refusal);
	if (!err)
		fleet_evidence_say_domains(engine, &review.names);
	lines_done(&review.names);
	free(review.changes);
	return err;
}

/* ---- the administrator ----------------------------------------------------------------- */

/* Return: whether it is to be changed. Otherwise the line says why not. */
static bool decide(const struct engine *engine, enum learn_deed deed, const char *name,
		   struct learned_change *change, struct lines *unchanged)
{
	const struct learn_settings *settings = learning_settings(engine);
	const char *never = learned_domain_refuse(engine, name);

	*change = (struct learned_change) { .was = learned_domain_find(engine, name) };
	change->to = change->was;
	if (deed == LEARN_REJECT) {
		learn_reject(&change->to, settings, learning_now(engine));
		return true;
	}
	if (deed == LEARN_FORGET) {
		change->to.state = LEARN_NONE;
		change->to.cause = LEARN_BY_PERSON;
		return true;
	}
	if (never)
		lines_add(unchanged, "%s: it is never learned: %s", name, never);
	else if (change->was.state == LEARN_NONE)
		lines_add(unchanged,
			  "%s: it is not learned; `domains: [spf:%s]' in the configuration lists "
			  "it",
			  name, name);
	else if (change->was.state == LEARN_ACTIVE && !change->was.is_held)
		lines_add(unchanged, "%s: it is already in force", name);
	else
		learn_accept(&change->to, settings, learning_now(engine));
	return change->to.since_sec != change->was.since_sec ||
	       change->to.state != change->was.state;
}

int engine_learn_domains(struct engine *engine, const struct deed *by, enum learn_deed deed,
			 char *const *domains, size_t count, struct learn_changed *ret_changed,
			 struct refusal *refusal)
{
	struct learn_changed changed = { 0 };
	struct learned_change *changes;
	char *held = NULL;
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	changes = calloc(count + 1, sizeof(*changes));
	if (!changes)
		return refusal_set_memory(refusal);
	for (size_t i = 0; i < count; i++) {
		bool is_repeated = false;

		for (size_t j = 0; j < i; j++)
			is_repeated |= !strcmp(domains[j], domains[i]);
		if (!is_repeated)
			changed.changed_count +=
			    decide(engine, deed, domains[i], &changes[changed.changed_count],
				   &changed.unchanged);
	}
	if (changed.changed_count)
		err = learned_domains_change(engine, by, changes, changed.changed_count, &held,
					     refusal);
	if (err)
		lines_done(&changed.unchanged);
	else
		*ret_changed = changed;
	free(held);
	free(changes);
	return err;
}
