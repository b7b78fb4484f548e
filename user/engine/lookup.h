/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries that a change is about: found, or why it may not be made. */
#ifndef ENGINE_LOOKUP_H
#define ENGINE_LOOKUP_H

#include "engine/engine.h"

/* The entry that a change is about. */
struct entry_change {
	char *list;
	struct prefix prefix;
	int64_t ttl_sec; /* 0: without end */
	bool is_forced;	 /* although a guard would refuse or hold it */
};

/* An entry in force, or just out of it, for the answer. */
struct entry_found {
	struct entry_set *set; /* holds the entry */
	const struct entry *entry;
	uint32_t rule; /* whose counters are the entry's; 0: none */
};

void entry_found_done(struct entry_found *found);

/* The list; NULL: there is none, and @refusal says so. */
const struct list *engine_find_list(const struct engine *engine, const char *name,
				    struct refusal *refusal);

/* The list's manual entry of that prefix, or NULL. */
const struct entry *engine_find_manual(const struct list *list, const struct prefix *prefix);

/* The list whose manual entry may be deleted; NULL: @refusal says why not. */
const struct list *engine_find_deletable(const struct engine *engine,
					 const struct entry_change *change,
					 struct refusal *refusal);

/* Keep the list's manual entry of that prefix. */
void engine_keep_entry(const struct list *list, const struct prefix *prefix,
		       struct entry_found *ret_found);

/* Return: 0; -ECANCELED: the entry is protected, as @refusal says. */
int engine_refuse_protected(const struct engine *engine, const struct entry_change *change,
			    struct refusal *refusal);

#endif
