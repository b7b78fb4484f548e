/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remembers where a page of entries ended, in a form that survives changes of the policy. */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "core/policy.h"

/* The place of an entry among the entries with the same list, prefix and source. */
struct place {
	size_t list; /* index in the policy */
	struct prefix prefix;
	enum source source;
	size_t ordinal; /* from 0; more than 0 if several files contain the prefix */
};

int place_compare(const struct place *a, const struct place *b);

/* Write a place as opaque text of letters and digits. The caller frees it. NULL: out of memory. */
char *place_format(const struct place *place, const struct policy *policy);

/* Read the text of a place. The policy may have changed. If the list is gone, the place is the
 * start of the list that now has its index. Return: 0 or -EINVAL. */
int place_parse(const char *text, const struct policy *policy, struct place *ret_place);

#endif
