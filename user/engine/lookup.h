/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries that a change is about: found, or why it may not be made. */
#ifndef ENGINE_LOOKUP_H
#define ENGINE_LOOKUP_H

#include "core/scope.h"
#include "engine/engine.h"

/* The entries that a change is about. All are changed, or none. */
struct entry_change {
	char *list;
	const struct prefix *prefixes; /* in order, each once */
	size_t prefix_count;	       /* at least 1 */
	int64_t ttl_sec;	       /* 0: without end */
	bool is_forced;		       /* although a guard would refuse or hold it */
	struct scope scope;	       /* add: the hosts of the fleet on which they are in force */
};

/* The list; NULL: there is none, and @refusal says so. */
const struct list *engine_find_list(const struct engine *engine, const char *name,
				    struct refusal *refusal);

/* The list's entry of that prefix from a source, the first if there are several, or NULL. */
const struct entry *engine_find_entry(const struct list *list, enum source source,
				      const struct prefix *prefix);
/* The list's manual entry of that prefix, or NULL. */
const struct entry *engine_find_manual(const struct list *list, const struct prefix *prefix);

/* The list whose manual entries may be deleted; NULL: @refusal says why not. */
const struct list *engine_find_deletable(const struct engine *engine,
					 const struct entry_change *change,
					 struct refusal *refusal);

/* Return: 0; -ECANCELED: one of the entries is protected, as @refusal says. */
int engine_refuse_protected(const struct engine *engine, const struct entry_change *change,
			    struct refusal *refusal);

#endif
