// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing the tables in force, element by element.
 *
 * Within a table the order of steps (core/table.h) gives each address the old
 * decision or the new one at any moment. A packet asks the allow table first, then
 * the block table, so between the two: sources gain an allow entry before the block
 * table changes, and lose it afterwards. With a pause for packets that asked the
 * allow table too early to see it, no source is dropped, or let through, that is
 * not so by the old policy or by the new one. That holds as long as adding to the
 * allow table only lets sources in, which holes do not: changes_are_safe().
 */
#include <errno.h>

#include "internal.h"

/* A run of steps of one action, done for both families. */
struct phase {
	enum action action;
	bool is_removal;
};

static const struct phase phases[] = {
	{ ACTION_ALLOW, false },
	{ ACTION_BLOCK, false },
	{ ACTION_BLOCK, true },
	{ ACTION_ALLOW, true },
};

/* Where a change stands: phase, family, and the next step of the diff. */
struct position {
	size_t phase;
	enum family family;
	size_t step;
};

static int do_step(int table, const struct step *step)
{
	return step->new_node ? table_update(table, step->new_node)
			      : table_delete(table, &step->old_node->prefix);
}

static int undo_step(int table, const struct step *step)
{
	return step->old_node ? table_update(table, step->old_node)
			      : table_delete(table, &step->new_node->prefix);
}

/* Indexes of phases: a pause before the block table changes, and, where all is
 * undone, before it changes back. */
#define PAUSE_BEFORE 1
#define PAUSE_AFTER_UNDOING 3

static bool has_steps(const struct diff diffs[FAMILY_COUNT])
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (diffs[family].count)
			return true;
	return false;
}

static bool is_hole(const struct node *node)
{
	return node && !node->rule;
}

bool changes_are_safe(const struct diff diffs[ACTION_COUNT][FAMILY_COUNT])
{
	if (!has_steps(diffs[ACTION_BLOCK]))
		return true;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct diff *diff = &diffs[ACTION_ALLOW][family];

		for (size_t i = 0; i < diff->count; i++)
			if (is_hole(diff->steps[i].old_node) || is_hole(diff->steps[i].new_node))
				return false;
	}
	return true;
}

/* Only a change of both tables has sources that one packet could see halfway. */
static void pause_for_packets(const struct datapath *datapath,
			      const struct diff diffs[ACTION_COUNT][FAMILY_COUNT])
{
	if (has_steps(diffs[ACTION_ALLOW]) && has_steps(diffs[ACTION_BLOCK]))
		generation_wait(datapath);
}

static size_t first_step(const struct phase *phase, const struct diff *diff)
{
	return phase->is_removal ? diff->remove_from : 0;
}

static size_t last_step(const struct phase *phase, const struct diff *diff)
{
	return phase->is_removal ? diff->count : diff->remove_from;
}

/* Take back the steps from @position on, the last one first. */
static int undo(const struct datapath *datapath,
		const struct diff diffs[ACTION_COUNT][FAMILY_COUNT], struct position position)
{
	int err = 0;

	for (size_t p = position.phase + 1; p-- > 0;) {
		const struct phase *phase = &phases[p];
		int family = p == position.phase ? (int)position.family : FAMILY_COUNT - 1;

		for (; family >= 0; family--) {
			const struct diff *diff = &diffs[phase->action][family];
			int table = tables_current(datapath, phase->action, (enum family)family);
			size_t step = p == position.phase && family == (int)position.family
					  ? position.step
					  : last_step(phase, diff);

			while (step-- > first_step(phase, diff) && !err)
				err = undo_step(table, &diff->steps[step]);
		}
		if (p == PAUSE_AFTER_UNDOING)
			pause_for_packets(datapath, diffs);
	}
	return err;
}

int changes_apply(struct datapath *datapath, const struct diff diffs[ACTION_COUNT][FAMILY_COUNT],
		  char error[DATAPATH_ERROR_BYTES])
{
	struct position at;
	int err = 0;

	for (at.phase = 0; at.phase < sizeof(phases) / sizeof(phases[0]); at.phase++) {
		const struct phase *phase = &phases[at.phase];

		if (at.phase == PAUSE_BEFORE)
			pause_for_packets(datapath, diffs);
		for (at.family = 0; at.family < FAMILY_COUNT; at.family++) {
			const struct diff *diff = &diffs[phase->action][at.family];
			int table = tables_current(datapath, phase->action, at.family);

			at.step = first_step(phase, diff);
			for (; at.step < last_step(phase, diff); at.step++) {
				err = do_step(table, &diff->steps[at.step]);
				if (err)
					goto undo;
			}
		}
	}
	return 0;
undo:
	errors_report(error, err, "cannot change the kernel's tables");
	return undo(datapath, diffs, at) ? -EUCLEAN : err;
}
