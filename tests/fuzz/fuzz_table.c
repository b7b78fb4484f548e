/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a policy from bytes, compiles it, and compares it with the oracle. The second half of
 * the bytes makes its successor, which is numbered after it. Built with clang
 * -fsanitize=fuzzer,address,undefined -Iuser from this and user/core.
 */
#include "../unit/lookup_oracle.h"
#include "../unit/table_lookup.h"
#include "core/rules.h"
#include "prefix_bytes.h"

#define LISTS 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_lists(struct policy *policy, uint8_t modes)
{
	for (int i = 0; i < LISTS; i++) {
		char name[] = { (char)('a' + i), '\0' };
		struct list *list =
		    policy_add_list(policy, name, i < 2 ? ACTION_ALLOW : ACTION_BLOCK);

		check(list != NULL);
		list->slot = (uint16_t)(i + 1);
		list->is_monitor = modes >> i & 1;
		for (int source = SOURCE_FILE; source <= SOURCE_FEED; source++) {
			struct entry_set *set = entry_set_new();

			check(set != NULL);
			list_replace_set(list, (enum source)source, set);
		}
	}
}

static struct policy *policy_from(const uint8_t *data, size_t size)
{
	struct policy *policy = policy_new();
	size_t entries = size / ENTRY_BYTES;

	check(policy != NULL);
	add_lists(policy, size ? data[size - 1] : 0);
	for (size_t i = 0; i < entries && i < ENTRIES_MAX; i++) {
		const uint8_t *bytes = data + i * ENTRY_BYTES;
		struct list *list = &policy->lists[(bytes[0] >> 2) % LISTS];
		struct entry entry = { .prefix = prefix_from(bytes) };

		entry.is_exclusion = (bytes[0] >> 5 & 3) == 0;
		entry.source = bytes[0] & 0x80 ? SOURCE_FILE : SOURCE_FEED;
		check(!entry_set_add(list->sets[entry.source], &entry));
	}
	for (int i = 0; i < LISTS; i++) {
		entry_set_finish(policy->lists[i].sets[SOURCE_FILE]);
		entry_set_finish(policy->lists[i].sets[SOURCE_FEED]);
	}
	return policy;
}

static void check_tables(const struct policy *policy, const struct tables *tables,
			 const struct prefix *address)
{
	for (int action = 0; action < ACTION_COUNT; action++) {
		const struct node *node =
		    table_lookup(&tables->of[action][address->family], address);
		struct oracle_decision decision =
		    oracle_decide(policy, (enum action)action, address);

		check((node ? node->rule : 0) == decision.rule);
		check((node ? node->list : 0) == decision.list);
		check((node ? node->flags : 0) == decision.flags);
	}
}

static void check_probes(const struct policy *const policies[2], const struct tables tables[2])
{
	for (size_t i = 0; i < 2 * LISTS; i++) {
		const struct list *list = &policies[i % 2]->lists[i / 2];

		for (size_t j = 0; j < list->rule_count; j++) {
			struct prefix probes[ORACLE_PROBES_PER_PREFIX];

			oracle_probes(&rule_array_at(list->rules, j)->prefix, probes);
			for (int k = 0; k < ORACLE_PROBES_PER_PREFIX; k++) {
				check_tables(policies[0], &tables[0], &probes[k]);
				check_tables(policies[1], &tables[1], &probes[k]);
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size / 2;
	struct policy *old = policy_from(data, half);
	struct policy *new = policy_from(data + half, size - half);
	const struct policy *const policies[2] = { old, new };
	struct rules_change change;
	struct tables tables[2];
	struct rule_ids ids;

	rule_ids_init(&ids, UINT32_MAX);
	check(!rules_number(old, NULL, &ids, &change));
	rules_change_done(&change);
	check(!rules_number(new, old, &ids, &change));
	rules_change_done(&change);
	check(!tables_compile(old, 0, &tables[0]));
	check(!tables_compile(new, 0, &tables[1]));
	check_probes(policies, tables);
	tables_done(&tables[0]);
	tables_done(&tables[1]);
	policy_free(old);
	policy_free(new);
	rule_ids_done(&ids);
	return 0;
}
