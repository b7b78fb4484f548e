/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what a step adds and removes, and compares that with the limits. */
#include "learn/caps.h"

const char *const learn_cap_names[LEARN_CAP_COUNT] = {
	[LEARN_CAP_NONE] = "none",
	[LEARN_CAP_ENTRIES] = "max_entries",
	[LEARN_CAP_DAY] = "max_entries_day",
	[LEARN_CAP_REMOVALS] = "max_removals_day",
	[LEARN_CAP_CANDIDATES] = "max_entries",
};

void learn_caps_set_day(struct learn_caps *caps, int64_t now_sec)
{
	const int64_t day = now_sec / LEARN_DAY_SEC;

	if (day == caps->day)
		return;
	caps->day = day;
	caps->entries_today = caps->removals_today = 0;
}

static bool is_waiting(enum learn_state state)
{
	return state == LEARN_CANDIDATE || state == LEARN_PROBATION;
}

void learn_caps_count(struct learn_caps *caps, const struct learned *was, const struct learned *to)
{
	const bool was_in_force = learn_state_is_in_force(was->state);
	const bool is_in_force = learn_state_is_in_force(to->state);

	caps->entries += is_in_force && !was_in_force;
	caps->entries -= was_in_force && !is_in_force;
	caps->entries_today += is_in_force && !was_in_force;
	caps->removals_today += was_in_force && !is_in_force;
	caps->waiting += is_waiting(to->state) && !is_waiting(was->state);
	caps->waiting -= is_waiting(was->state) && !is_waiting(to->state);
}

/* The limit that a step would exceed. An administrator's `never:` is an order, not a limit's
 * business. */
static enum learn_cap exceeded_cap(const struct learn_caps *caps,
				   const struct learn_settings *settings, const struct learned *was,
				   const struct learned *to)
{
	const bool was_in_force = learn_state_is_in_force(was->state);
	const bool is_in_force = learn_state_is_in_force(to->state);

	if (is_in_force && !was_in_force && caps->entries >= settings->max_entries)
		return LEARN_CAP_ENTRIES;
	if (is_in_force && !was_in_force && caps->entries_today >= settings->max_entries_day)
		return LEARN_CAP_DAY;
	if (was_in_force && !is_in_force && to->cause != LEARN_BY_NEVER &&
	    caps->removals_today >= settings->max_removals_day)
		return LEARN_CAP_REMOVALS;
	if (is_waiting(to->state) && !is_waiting(was->state) && !was_in_force &&
	    caps->waiting >= settings->max_entries)
		return LEARN_CAP_CANDIDATES;
	return LEARN_CAP_NONE;
}

enum learn_cap learn_caps_hold(struct learn_caps *caps, const struct learn_settings *settings,
			       const struct learned *was, struct learn_step *step)
{
	const enum learn_cap cap = exceeded_cap(caps, settings, was, &step->to);

	if (cap == LEARN_CAP_NONE) {
		step->is_changed |= step->to.is_held;
		step->to.is_held = false;
		learn_caps_count(caps, was, &step->to);
		return cap;
	}
	step->to = *was;
	step->to.is_held = true;
	step->notice = LEARN_NO_NOTICE;
	step->is_changed = !was->is_held;
	return cap;
}
