/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at the counters of all rules, in steps, so that a change never waits long. */
#ifndef ENGINE_SAMPLING_H
#define ENGINE_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"

struct datapath;
struct hits;

/* Where the look goes on; zeros: at the beginning. */
struct sampling {
	size_t list;
	struct prefix prefix; /* in that list, if @is_within */
	bool is_within;
};

/**
 * sampling_step() - note what the next @rule_count rules have counted
 *
 * Between steps the policy may become another. A chunk of counters that cannot be read
 * shows none. Return: 1: all rules were looked at; 0: there are more; -ENOMEM: the step
 * was not taken.
 */
int sampling_step(struct sampling *sampling, struct hits *hits, struct datapath *datapath,
		  const struct policy *policy, size_t rule_count, int64_t now_sec);

#endif
