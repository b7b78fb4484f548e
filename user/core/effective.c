/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds one entry for each list. */
#include "core/effective.h"

#include <stddef.h>

struct walk {
	const struct entry *without;
	void (*visit)(const struct list *list, const struct entry *entry, void *context);
	void *context;
	const struct list *list;       /* the present list */
	const struct entry *effective; /* its answer so far */
	int excluded_len;	       /* length of its last exclusion; -1: none */
};

static void end_list(struct walk *walk)
{
	if (walk->effective)
		walk->visit(walk->list, walk->effective, walk->context);
	walk->effective = NULL;
	walk->excluded_len = -1;
}

/* Entries come list by list, the widest first. */
static void look_at(const struct list *list, const struct entry *entry, uint32_t rule_id,
		    void *context)
{
	struct walk *walk = context;

	(void)rule_id;
	if (list != walk->list)
		end_list(walk);
	walk->list = list;
	if (entry->is_exclusion) {
		walk->effective = NULL;
		walk->excluded_len = entry->prefix.len;
	} else if (entry != walk->without && (int)entry->prefix.len != walk->excluded_len) {
		walk->effective = entry;
	}
}

void effective_entries(
    const struct policy *policy, const struct prefix *prefix, const struct entry *without,
    void (*visit)(const struct list *list, const struct entry *entry, void *context), void *context)
{
	struct walk walk = {
		.without = without, .visit = visit, .context = context, .excluded_len = -1
	};

	policy_covering(policy, prefix, look_at, &walk);
	end_list(&walk);
}
