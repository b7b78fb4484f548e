/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts rules of which the first match decides to entries and exclusions. */
#ifndef FORMATS_FIRST_MATCH_H
#define FORMATS_FIRST_MATCH_H

#include "formats/reading.h"

/* Must be zeroed before the first use. */
struct first_match {
	bool is_by_length;	 /* the most specific rule decides, and of equals the first */
	struct entry_set *rules; /* in their order; an exclusion is a rule that does not list */
};

/* Add the next rule. Its addresses are listed or, if is_exclusion, not listed. Of several rules
 * for a line the most specific decides. Return: 0; -ENOMEM; -EINVAL: there are too many rules,
 * which was reported. */
int first_match_add(struct first_match *rules, struct reading *reading, const struct entry *rule);

/**
 * first_match_finish() - add entries and exclusions that are equivalent to the rules
 *
 * A rule inside an earlier one never decides. It is skipped; but if both list their addresses,
 * it becomes an entry like any other. Of the remaining rules, the most specific one for an
 * address is always the first that matches. So rules that list become entries. Rules that do
 * not list become exclusions if they lie inside a rule that does.
 *
 * Return: 0 or -ENOMEM.
 */
int first_match_finish(struct first_match *rules, struct reading *reading);
void first_match_done(struct first_match *rules);

#endif
