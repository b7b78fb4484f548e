/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks that look at one list at a time. A walk in the order of prefixes keeps a stack of
 * the prefixes that cover the present one, so its time is proportional to the number of
 * entries.
 */
#include "core/lint.h"

#include <errno.h>
#include <stdlib.h>

#include "core/lint_findings.h"
#include "core/rule_array.h"

/* The number of possible lengths of a prefix, 0 to 128. */
#define LEVELS_MAX 129

/* A prefix that covers the following ones. */
struct level {
	const struct entry *longest;   /* the entry there with the latest expiry, or NULL */
	const struct entry *exclusion; /* the first exclusion there, or NULL */
};

struct walk {
	const struct lint_options *options;
	struct lint_report *report;
	const struct list *list;
	struct level levels[LEVELS_MAX];
	size_t level_count;
	size_t rule_index;
	int err;
};

static void note_finding(struct walk *walk, enum lint_check check, struct lint_finding finding)
{
	int err;

	if (!walk->options->checks[check])
		return;
	finding.list = walk->list;
	err = lint_add(&walk->report->of[check], walk->options->limit, &finding);
	if (err)
		walk->err = err;
}

/* ---- redundant ----------------------------------------------------------- */

static bool lasts_as_long(const struct entry *entry, const struct entry *other)
{
	return !entry->about->expires_at_sec ||
	       (other->about->expires_at_sec &&
		entry->about->expires_at_sec >= other->about->expires_at_sec);
}

static const struct prefix *level_prefix(const struct level *level)
{
	return level->exclusion ? &level->exclusion->prefix : &level->longest->prefix;
}

/* Find the entry around @entry that makes it redundant, or return NULL. */
static const struct entry *find_cover(const struct walk *walk, const struct entry *entry)
{
	for (size_t i = walk->level_count; i-- > 0;) {
		const struct level *level = &walk->levels[i];

		if (level->exclusion)
			return NULL;
		if (lasts_as_long(level->longest, entry))
			return level->longest;
	}
	return NULL;
}

static void check_entry(struct walk *walk, const struct level *here, const struct entry *entry)
{
	const struct entry *other = here->exclusion;

	if (!other)
		other = find_cover(walk, entry);
	if (!other && entry != here->longest)
		other = here->longest;
	if (other)
		note_finding(walk, LINT_REDUNDANT,
			     (struct lint_finding) {
				 .entry = entry, .other = other, .other_list = walk->list });
}

/* @here is not yet in @walk->levels. */
static void check_exclusion(struct walk *walk, const struct level *here,
			    const struct entry *exclusion)
{
	const struct level *around =
	    walk->level_count ? &walk->levels[walk->level_count - 1] : NULL;
	const struct entry *other = around ? around->exclusion : NULL;

	if (exclusion != here->exclusion)
		other = here->exclusion;
	else if (here->longest || (around && !around->exclusion))
		return;
	note_finding(walk, LINT_REDUNDANT,
		     (struct lint_finding) { .entry = exclusion,
					     .other = other,
					     .other_list = other ? walk->list : NULL });
}

/* ---- the others ----------------------------------------------------------- */

static bool is_ones_own(const struct list *list, const struct entry *entry)
{
	return list->action == ACTION_ALLOW ||
	       (entry->source != SOURCE_FILE && entry->source != SOURCE_FEED);
}

static void check_use(struct walk *walk, const struct rule *rule, const struct entry *entry)
{
	const struct lint_options *options = walk->options;
	const int64_t least_sec = options->now_sec - options->unused_sec;
	int64_t hit_sec;

	if (!options->checks[LINT_UNUSED] || !rule->id || !is_ones_own(walk->list, entry) ||
	    entry->about->added_at_sec > least_sec)
		return;
	hit_sec = options->last_hit_sec(walk->list, rule, options->context);
	if (hit_sec > least_sec || (!hit_sec && options->counted_since_sec > least_sec))
		return;
	note_finding(walk, LINT_UNUSED,
		     (struct lint_finding) { .entry = entry, .last_hit_sec = hit_sec });
}

static void check_entry_alone(struct walk *walk, const struct rule *rule, const struct entry *entry)
{
	const struct lint_options *options = walk->options;

	check_use(walk, rule, entry);
	if (entry->about->expires_at_sec &&
	    entry->about->expires_at_sec <= options->now_sec + options->expiring_sec)
		note_finding(walk, LINT_EXPIRING,
			     (struct lint_finding) {
				 .entry = entry,
				 .last_hit_sec = rule->id ? options->last_hit_sec(walk->list, rule,
										  options->context)
							  : 0,
			     });
	if (entry->prefix.len < options->min_len[entry->prefix.family])
		note_finding(walk, LINT_WIDE, (struct lint_finding) { .entry = entry });
}

static void note_hazard(const struct hazard *hazard, void *context)
{
	note_finding(context, LINT_SPACE,
		     (struct lint_finding) { .entry = hazard->entry, .hazard = *hazard });
}

/* ---- the walk -------------------------------------------------------------- */

static bool is_at(const struct entry *entry, const struct prefix *prefix)
{
	return entry && !prefix_compare(&entry->prefix, prefix);
}

/* Read the entries at one prefix, and move the cursor past them. */
static struct level read_level(struct entry_cursor *cursor, const struct entry **entry)
{
	const struct prefix *prefix = &(*entry)->prefix;
	struct level level = { 0 };

	for (; is_at(*entry, prefix); *entry = entry_cursor_next(cursor)) {
		if ((*entry)->is_exclusion)
			level.exclusion = level.exclusion ? level.exclusion : *entry;
		else if (!level.longest || !lasts_as_long(level.longest, *entry))
			level.longest = *entry;
	}
	return level;
}

static void check_level(struct walk *walk, struct entry_cursor *cursor, const struct entry *entry,
			const struct level *here)
{
	const struct prefix *prefix = level_prefix(here);
	/* Rules are the distinct prefixes of the list, in order. */
	const struct rule *rule = rule_array_at(walk->list->rules, walk->rule_index++);

	while (walk->level_count &&
	       !prefix_contains(level_prefix(&walk->levels[walk->level_count - 1]), prefix))
		walk->level_count--;
	for (; is_at(entry, prefix); entry = entry_cursor_next(cursor)) {
		if (entry->is_exclusion) {
			check_exclusion(walk, here, entry);
			continue;
		}
		check_entry(walk, here, entry);
		check_entry_alone(walk, rule, entry);
	}
	walk->levels[walk->level_count++] = *here;
}

static int check_list(const struct list *list, const struct lint_options *options,
		      struct lint_report *report)
{
	struct walk walk = { .options = options, .report = report, .list = list };
	struct entry_cursor cursor, again;
	const struct entry *entry, *first;

	entry_cursor_init(&cursor, list, NULL);
	entry = entry_cursor_next(&cursor);
	while (entry && !walk.err) {
		struct level here;

		first = entry;
		again = cursor;
		here = read_level(&cursor, &entry);
		check_level(&walk, &again, first, &here);
	}
	if (!walk.err && options->checks[LINT_SPACE] &&
	    hazards_find(list, &options->spaces, note_hazard, &walk))
		return -ENOMEM;
	return walk.err;
}

int lint_policy(const struct policy *policy, const struct lint_options *options,
		struct lint_report *ret_report)
{
	struct lint_report report = { 0 };
	int err = 0;

	for (size_t i = 0; i < policy->list_count && !err; i++)
		if (!options->list || options->list == &policy->lists[i])
			err = check_list(&policy->lists[i], options, &report);
	if (!err && options->checks[LINT_CONFLICT])
		err = lint_conflicts(policy, options, &report.of[LINT_CONFLICT]);
	if (err)
		lint_done(&report);
	else
		*ret_report = report;
	return err;
}
