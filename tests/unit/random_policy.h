/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random policies of few, close prefixes, which meet each other often. */
#ifndef UNIT_RANDOM_POLICY_H
#define UNIT_RANDOM_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rules.h"
#include "lookup_oracle.h"
#include "random_prefix.h"

static inline void add_entry(struct entry_set *set, enum source source, const struct prefix *prefix,
			     bool is_exclusion)
{
	const struct provenance about = { .origin = source_names[source] };
	struct entry entry = {
		.prefix = *prefix,
		.is_exclusion = is_exclusion,
		.source = (uint8_t)source,
		.about = &about,
	};

	assert_int_equal(entry_set_add(set, &entry), 0);
}

/* Every length of one address: as deep as nesting goes. */
static inline void add_random_chain(struct entry_set *set, enum source source)
{
	struct prefix address = random_address(random_chance(70) ? FAMILY_IPV4 : FAMILY_IPV6);

	for (uint8_t len = 0; len <= address.len; len++) {
		struct prefix prefix = prefix_truncate(&address, len);

		add_entry(set, source, &prefix, random_chance(30));
	}
}

static inline struct entry_set *random_set(enum source source, unsigned int entries_max)
{
	struct entry_set *set = entry_set_new();
	unsigned int entries = random_below(entries_max + 1);

	assert_non_null(set);
	for (unsigned int i = 0; i < entries; i++) {
		struct prefix prefix = random_prefix_any();

		add_entry(set, source, &prefix, random_chance(25));
	}
	if (random_chance(5))
		add_random_chain(set, source);
	entry_set_finish(set);
	return set;
}

static inline void fill_list_randomly(struct list *list, unsigned int entries_max)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		if (random_chance(40))
			list_replace_set(list, (enum source)source,
					 random_set((enum source)source, entries_max));
	}
}

/* Lists are called by their number and have it as their slot. */
static inline struct policy *random_policy(unsigned int lists_max, unsigned int entries_max)
{
	struct policy *policy = policy_new();
	unsigned int lists = random_below(lists_max + 1);

	assert_non_null(policy);
	for (unsigned int i = 0; i < lists; i++) {
		struct list *list;
		char name[16];

		snprintf(name, sizeof(name), "list%u", i);
		list =
		    policy_add_list(policy, name, random_chance(50) ? ACTION_ALLOW : ACTION_BLOCK);
		assert_non_null(list);
		list->slot = (uint16_t)i;
		list->is_monitor = random_chance(50);
		fill_list_randomly(list, entries_max);
	}
	return policy;
}

/* The next version of @policy: sets, lists, actions and modes change here and there. */
static inline struct policy *random_successor(const struct policy *policy, unsigned int entries_max)
{
	struct policy *next = policy_copy(policy);

	assert_non_null(next);
	for (size_t i = 0; i < next->list_count; i++) {
		struct list *list = &next->lists[i];

		if (random_chance(40))
			fill_list_randomly(list, entries_max);
		if (random_chance(10))
			list->action = list->action == ACTION_ALLOW ? ACTION_BLOCK : ACTION_ALLOW;
		if (random_chance(20))
			list->is_monitor = !list->is_monitor;
	}
	if (next->list_count > 1 && random_chance(20)) {
		struct list first = next->lists[0];

		next->lists[0] = next->lists[1];
		next->lists[1] = first;
	}
	return next;
}

/* Number a policy without a previous one. */
static inline void number_alone(struct policy *policy)
{
	struct rules_change change;
	struct rule_ids ids;

	rule_ids_init(&ids, UINT32_MAX);
	assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
	rules_change_done(&change);
	rule_ids_done(&ids);
}

/* Call @check with the probes of each rule. */
static inline void for_each_probe(const struct policy *policy,
				  void (*check)(const struct prefix *address, void *context),
				  void *context)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		for (size_t j = 0; j < list->rule_count; j++) {
			struct prefix probes[ORACLE_PROBES_PER_PREFIX];

			oracle_probes(&rule_array_at(list->rules, j)->prefix, probes);
			for (int k = 0; k < ORACLE_PROBES_PER_PREFIX; k++)
				check(&probes[k], context);
		}
	}
}

#endif
