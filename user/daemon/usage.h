/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries are hit, for the checks that look at all of them. */
#ifndef DAEMON_USAGE_H
#define DAEMON_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/policy.h"

struct engine;
struct usage;

/* Read the counters of all rules. Return: 0 or -ENOMEM. */
int usage_read(const struct engine *engine, struct usage **ret_usage);
/* NULL is fine. */
void usage_free(struct usage *usage);

/* Both as callbacks of core's checks: @context is the usage. */

/* Whether the rule has counted a packet since the kernel's maps were made. */
bool usage_is_hit(const struct list *list, const struct rule *rule, void *context);
/* When it was hit last, Unix time; 0: it is not known to have been. */
int64_t usage_last_hit_sec(const struct list *list, const struct rule *rule, void *context);

#endif
