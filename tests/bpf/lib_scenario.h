/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios written down as text, or drawn at random. */
#ifndef TESTS_LIB_SCENARIO_H
#define TESTS_LIB_SCENARIO_H

#include "lib_oracle.h"
#include "lib_random.h"

/* Append a list; @entries: prefixes and !exclusions, separated by blanks. It sets
 * no mark until the caller says so. */
struct scenario_list *scenario_add(struct scenario *scenario, const char *name, enum action action,
				   const char *entries);
void scenario_add_entry(struct scenario_list *list, const struct prefix *prefix, bool is_exclusion);
void scenario_done(struct scenario *scenario);

/* The prefix that @text says; aborts if it is none. */
struct prefix prefix_of(const char *text);

/*
 * A scenario of few to a hundred prefixes, close to each other, of a few lists, on
 * up to 4 ports, 25 among them. @near: draw some entries from that scenario, and
 * keep some of its lists, so that changes are changes; or NULL.
 */
void scenario_random(struct random *random, const struct scenario *near,
		     struct scenario *ret_scenario);

/* An address inside a random entry, or just outside one. */
struct prefix scenario_random_source(struct random *random, const struct scenario *scenario);

#endif
