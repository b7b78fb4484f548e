/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes who lists a prefix, for answers and refusals. */
#ifndef CORE_PROVENANCE_H
#define CORE_PROVENANCE_H

#include <stdbool.h>

#include "base/lines.h"
#include "core/policy.h"

/* Describe the origin of an entry: "/etc/ipwl/allow.d/a.list:12", or the user. The caller frees
 * the text. NULL: it is unknown, or memory ran out. */
char *holders_origin(const struct entry *entry);

/* Add a line like "file /etc/ipwl/allow.d/a.list:12" for each entry (or exclusion) with exactly
 * this prefix. */
void holders_add(const struct list *list, const struct prefix *prefix, bool is_exclusion,
		 struct lines *lines);

/* Add warnings of effects that an administrator who lists @prefix may not expect. */
void holders_warn(const struct policy *policy, const struct list *list, const struct prefix *prefix,
		  struct lines *warnings);

#endif
