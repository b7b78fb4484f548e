/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard against an oracle that asks for single addresses, and its limits. */
#include "core/guard.h"

#include "random_policy.h"

/* Lengths from here on are looked at address by address. */
#define SMALL_LEN 26

static bool is_hit(const struct list *list, const struct rule *rule, void *context)
{
	(void)list;
	(void)context;
	return rule->id % 2;
}

static const struct guard_hits hits = { .is_hit = is_hit };

/* ---- the oracle ----------------------------------------------------------- */

static bool oracle_list_allows(const struct list *list, const struct prefix *address)
{
	const struct entry *match = oracle_list_match(list, address);

	return list->action == ACTION_ALLOW && match && !match->is_exclusion;
}

static bool oracle_allows(const struct policy *policy, const struct prefix *address)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (oracle_list_allows(&policy->lists[i], address))
			return true;
	return false;
}

/* Whether there is an address in @prefix that @list allows and @to does not. */
static bool oracle_loses(const struct list *list, const struct policy *to,
			 const struct prefix *prefix)
{
	struct prefix address = oracle_end(prefix, false);
	const struct prefix last = oracle_end(prefix, true);

	for (;;) {
		if (oracle_list_allows(list, &address) && !oracle_allows(to, &address))
			return true;
		if (oracle_equal(&address, &last))
			return false;
		address = oracle_step(address, true);
	}
}

/* What is named must be lost, and of that entry. */
static void check_examples(const struct guard_result *result, const struct policy *to)
{
	for (size_t i = 0; i < result->example_count; i++) {
		const struct guard_example *example = &result->examples[i];

		assert_true(oracle_covers(&example->entry->prefix, &example->lost));
		assert_true(oracle_loses(example->list, to, &example->lost));
	}
}

/* Only small prefixes, so that every address can be tested. */
static struct policy *small_policy(unsigned int entries_max)
{
	struct policy *policy = random_policy(4, 0);

	for (size_t i = 0; i < policy->list_count; i++) {
		struct entry_set *set = entry_set_new();
		unsigned int count = random_below(entries_max + 1);

		assert_non_null(set);
		for (unsigned int j = 0; j < count; j++) {
			struct prefix prefix = { .addr = { 192, 0, 2 },
						 .family = FAMILY_IPV4,
						 .len = 32 };

			prefix.addr[3] = (uint8_t)random_below(128);
			prefix = prefix_truncate(&prefix, (uint8_t)(SMALL_LEN + random_below(7)));
			add_entry(set, SOURCE_FILE, &prefix, random_chance(20));
		}
		entry_set_finish(set);
		for (int source = 0; source < SOURCE_COUNT; source++)
			list_replace_set(&policy->lists[i], (enum source)source, NULL);
		list_replace_set(&policy->lists[i], SOURCE_FILE, set);
	}
	number_alone(policy);
	return policy;
}

static const uint16_t ports[] = { 25, 587 };
#define PORT_COUNT (sizeof(ports) / sizeof(ports[0]))

static void test_against_oracle(void **state)
{
	const struct guard_limits limits = { .max_removed_entries = 3, .max_removed_share = 100 };

	(void)state;
	random_start("guard");
	for (int round = 0; round < 300; round++) {
		struct policy *from = small_policy(30), *to = small_policy(60);
		struct guard_result result;
		size_t in_use = 0, removed = 0;

		assert_int_equal(guard_check(from, to, ports, PORT_COUNT, &hits, &limits, &result),
				 0);
		for (size_t i = 0; i < from->list_count; i++) {
			const struct list *list = &from->lists[i];

			for (size_t j = 0; list->action == ACTION_ALLOW && j < list->rule_count;
			     j++) {
				if (!(rule_array_at(list->rules, j)->id % 2))
					continue;
				in_use++;
				removed +=
				    oracle_loses(list, to, &rule_array_at(list->rules, j)->prefix);
			}
		}
		assert_int_equal(result.in_use_count, in_use);
		assert_int_equal(result.removed_count, removed);
		assert_int_equal(result.is_held, removed > 3);
		assert_int_equal(result.example_count,
				 removed < GUARD_EXAMPLES_MAX ? removed : GUARD_EXAMPLES_MAX);
		check_examples(&result, to);
		policy_free(from);
		policy_free(to);
	}
}

/* A policy of any prefixes loses nothing to itself. */
static void test_no_change(void **state)
{
	const struct guard_limits limits = { .max_removed_entries = 0, .max_removed_share = 0 };

	(void)state;
	random_start("guard");
	for (int round = 0; round < 200; round++) {
		struct policy *policy = random_policy(4, 12);
		struct guard_result result;

		number_alone(policy);
		assert_int_equal(
		    guard_check(policy, policy, ports, PORT_COUNT, &hits, &limits, &result), 0);
		assert_false(result.is_held);
		assert_int_equal(result.removed_count, 0);
		policy_free(policy);
	}
}

/* ---- limits ---------------------------------------------------------------- */

static bool always_hit(const struct list *list, const struct rule *rule, void *context)
{
	(void)list;
	(void)rule;
	(void)context;
	return true;
}

/* An allow list of @count addresses. */
static struct policy *addresses(unsigned int count)
{
	struct policy *policy = policy_new();
	struct entry_set *set = entry_set_new();

	assert_true(policy && set);
	for (unsigned int i = 0; i < count; i++) {
		/* Every other one, so that no two make up a network. */
		struct prefix prefix = { .addr = { 192, 0, (uint8_t)(i / 128), (uint8_t)(i * 2) },
					 .family = FAMILY_IPV4,
					 .len = 32 };

		add_entry(set, SOURCE_FILE, &prefix, false);
	}
	entry_set_finish(set);
	list_replace_set(policy_add_list(policy, "a", ACTION_ALLOW), SOURCE_FILE, set);
	number_alone(policy);
	return policy;
}

static bool is_held(unsigned int from_count, unsigned int to_count, uint32_t entries,
		    uint32_t share)
{
	const struct guard_limits limits = { .max_removed_entries = entries,
					     .max_removed_share = share };
	const struct guard_hits all = { .is_hit = always_hit };
	struct policy *from = addresses(from_count), *to = addresses(to_count);
	struct guard_result result;

	assert_int_equal(guard_check(from, to, ports, PORT_COUNT, &all, &limits, &result), 0);
	assert_int_equal(result.in_use_count, from_count);
	assert_int_equal(result.removed_count, from_count - to_count);
	policy_free(from);
	policy_free(to);
	return result.is_held;
}

static void test_limits(void **state)
{
	(void)state;
	assert_false(is_held(200, 100, 100, 50));
	assert_true(is_held(200, 99, 100, 100));
	assert_true(is_held(200, 99, GUARD_NO_LIMIT, 50));
	assert_false(is_held(200, 0, GUARD_NO_LIMIT, 100));
	assert_true(is_held(1, 0, 0, 100));
	/* A share of few is no measure, but all of a file is. */
	assert_false(is_held(GUARD_SHARE_ENTRIES_MIN, 1, 100, 0));
	assert_true(is_held(GUARD_SHARE_ENTRIES_MIN - 1, 0, 100, 50));
	assert_true(is_held(GUARD_EMPTIED_ENTRIES_MIN, 0, 100, 50));
	assert_false(is_held(GUARD_EMPTIED_ENTRIES_MIN - 1, 0, 100, 50));
	assert_false(is_held(GUARD_SHARE_ENTRIES_MIN - 1, 0, 100, 100));
	assert_true(is_held(GUARD_SHARE_ENTRIES_MIN, 0, 100, 50));
	assert_false(is_held(0, 0, 0, 0));
}

/* ---- holes ------------------------------------------------------------------- */

/* A policy of one allow list: words, "!" before an exclusion. */
static struct policy *policy_of(const char *words)
{
	struct policy *policy = policy_new();
	struct entry_set *set = entry_set_new();
	char copy[256];
	char *rest = copy, *word;

	assert_true(policy && set);
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " "))) {
		const bool is_exclusion = *word == '!';
		struct prefix prefix;

		word += is_exclusion;
		assert_int_equal(prefix_parse(word, strlen(word), &prefix, NULL), PREFIX_OK);
		add_entry(set, SOURCE_FILE, &prefix, is_exclusion);
	}
	entry_set_finish(set);
	list_replace_set(policy_add_list(policy, "a", ACTION_ALLOW), SOURCE_FILE, set);
	number_alone(policy);
	return policy;
}

/* Expect so many removed, and the first to lose @lost. */
static void check_loss(const char *from_words, const char *to_words, size_t removed,
		       const char *lost)
{
	const struct guard_limits limits = { .max_removed_entries = 0, .max_removed_share = 100 };
	const struct guard_hits all = { .is_hit = always_hit };
	struct policy *from = policy_of(from_words), *to = policy_of(to_words);
	struct guard_result result;
	char text[PREFIX_TEXT_BYTES];

	assert_int_equal(guard_check(from, to, ports, PORT_COUNT, &all, &limits, &result), 0);
	assert_int_equal(result.removed_count, removed);
	assert_int_equal(result.is_held, removed > 0);
	if (removed)
		assert_string_equal(prefix_format(&result.examples[0].lost, text), lost);
	policy_free(from);
	policy_free(to);
}

static void test_holes(void **state)
{
	(void)state;
	check_loss("9.9.9.0/24", "9.9.9.0/24 !9.9.9.0/25 !9.9.9.128/25", 1, "9.9.9.0/24");
	check_loss("9.9.9.0/24", "9.9.9.0/24 !9.9.9.128/25", 1, "9.9.9.128/25");
	check_loss("9.9.9.0/24", "9.9.9.0/25 9.9.9.128/25", 0, "");
	check_loss("9.9.9.0/24 !9.9.9.7", "9.9.0.0/16 !9.9.9.7", 0, "");
	check_loss("9.9.9.0/24 !9.9.9.7", "9.9.9.0/24 !9.9.9.6/31", 1, "9.9.9.6/32");
	/* Addresses that an inner entry still allows are not lost by the wider one. */
	check_loss("9.9.0.0/16 9.9.9.9", "9.9.0.0/16 !9.9.9.9", 2, "9.9.9.9/32");
	check_loss("::/0", "::/0 !2001:db8::/128", 1, "2001:db8::/128");
	check_loss("0.0.0.0/0", "0.0.0.0/1 128.0.0.0/1", 0, "");
}

/* Only the ports of the test's lists matter, and each by itself. */
static void test_ports(void **state)
{
	static const uint16_t submission[] = { 587 };
	const struct guard_limits limits = { .max_removed_entries = 0, .max_removed_share = 100 };
	const struct guard_hits all = { .is_hit = always_hit };
	struct policy *everywhere = policy_of("9.9.9.0/24"), *narrow = policy_of("9.9.9.0/24");
	struct guard_result result;

	(void)state;
	narrow->lists[0].ports = malloc(sizeof(submission));
	assert_non_null(narrow->lists[0].ports);
	memcpy(narrow->lists[0].ports, submission, sizeof(submission));
	narrow->lists[0].port_count = 1;
	assert_int_equal(guard_check(everywhere, narrow, ports, 2, &all, &limits, &result), 0);
	assert_true(result.is_held && result.removed_count == 1);
	assert_int_equal(guard_check(narrow, everywhere, ports, 2, &all, &limits, &result), 0);
	assert_false(result.is_held);
	/* If 587 is the only port of both configurations, nothing is lost. */
	assert_int_equal(guard_check(everywhere, narrow, submission, 1, &all, &limits, &result), 0);
	assert_false(result.is_held);
	policy_free(everywhere);
	policy_free(narrow);
}

/* ---- what differs, against all ------------------------------------------------- */

/* A set like @set, of which some entries are gone and others have come. NULL is fine. */
static struct entry_set *changed_set(const struct entry_set *set, enum source source)
{
	struct entry_set *changed = entry_set_new();

	assert_non_null(changed);
	for (size_t i = 0; set && i < set->count; i++)
		if (!random_chance(15))
			assert_int_equal(entry_set_add(changed, &set->entries[i]), 0);
	while (random_chance(60)) {
		struct prefix prefix = random_prefix_any();

		add_entry(changed, source, &prefix, random_chance(30));
	}
	entry_set_finish(changed);
	return changed;
}

static void limit_ports(struct policy *policy)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];

		if (!random_chance(30))
			continue;
		list->ports = malloc(sizeof(ports[0]));
		assert_non_null(list->ports);
		list->ports[0] = ports[random_below(PORT_COUNT)];
		list->port_count = 1;
	}
}

static struct policy *changed_policy(const struct policy *policy)
{
	struct policy *changed = policy_copy(policy);

	assert_non_null(changed);
	for (size_t i = 0; i < changed->list_count; i++)
		for (int source = 0; source < SOURCE_COUNT; source++)
			if (random_chance(20))
				list_replace_set(&changed->lists[i], (enum source)source,
						 changed_set(policy->lists[i].sets[source],
							     (enum source)source));
	return changed;
}

static void test_loses_as_counted(void **state)
{
	const struct guard_limits limits = { .max_removed_entries = 3, .max_removed_share = 100 };
	size_t losses = 0, rounds = 2000;

	(void)state;
	random_start("guard_loses");
	for (size_t round = 0; round < rounds; round++) {
		struct policy *from = random_chance(50) ? random_policy(4, 12) : small_policy(30);
		struct guard_result result;
		struct policy *to;
		bool loses;

		limit_ports(from);
		to = changed_policy(from);
		if (!from->list_count || !from->lists[0].is_numbered)
			number_alone(from);
		assert_int_equal(guard_check(from, to, ports, PORT_COUNT, &hits, &limits, &result),
				 0);
		assert_int_equal(guard_loses(from, to, ports, PORT_COUNT, &hits, &loses), 0);
		assert_int_equal(loses, result.removed_count > 0);
		losses += loses;
		policy_free(from);
		policy_free(to);
	}
	assert_true(losses > rounds / 20 && losses < rounds * 19 / 20);
}

/* A list that is gone is not looked at entry by entry. */
static void test_gone_list(void **state)
{
	struct policy *from = policy_of("9.9.9.0/24"), *to = policy_new();
	bool loses = false;

	(void)state;
	assert_non_null(to);
	assert_int_equal(guard_loses(from, to, ports, PORT_COUNT, &hits, &loses), 0);
	assert_true(loses);
	assert_int_equal(guard_loses(from, from, ports, PORT_COUNT, &hits, &loses), 0);
	assert_false(loses);
	policy_free(from);
	policy_free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_oracle), cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_limits),	       cmocka_unit_test(test_holes),
		cmocka_unit_test(test_ports),	       cmocka_unit_test(test_loses_as_counted),
		cmocka_unit_test(test_gone_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
