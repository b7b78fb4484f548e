/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries are hit, and when, for the checks that look at all of them. */
#ifndef ENGINE_USAGE_H
#define ENGINE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"

/* An entry that was hit within that time is in use. */
#define USAGE_SEC (90 * 86400)

struct engine;
struct usage;

/* Make ready to tell which rules in force are in use. Counters are read when they are needed.
 * Return: 0 or -ENOMEM. */
int usage_read(const struct engine *engine, struct usage **ret_usage);
/* NULL is fine. */
void usage_free(struct usage *usage);

/* Since when hits are stored, or 0: they are only counted. */
int64_t usage_since_sec(const struct usage *usage);

/* Both as callbacks of core's checks: @context is the usage. */

/* Whether the rule is in use. */
bool usage_is_hit(const struct list *list, const struct rule *rule, void *context);
/* When it was hit last, Unix time, as far as it is known; 0: it is not known to have
 * been since usage_since_sec(). */
int64_t usage_last_hit_sec(const struct list *list, const struct rule *rule, void *context);

#endif
