/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes two policies from bytes. The index of the first is compared with its tables. Then it is
 * changed to the second one, only where rules_number() reports changes, and compared with the
 * tables of that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/lookup_oracle.h"
#include "../unit/table_lookup.h"
#include "compile/index.h"
#include "core/rules.h"
#include "ipwl_verdict.h"

#define LISTS 4
#define ENTRY_BYTES 6
#define ENTRIES_MAX 300
#define REGIONS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct index_space space;
static uint32_t words[FAMILY_COUNT][IPWL_ROOT_WORDS];
static uint32_t filter[IPWL_FILTER_WORDS];
static struct ipwl_class classes[IPWL_CLASSES_MAX];
static struct ipwl_block_set block_sets[IPWL_AVERTED_MAX];
static struct averted_classes averted = { .classes = classes, .sets = block_sets };

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* Regions are kept from run to run. Data that an earlier index left must not matter. */
static int add_region(struct index_space *to)
{
	static int next;
	int region = next++ % REGIONS;

	if (!to->regions[region])
		to->regions[region] = calloc(1, IPWL_REGION_BYTES);
	check(to->regions[region] != NULL);
	return region;
}

/* Three bytes of the address, at its beginning, in its middle or at its end. */
static struct prefix prefix_from(const uint8_t bytes[ENTRY_BYTES])
{
	struct prefix address = { .family = bytes[0] & 1 };
	size_t addr_bytes, at;

	address.len = prefix_max_len(address.family);
	addr_bytes = address.len / 8U;
	memset(address.addr, bytes[0] & 2 ? 0xff : 0, addr_bytes);
	at = bytes[1] % (addr_bytes - 2);
	memcpy(address.addr + at, bytes + 3, 3);
	return prefix_truncate(&address, (uint8_t)(bytes[2] % (address.len + 1U)));
}

static struct policy *policy_from(const uint8_t *data, size_t size)
{
	struct policy *policy = policy_new();
	struct entry_set *sets[LISTS];

	check(policy != NULL);
	for (int i = 0; i < LISTS; i++)
		sets[i] = entry_set_new();
	for (size_t i = 0; i < size / ENTRY_BYTES && i < ENTRIES_MAX; i++) {
		const uint8_t *bytes = data + i * ENTRY_BYTES;
		struct entry entry = {
			.prefix = prefix_from(bytes),
			.is_exclusion = (bytes[0] >> 4 & 7) == 0,
			.source = SOURCE_FILE,
		};

		check(!entry_set_add(sets[bytes[0] >> 2 & 3], &entry));
	}
	for (int i = 0; i < LISTS; i++) {
		char name[] = { (char)('a' + i), '\0' };
		struct list *list =
		    policy_add_list(policy, name, i < 2 ? ACTION_ALLOW : ACTION_BLOCK);

		check(list && sets[i]);
		list->slot = (uint16_t)(1020 + i);
		list->is_monitor = i == 3;
		entry_set_finish(sets[i]);
		list_replace_set(list, SOURCE_FILE, sets[i]);
	}
	return policy;
}

static void build(const struct policy *policy, uint32_t split_above, const struct prefix *range)
{
	struct index_builder *builder =
	    index_builder_new(policy, 0, 0, &space, &averted, split_above);
	const struct index_root root = {
		.words = words[range->family],
		.filter = range->family == FAMILY_IPV4 ? filter : NULL,
	};

	check(builder && !index_builder_run(builder, range, &root));
	index_builder_free(builder);
}

static struct ipwl_match table_match(const struct table *table, const struct prefix *address)
{
	const struct node *node = table_lookup(table, address);
	struct ipwl_match none = { .rule = 0 };

	return node ? match_of_node(node) : none;
}

static void check_address(const struct tables *tables, const struct prefix *address)
{
	const struct index_root root = {
		.words = words[address->family],
		.filter = address->family == FAMILY_IPV4 ? filter : NULL,
	};
	struct ipwl_match allow = table_match(&tables->of[ACTION_ALLOW][address->family], address);
	struct ipwl_match block = table_match(&tables->of[ACTION_BLOCK][address->family], address);
	struct ipwl_match expected = ipwl_merge(&allow, &block);
	struct ipwl_match match;

	check(!index_lookup(&root, &space, address, &match));
	check(match.rule == expected.rule);
	if (match.class >= IPWL_CLASS_AVERTED)
		match.class = classes[match.class].list | IPWL_CLASS_SECOND;
	check(!match.rule || match.class == expected.class);
}

/* Check the ends of all prefixes of either policy. */
static void check_index(const struct policy *policy, const struct policy *other)
{
	const struct policy *const policies[] = { policy, other };
	struct tables tables;

	check(!tables_compile(policy, 0, &tables));
	for (int i = 0; i < 2 * LISTS; i++) {
		const struct list *list = &policies[i % 2]->lists[i / 2];

		for (size_t j = 0; j < list->rule_count; j++) {
			struct prefix probes[ORACLE_PROBES_PER_PREFIX];

			oracle_probes(&rule_array_at(list->rules, j)->prefix, probes);
			for (int k = 0; k < ORACLE_PROBES_PER_PREFIX; k++)
				check_address(&tables, &probes[k]);
		}
	}
	tables_done(&tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t splits[] = { 1, 8, 40, INDEX_SPLIT_ABOVE };
	uint32_t split_above = splits[size ? data[0] % 4 : 0];
	size_t half = size / 2;
	struct policy *old = policy_from(data, half);
	struct policy *new = policy_from(data + half, size - half);
	struct rules_change change;
	struct rule_ids ids;

	rule_ids_init(&ids, UINT32_MAX);
	check(!rules_number(old, NULL, &ids, &change));
	rules_change_done(&change);
	check(!rules_number(new, old, &ids, &change));
	check(!change.is_everything);
	index_space_init(&space, 0, add_region);
	for (int family = 0; family < FAMILY_COUNT; family++)
		build(old, split_above, &(struct prefix) { .family = (uint8_t)family });
	check_index(old, new);
	for (size_t i = 0; i < change.changed_count; i++) {
		struct prefix range = change.changed[i];

		if (range.len > IPWL_ROOT_BITS)
			range = prefix_truncate(&range, IPWL_ROOT_BITS);
		build(new, split_above, &range);
	}
	check_index(new, old);
	rules_change_done(&change);
	policy_free(old);
	policy_free(new);
	rule_ids_done(&ids);
	return 0;
}
