/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a page of entries ended, in a form that lasts through changes of the policy. */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "core/policy.h"

/* The place of an entry: which one of those of this list, prefix and source. */
struct place {
	size_t list; /* index in the policy */
	struct prefix prefix;
	enum source source;
	size_t ordinal; /* from 0, where several files hold the prefix */
};

int place_compare(const struct place *a, const struct place *b);

/* As opaque text of letters and digits, to be freed. NULL: out of memory. */
char *place_format(const struct place *place, const struct policy *policy);

/* Read it back for a policy that may be another by now: of a list that is gone, the
 * place is the start of the one that took its turn. Return: 0 or -EINVAL. */
int place_parse(const char *text, const struct policy *policy, struct place *ret_place);

#endif
