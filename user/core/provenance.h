/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a prefix, in words: for answers and refusals. */
#ifndef CORE_PROVENANCE_H
#define CORE_PROVENANCE_H

#include <stdbool.h>

#include "base/lines.h"
#include "core/policy.h"

/* "/etc/ipwl/allow.d/a.list:12", or the user; NULL where nothing is known. */
char *holders_origin(const struct entry *entry);

/* A line "file /etc/ipwl/allow.d/a.list:12" for each entry, or exclusion, of exactly
 * this prefix. */
void holders_add(const struct list *list, const struct prefix *prefix, bool is_exclusion,
		 struct lines *lines);

/* What an administrator who just listed @prefix may not expect. */
void holders_warn(const struct policy *policy, const struct list *list, const struct prefix *prefix,
		  struct lines *warnings);

#endif
