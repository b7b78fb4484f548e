/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy means, said as plainly as possible and without the code under
 * test: bit by bit, entry by entry, list by list.
 */
#ifndef UNIT_LOOKUP_ORACLE_H
#define UNIT_LOOKUP_ORACLE_H

#include <string.h>

#include "compile/table.h"
#include "core/rule_array.h"

struct oracle_decision {
	uint32_t rule; /* 0: none */
	uint16_t list;
	uint16_t flags;
};

static inline bool oracle_bit(const struct prefix *prefix, unsigned int bit)
{
	return prefix->addr[bit / 8] >> (7 - bit % 8) & 1;
}

static inline bool oracle_covers(const struct prefix *outer, const struct prefix *inner)
{
	if (outer->family != inner->family || outer->len > inner->len)
		return false;
	for (unsigned int bit = 0; bit < outer->len; bit++) {
		if (oracle_bit(outer, bit) != oracle_bit(inner, bit))
			return false;
	}
	return true;
}

static inline bool oracle_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && oracle_covers(a, b);
}

/* The list's longest entry or exclusion for @address; an exclusion wins a tie. */
static inline const struct entry *oracle_list_match(const struct list *list,
						    const struct prefix *address)
{
	const struct entry *best = NULL;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++) {
			const struct entry *entry = &set->entries[i];

			if (!oracle_covers(&entry->prefix, address))
				continue;
			if (!best || entry->prefix.len > best->prefix.len ||
			    (entry->prefix.len == best->prefix.len && entry->is_exclusion))
				best = entry;
		}
	}
	return best;
}

/* The id that rules_number() gave, or 0. */
static inline uint32_t oracle_rule_id(const struct list *list, const struct prefix *prefix)
{
	for (size_t i = 0; i < list->rule_count; i++) {
		if (oracle_equal(&rule_array_at(list->rules, i)->prefix, prefix))
			return rule_array_at(list->rules, i)->id;
	}
	return 0;
}

static inline struct oracle_decision oracle_decide(const struct policy *policy, enum action action,
						   const struct prefix *address)
{
	struct oracle_decision decision = { 0 };
	const struct list *best_list = NULL;
	const struct entry *best = NULL;

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct entry *match = oracle_list_match(list, address);
		bool is_better;

		if (list->action != action || !match || match->is_exclusion)
			continue;
		if (best && action == ACTION_BLOCK && list->is_monitor != best_list->is_monitor)
			is_better = best_list->is_monitor;
		else
			is_better = !best || match->prefix.len > best->prefix.len;
		if (is_better) {
			best = match;
			best_list = list;
		}
	}
	if (best) {
		decision.rule = oracle_rule_id(best_list, &best->prefix);
		decision.list = best_list->slot;
		if (action == ACTION_BLOCK && best_list->is_monitor)
			decision.flags = NODE_MONITOR;
	}
	return decision;
}

#define ORACLE_PROBES_PER_PREFIX 4

/* Set all bits from prefix->len on, or clear them. */
static inline struct prefix oracle_end(const struct prefix *prefix, bool is_last)
{
	struct prefix address = *prefix;

	address.len = prefix->family == FAMILY_IPV6 ? 128 : 32;
	for (unsigned int bit = prefix->len; bit < address.len; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (is_last)
			address.addr[bit / 8] |= mask;
		else
			address.addr[bit / 8] &= (uint8_t)~mask;
	}
	return address;
}

/* The address next to @address, around the end of the address space. */
static inline struct prefix oracle_step(struct prefix address, bool is_up)
{
	for (int i = address.len / 8 - 1; i >= 0; i--) {
		address.addr[i] = (uint8_t)(address.addr[i] + (is_up ? 1 : 255));
		if (address.addr[i] != (is_up ? 0 : 255))
			break;
	}
	return address;
}

/* The first and last address of @prefix, and their neighbours outside it. */
static inline void oracle_probes(const struct prefix *prefix,
				 struct prefix probes[ORACLE_PROBES_PER_PREFIX])
{
	probes[0] = oracle_end(prefix, false);
	probes[1] = oracle_end(prefix, true);
	probes[2] = oracle_step(probes[0], false);
	probes[3] = oracle_step(probes[1], true);
}

#endif
