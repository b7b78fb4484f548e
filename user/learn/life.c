/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each state says what follows it. */
#include "learn/life.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn/organisation.h"

const char *const learn_state_names[LEARN_STATE_COUNT] = {
	[LEARN_NONE] = "none",	   [LEARN_CANDIDATE] = "candidate", [LEARN_PROBATION] = "probation",
	[LEARN_ACTIVE] = "active", [LEARN_AT_RISK] = "at_risk",	    [LEARN_REMOVED] = "removed",
};

const char *const learn_cause_names[LEARN_CAUSE_COUNT] = {
	[LEARN_BY_RULE] = "rule",	  [LEARN_BY_TIME] = "time",
	[LEARN_BY_PERSON] = "person",	  [LEARN_BY_SCORE] = "score",
	[LEARN_BY_IDLENESS] = "idle",	  [LEARN_BY_COMPLAINTS] = "complaints",
	[LEARN_BY_NAME] = "reverse-name", [LEARN_BY_NEVER] = "never",
	[LEARN_BY_RECOVERY] = "recovery",
};

/* What a sender in force is worth that still sends good mail, though no rule is met. */
#define RENEWAL_SCORE 0.75
/* A score that changes by less is not stored. */
#define SCORE_STEP 0.05

bool learned_is_domain(const struct learned *learned)
{
	return !learned->prefix.len;
}

bool learn_state_is_in_force(enum learn_state state)
{
	return state == LEARN_ACTIVE || state == LEARN_AT_RISK;
}

enum learn_state learn_next_state(enum learn_state state)
{
	static const enum learn_state next[LEARN_STATE_COUNT] = {
		[LEARN_CANDIDATE] = LEARN_PROBATION,
		[LEARN_PROBATION] = LEARN_ACTIVE,
		[LEARN_ACTIVE] = LEARN_AT_RISK,
		[LEARN_AT_RISK] = LEARN_REMOVED,
	};

	return next[state];
}

int64_t learn_clock(int64_t now_sec, int64_t newest_evidence_sec)
{
	const int64_t limit_sec = newest_evidence_sec + LEARN_DAY_SEC;

	return newest_evidence_sec && limit_sec < now_sec ? limit_sec : now_sec;
}

/* ---- helpers -------------------------------------------------------------------- */

/* What the rules and the evidence say now. */
struct standing {
	struct learn_finding best; /* score 0: no rule is met, not even in part */
	double staying_score;	   /* of what is in force */
	int64_t last_message_sec;  /* 0: none */
	bool has_complaints;
	const char *name; /* verified reverse name, or "" */
};

struct stepping {
	const struct standing *standing;
	const struct learn_settings *settings;
	int64_t now_sec;
	double leave;
	struct learn_step *step;
};

static void enter(struct stepping *stepping, enum learn_state state, enum learn_cause cause)
{
	struct learned *to = &stepping->step->to;
	const bool was_in_force = learn_state_is_in_force(to->state);

	to->state = state;
	to->cause = cause;
	to->since_sec = stepping->now_sec;
	to->is_noticed = to->is_rejected = false;
	if (!learn_state_is_in_force(state))
		to->added_sec = 0;
	else if (!was_in_force)
		to->added_sec = stepping->now_sec;
	stepping->step->is_changed = true;
}

static void take_finding(struct stepping *stepping)
{
	struct learned *to = &stepping->step->to;
	const struct learn_finding *best = &stepping->standing->best;

	to->rule = best->rule;
	memcpy(to->why, best->why, sizeof(to->why));
	snprintf(to->domain, sizeof(to->domain), "%s", best->domain ? best->domain : "");
	stepping->step->is_changed = true;
}

/* Since when nothing was heard of what is in force. */
static int64_t idle_since(const struct stepping *stepping)
{
	const int64_t last_sec = stepping->standing->last_message_sec;
	const int64_t added_sec = stepping->step->to.added_sec;

	return last_sec > added_sec ? last_sec : added_sec;
}

static bool is_idle(const struct stepping *stepping)
{
	return idle_since(stepping) + stepping->settings->idle_sec <= stepping->now_sec;
}

/* The address may belong to someone else now. */
static bool has_other_name(struct stepping *stepping)
{
	struct learned *to = &stepping->step->to;
	char organisation[EVIDENCE_DOMAIN_BYTES];

	organisation_of(stepping->standing->name, organisation);
	if (!*organisation || !strcmp(organisation, to->organisation))
		return false;
	const bool is_other = *to->organisation;
	memcpy(to->organisation, organisation, sizeof(organisation));
	stepping->step->is_changed = true;
	return is_other;
}

/* Where what meets a rule begins. Mail that is being lost does not wait for probation. */
static enum learn_state first_state(const struct stepping *stepping)
{
	if (!stepping->settings->is_auto)
		return LEARN_CANDIDATE;
	return stepping->standing->best.is_urgent ? LEARN_ACTIVE : LEARN_PROBATION;
}

/* ---- a function for each state ------------------------------------------------------- */

static void step_none(struct stepping *stepping)
{
	if (stepping->standing->best.score < 1)
		return;
	enter(stepping, first_state(stepping), LEARN_BY_RULE);
	take_finding(stepping);
	has_other_name(stepping);
}

static void step_candidate(struct stepping *stepping)
{
	if (stepping->standing->has_complaints) {
		enter(stepping, LEARN_REMOVED, LEARN_BY_COMPLAINTS);
	} else if (stepping->standing->best.score < stepping->leave) {
		enter(stepping, LEARN_NONE, LEARN_BY_SCORE);
	} else if (stepping->settings->is_auto) {
		enter(stepping, first_state(stepping), LEARN_BY_RULE);
		take_finding(stepping);
	}
}

static void step_probation(struct stepping *stepping)
{
	const struct learned *to = &stepping->step->to;
	const bool is_urgent = stepping->standing->best.is_urgent;

	if (stepping->standing->has_complaints)
		enter(stepping, LEARN_REMOVED, LEARN_BY_COMPLAINTS);
	else if (has_other_name(stepping))
		enter(stepping, LEARN_PROBATION, LEARN_BY_NAME);
	else if (stepping->standing->best.score < stepping->leave)
		enter(stepping, LEARN_NONE, LEARN_BY_SCORE);
	else if (stepping->settings->is_auto &&
		 (is_urgent ||
		  to->since_sec + stepping->settings->probation_sec <= stepping->now_sec)) {
		enter(stepping, LEARN_ACTIVE, is_urgent ? LEARN_BY_RULE : LEARN_BY_TIME);
		take_finding(stepping);
	}
}

static void step_at_risk(struct stepping *stepping, enum learn_cause cause)
{
	enter(stepping, LEARN_AT_RISK, cause);
	stepping->step->notice = LEARN_NOTICE_AT_RISK;
}

static void step_active(struct stepping *stepping)
{
	if (is_idle(stepping))
		step_at_risk(stepping, LEARN_BY_IDLENESS);
	else if (stepping->standing->staying_score < stepping->leave)
		step_at_risk(stepping, LEARN_BY_SCORE);
}

/* Half-way between leaving and entering. */
static bool has_recovered(const struct stepping *stepping)
{
	const bool was_idle = stepping->step->to.cause == LEARN_BY_IDLENESS;
	const double need = was_idle ? stepping->leave : (1 + stepping->leave) / 2;

	return !is_idle(stepping) && stepping->standing->staying_score >= need;
}

static void step_leaving(struct stepping *stepping)
{
	const struct learn_settings *settings = stepping->settings;
	struct learned *to = &stepping->step->to;
	const int64_t removal_sec = to->since_sec + settings->grace_sec;

	if (has_recovered(stepping)) {
		enter(stepping, LEARN_ACTIVE, LEARN_BY_RULE);
	} else if (removal_sec <= stepping->now_sec) {
		enter(stepping, LEARN_REMOVED, to->cause);
	} else if (!to->is_noticed && removal_sec - settings->notice_sec <= stepping->now_sec) {
		to->is_noticed = true;
		stepping->step->notice = LEARN_NOTICE_REMOVAL;
		stepping->step->is_changed = true;
	}
}

static void step_in_force(struct stepping *stepping)
{
	if (stepping->standing->has_complaints)
		enter(stepping, LEARN_REMOVED, LEARN_BY_COMPLAINTS);
	else if (has_other_name(stepping))
		enter(stepping, LEARN_PROBATION, LEARN_BY_NAME);
	else if (stepping->step->to.state == LEARN_ACTIVE)
		step_active(stepping);
	else
		step_leaving(stepping);
}

static int64_t end_of_state(const struct stepping *stepping)
{
	const struct learn_settings *settings = stepping->settings;
	const struct learned *to = &stepping->step->to;

	switch (to->state) {
	case LEARN_PROBATION:
		return settings->is_auto ? to->since_sec + settings->probation_sec : 0;
	case LEARN_ACTIVE:
		return idle_since(stepping) + settings->idle_sec;
	case LEARN_AT_RISK:
		return to->since_sec + settings->grace_sec;
	case LEARN_REMOVED:
		return to->since_sec +
		       (to->is_rejected ? settings->reject_bar_sec : settings->bar_sec);
	default:
		return 0;
	}
}

static void step_state(struct stepping *stepping)
{
	struct learned *to = &stepping->step->to;

	switch (to->state) {
	case LEARN_NONE:
		step_none(stepping);
		break;
	case LEARN_CANDIDATE:
		step_candidate(stepping);
		break;
	case LEARN_PROBATION:
		step_probation(stepping);
		break;
	case LEARN_REMOVED:
		if (end_of_state(stepping) <= stepping->now_sec)
			enter(stepping, LEARN_NONE, LEARN_BY_TIME);
		break;
	default:
		step_in_force(stepping);
		break;
	}
}

static void step(const struct learned *was, const struct standing *standing,
		 const struct learn_settings *settings, const char *never, int64_t now_sec,
		 struct learn_step *ret_step)
{
	struct stepping stepping = { .standing = standing,
				     .settings = settings,
				     .now_sec = now_sec,
				     .leave = settings->leave_score / 100.0,
				     .step = ret_step };
	struct learned *to = &ret_step->to;
	int64_t next_sec;

	*ret_step = (struct learn_step) { .to = *was };
	if (never) {
		if (was->state != LEARN_NONE)
			enter(&stepping, LEARN_NONE, LEARN_BY_NEVER);
	} else {
		step_state(&stepping);
	}
	next_sec = end_of_state(&stepping);
	ret_step->is_changed |=
	    to->next_sec != next_sec || fabs(to->score - standing->best.score) >= SCORE_STEP;
	to->next_sec = next_sec;
	to->score = standing->best.score;
	/* Nothing is stored of those who are not learned. */
	if (was->state == LEARN_NONE && to->state == LEARN_NONE)
		ret_step->is_changed = false;
}

/* ---- addresses -------------------------------------------------------------------------- */

/* Several people within a day, and not only a small part of the mail of that day. */
static bool has_complaints(const struct learn_facts *facts, const struct learn_settings *settings,
			   int64_t now_sec)
{
	const struct learn_traffic traffic =
	    learn_traffic_of(facts, settings, now_sec / LEARN_DAY_SEC - 1, now_sec);

	return facts->complaints >= settings->complaints &&
	       learn_quality(&traffic, settings->max_spam) < 1;
}

void learn_step(const struct learned *was, const struct learn_facts *facts,
		const struct learn_settings *settings, const char *never, int64_t now_sec,
		struct learn_step *ret_step)
{
	const struct learn_traffic traffic = learn_traffic_of(facts, settings, INT64_MIN, now_sec);
	struct standing standing = {
		.last_message_sec = learn_last_message_sec(facts),
		.has_complaints = has_complaints(facts, settings, now_sec),
		.name = facts->name,
	};

	if (!learn_judge(facts, settings, now_sec, &standing.best))
		standing.best.score = 0;
	/* Good mail renews an entry that is in force. */
	standing.staying_score =
	    fmax(standing.best.score, RENEWAL_SCORE * learn_quality(&traffic, settings->max_spam));
	step(was, &standing, settings, never, now_sec, ret_step);
}

bool learn_step_is_by_name(const struct learned *was, const struct learn_step *step)
{
	return learn_state_is_in_force(was->state) && !learn_state_is_in_force(step->to.state) &&
	       step->to.cause == LEARN_BY_NAME;
}

void learn_step_spare(const struct learned *was, struct learn_step *step)
{
	struct learned to = *was;

	memcpy(to.organisation, step->to.organisation, sizeof(to.organisation));
	*step = (struct learn_step) { .to = to, .is_changed = true, .notice = LEARN_NOTICE_NAME };
}

/* ---- domains ---------------------------------------------------------------------------- */

void learn_step_domain(const struct learned *was, const struct learn_domain *domain,
		       int64_t last_sent_sec, const struct learn_settings *settings,
		       const char *never, int64_t now_sec, struct learn_step *ret_step)
{
	struct standing standing = { .last_message_sec = last_sent_sec, .name = "" };

	learn_judge_partner(domain, settings, &standing.best);
	if (!settings->uses[LEARN_SPF])
		standing.best.score = 0;
	/* What was forgotten by accident removes nobody: only time without mail does. */
	standing.staying_score =
	    settings->uses[LEARN_SPF] ? fmax(standing.best.score, RENEWAL_SCORE) : 0;
	step(was, &standing, settings, never, now_sec, ret_step);
	memcpy(ret_step->to.domain, was->domain, sizeof(was->domain));
}

/* Those who wait for an administrator are looked at all the same: their evidence grows old. */
#define WAITING_LOOK_SEC (7 * LEARN_DAY_SEC)

int64_t learn_due_sec(const struct learned *learned, const struct learn_settings *settings,
		      int64_t now_sec)
{
	if (learned->is_held)
		return (now_sec / LEARN_DAY_SEC + 1) * LEARN_DAY_SEC;
	if (!learned->next_sec)
		return now_sec + WAITING_LOOK_SEC;
	if (learned->state == LEARN_AT_RISK && !learned->is_noticed)
		return learned->next_sec - settings->notice_sec;
	return learned->next_sec;
}

/* ---- an administrator's word ------------------------------------------------------------ */

void learn_accept(struct learned *learned, const struct learn_settings *settings, int64_t now_sec)
{
	if (!learn_state_is_in_force(learned->state))
		learned->added_sec = now_sec;
	learned->state = LEARN_ACTIVE;
	learned->cause = LEARN_BY_PERSON;
	learned->since_sec = now_sec;
	learned->is_noticed = learned->is_rejected = learned->is_held = false;
	learned->next_sec = now_sec + settings->idle_sec;
}

void learn_reject(struct learned *learned, const struct learn_settings *settings, int64_t now_sec)
{
	learned->state = LEARN_REMOVED;
	learned->cause = LEARN_BY_PERSON;
	learned->since_sec = now_sec;
	learned->added_sec = 0;
	learned->is_noticed = learned->is_held = false;
	learned->is_rejected = true;
	learned->next_sec = now_sec + settings->reject_bar_sec;
}
