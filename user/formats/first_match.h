/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of which the first that matches decides, as entries and exclusions. */
#ifndef FORMATS_FIRST_MATCH_H
#define FORMATS_FIRST_MATCH_H

#include "formats/reading.h"

/* Zeroed at the start. */
struct first_match {
	struct entry_set *rules; /* in their order; exclusions: rules that do not list */
};

/* Add the next rule, at most one a line: its addresses are listed, or, if
 * is_exclusion, are not. Return: 0; -ENOMEM; -EINVAL: there are too many, which was
 * reported. */
int first_match_add(struct first_match *rules, struct reading *reading, const struct entry *rule);

/**
 * first_match_finish() - add what the rules come to
 *
 * A rule inside an earlier one never decides: it is skipped, or where both list an
 * entry like any other. Of the rest the most specific is the first that matches, for
 * any address: so those that list become entries, and those that do not, inside one
 * that does, exclusions.
 *
 * Return: 0 or -ENOMEM.
 */
int first_match_finish(struct first_match *rules, struct reading *reading);
void first_match_done(struct first_match *rules);

#endif
