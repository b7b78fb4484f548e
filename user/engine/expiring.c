/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the manual entries with an expiry; few have one, so most looks cost nothing. */
#include "engine/expiring.h"

#include "base/clock.h"
#include "engine/internal.h"
#include "engine/usage.h"
#include "store/hits.h"

/* Whether mail from the prefix stays allowed when the entry is gone. */
struct cover {
	const struct entry *entry;
	const struct list *list; /* whose exclusion or entry was visited last */
	bool is_covered_here;	 /* by that list */
	bool is_covered;
};

/* Visits come list by list, the widest first: the last one of a list decides. */
static void cover_visit(const struct list *list, const struct entry *entry, uint32_t rule_id,
			void *context)
{
	struct cover *cover = context;
	const struct entry *own = cover->entry;

	(void)rule_id;
	if (list->action != ACTION_ALLOW)
		return;
	if (list != cover->list) {
		cover->is_covered |= cover->is_covered_here;
		cover->is_covered_here = false;
		cover->list = list;
	}
	if (entry == own)
		return;
	if (entry->is_exclusion)
		cover->is_covered_here = false;
	else if (!entry->about->expires_at_sec ||
		 entry->about->expires_at_sec > own->about->expires_at_sec)
		cover->is_covered_here = true;
}

static bool is_covered(const struct policy *policy, const struct entry *entry)
{
	struct cover cover = { .entry = entry };

	policy_covering(policy, &entry->prefix, cover_visit, &cover);
	return cover.is_covered || cover.is_covered_here;
}

static bool is_in_use(const struct engine *engine, const struct list *list,
		      const struct entry *entry, int64_t now_sec)
{
	const struct rule *rule = list_find_rule(list, &entry->prefix);
	struct hit_memory memory;

	if (!rule || !rule->id ||
	    !hits_find(engine->hits, list, &entry->prefix, rule->id, NULL, now_sec, &memory))
		return false;
	return memory.last_hit_sec ? memory.last_hit_sec > now_sec - USAGE_SEC
				   : memory.total.packets > 0;
}

void engine_find_expiring(const struct engine *engine, int64_t within_sec,
			  struct expiring *ret_expiring)
{
	const struct policy *policy = engine->current->policy;
	const int64_t now_sec = time_now_sec();

	*ret_expiring = (struct expiring) { .is_known = true };
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct entry_set *set = list->sets[SOURCE_MANUAL];

		if (list->action != ACTION_ALLOW || !set || !set->first_expiry_sec)
			continue;
		for (size_t j = 0; j < set->count; j++) {
			const struct entry *entry = &set->entries[j];
			const int64_t expires_sec = entry->about->expires_at_sec;

			if (!expires_sec || expires_sec > now_sec + within_sec ||
			    !is_in_use(engine, list, entry, now_sec) || is_covered(policy, entry))
				continue;
			ret_expiring->count++;
			if (!ret_expiring->next_sec || expires_sec < ret_expiring->next_sec)
				ret_expiring->next_sec = expires_sec;
		}
	}
}
