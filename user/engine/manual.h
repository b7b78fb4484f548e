/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual entries as state.db has them: an entry source, and read again within a change. */
#ifndef ENGINE_MANUAL_H
#define ENGINE_MANUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lines.h"
#include "core/policy.h"

struct entry_source;
struct state;

extern const struct entry_source manual_source;

/* The entries of each list of a policy, by its index. */
struct manual_sets {
	struct entry_set **items; /* NULL: none */
	size_t count;
};

/* What the source keeps between reading and settling. */
struct manual_staged {
	struct manual_sets sets;
	bool is_unread;	  /* they are those in force, if there are any */
	bool is_lost_now; /* the database was found to be corrupt just now */
};

/**
 * manual_read() - the entries in the database, expired ones and strangers apart
 * @policy: whose lists are asked for
 * @warnings: of entries that have no list and rows that cannot be read; NULL: silent
 * @ret_sets: for manual_give() or manual_sets_done()
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int manual_read(struct state *state, const struct policy *policy, struct lines *warnings,
		struct manual_sets *ret_sets);
/* Give the lists of @policy their entries; nothing is left in @sets. */
void manual_give(struct manual_sets *sets, struct policy *policy);
void manual_sets_done(struct manual_sets *sets);

#endif
