/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes lists from bytes, and compares all forms of their union with the oracle. Built with
 * clang -fsanitize=fuzzer,address,undefined -Iuser from this and user/core.
 */
#include "../unit/prefix_set_oracle.h"
#include "prefix_bytes.h"

#define LISTS 3
#define FORMS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct policy *policy_from(const uint8_t *data, size_t size)
{
	struct entry_set *sets[LISTS];
	struct policy *policy = policy_new();

	check(policy != NULL);
	for (int i = 0; i < LISTS; i++) {
		check(policy_add_list(policy, "list", ACTION_ALLOW) != NULL);
		sets[i] = entry_set_new();
		check(sets[i] != NULL);
	}
	for (size_t i = 0; i < size / ENTRY_BYTES && i < ENTRIES_MAX; i++) {
		const uint8_t *bytes = data + i * ENTRY_BYTES;
		struct entry entry = { .prefix = prefix_from(bytes), .source = SOURCE_FILE };

		entry.is_exclusion = (bytes[0] >> 5 & 3) == 0;
		check(!entry_set_add(sets[(bytes[0] >> 2) % LISTS], &entry));
	}
	for (int i = 0; i < LISTS; i++) {
		entry_set_finish(sets[i]);
		list_replace_set(&policy->lists[i], SOURCE_FILE, sets[i]);
	}
	return policy;
}

static void check_probes(const struct list *const lists[], const struct prefix_set forms[FORMS])
{
	for (size_t i = 0; i < LISTS; i++) {
		const struct entry_set *set = lists[i]->sets[SOURCE_FILE];

		for (size_t j = 0; j < set->count * ORACLE_PROBES_PER_PREFIX; j++) {
			struct prefix probes[ORACLE_PROBES_PER_PREFIX];
			const struct prefix *probe = &probes[j % ORACLE_PROBES_PER_PREFIX];
			bool expected;

			oracle_probes(&set->entries[j / ORACLE_PROBES_PER_PREFIX].prefix, probes);
			expected = oracle_lists_hold(lists, LISTS, probe);
			for (int form = 0; form < FORMS; form++)
				check(oracle_set_holds(&forms[form], probe) == expected);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = policy_from(data, size);
	const struct list *lists[LISTS];
	struct prefix_set forms[FORMS];

	for (size_t i = 0; i < LISTS; i++)
		lists[i] = &policy->lists[i];
	check(!prefix_set_build(lists, LISTS, &forms[0]));
	check(!prefix_set_build(lists, LISTS, &forms[1]));
	check(!prefix_set_aggregate(&forms[1]));
	check(!prefix_set_split(&forms[0], false, &forms[2]));
	check(!prefix_set_split(&forms[1], true, &forms[3]));
	for (size_t i = 0; i < forms[3].count; i++)
		check(!forms[3].nodes[i].is_hole && !oracle_outer(&forms[3], i));
	check_probes(lists, forms);
	for (int form = 0; form < FORMS; form++)
		prefix_set_done(&forms[form]);
	policy_free(policy);
	return 0;
}
