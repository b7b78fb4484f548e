/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of a reload. A naive table takes the steps one by one; after each of
 * them every address has its old decision or its new one.
 */
#include "random_policy.h"

#define NAIVE_NODES_MAX 4096

struct naive_table {
	struct node nodes[NAIVE_NODES_MAX];
	size_t count;
};

struct probe {
	struct prefix address;
	struct node from; /* decisions; rule 0: none */
	struct node to;
};

static struct node naive_lookup(const struct naive_table *table, const struct prefix *address)
{
	struct node best = { .rule = 0 };
	int best_len = -1;

	for (size_t i = 0; i < table->count; i++) {
		const struct node *node = &table->nodes[i];

		if (node->prefix.len > best_len && oracle_covers(&node->prefix, address)) {
			best = *node;
			best_len = node->prefix.len;
		}
	}
	return best;
}

static void naive_load(struct naive_table *naive, const struct table *table)
{
	assert_true(table->count < NAIVE_NODES_MAX / 2);
	naive->count = table->count;
	for (size_t i = 0; i < table->count; i++)
		naive->nodes[i] = table->nodes[i];
}

static struct node *naive_find(struct naive_table *table, const struct prefix *prefix)
{
	for (size_t i = 0; i < table->count; i++) {
		if (oracle_equal(&table->nodes[i].prefix, prefix))
			return &table->nodes[i];
	}
	return NULL;
}

/* Replace @old by @new; either may be missing. */
static void naive_step(struct naive_table *table, const struct node *old, const struct node *new)
{
	const struct node *either = old ? old : new;
	struct node *found = naive_find(table, &either->prefix);

	assert_int_equal(found != NULL, old != NULL);
	if (old && new) {
		assert_true(oracle_equal(&old->prefix, &new->prefix));
		*found = *new;
	} else if (old) {
		*found = table->nodes[--table->count];
	} else {
		assert_true(table->count < NAIVE_NODES_MAX);
		table->nodes[table->count++] = *new;
	}
}

static bool same_decision(const struct node *a, const struct node *b)
{
	return a->rule == b->rule && a->list == b->list && a->flags == b->flags;
}

static void check_probes(const struct naive_table *table, const struct probe *probes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct node now = naive_lookup(table, &probes[i].address);

		assert_true(same_decision(&now, &probes[i].from) ||
			    same_decision(&now, &probes[i].to));
	}
}

static void check_equals(const struct naive_table *naive, const struct table *table)
{
	struct naive_table copy = *naive;

	assert_int_equal(naive->count, table->count);
	for (size_t i = 0; i < table->count; i++) {
		const struct node *node = naive_find(&copy, &table->nodes[i].prefix);

		assert_non_null(node);
		assert_true(same_decision(node, &table->nodes[i]));
	}
}

/* Probes at the ends of every node of both tables. */
static size_t collect_probes(const struct table *from, const struct table *to,
			     struct probe **ret_probes)
{
	static struct naive_table old, new;
	const struct table *tables[] = { from, to };
	size_t room = ORACLE_PROBES_PER_PREFIX * (from->count + to->count);
	struct probe *probes = calloc(room ? room : 1, sizeof(*probes));
	size_t count = 0;

	assert_non_null(probes);
	naive_load(&old, from);
	naive_load(&new, to);
	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < tables[i]->count; j++) {
			struct prefix ends[ORACLE_PROBES_PER_PREFIX];

			oracle_probes(&tables[i]->nodes[j].prefix, ends);
			for (int k = 0; k < ORACLE_PROBES_PER_PREFIX; k++) {
				struct probe *probe = &probes[count++];

				probe->address = ends[k];
				probe->from = naive_lookup(&old, &ends[k]);
				probe->to = naive_lookup(&new, &ends[k]);
			}
		}
	}
	*ret_probes = probes;
	return count;
}

static void check_order(const struct diff *diff)
{
	assert_true(diff->remove_from <= diff->count);
	for (size_t i = 0; i < diff->count; i++) {
		const struct step *step = &diff->steps[i];

		assert_int_equal(step->new_node == NULL, i >= diff->remove_from);
		if (i == 0 || i == diff->remove_from)
			continue;
		if (step->new_node)
			assert_true(step->new_node->prefix.len <= step[-1].new_node->prefix.len);
		else
			assert_true(step->old_node->prefix.len >= step[-1].old_node->prefix.len);
	}
}

static size_t check_diff(const struct table *from, const struct table *to)
{
	static struct naive_table naive;
	struct probe *probes;
	size_t probe_count = collect_probes(from, to, &probes);
	struct diff diff;
	size_t steps;

	assert_int_equal(diff_tables(from, to, &diff), 0);
	check_order(&diff);
	naive_load(&naive, from);
	for (size_t i = 0; i < diff.count; i++) {
		naive_step(&naive, diff.steps[i].old_node, diff.steps[i].new_node);
		check_probes(&naive, probes, probe_count);
	}
	check_equals(&naive, to);
	for (size_t i = diff.count; i-- > 0;) {
		naive_step(&naive, diff.steps[i].new_node, diff.steps[i].old_node);
		check_probes(&naive, probes, probe_count);
	}
	check_equals(&naive, from);
	steps = diff.count;
	diff_done(&diff);
	free(probes);
	return steps;
}

/* Policies that follow each other, as reloads do. */
static void test_random_reloads(void **state)
{
	size_t steps = 0;

	(void)state;
	random_start("diff");
	for (int round = 0; round < 40; round++) {
		struct policy *policy = random_policy(4, 6);
		struct tables from = { 0 };
		struct rules_change change;
		struct rule_ids ids;

		rule_ids_init(&ids, UINT32_MAX);
		assert_int_equal(rules_number(policy, NULL, &ids, &change), 0);
		rules_change_done(&change);
		for (int reload = 0; reload < 4; reload++) {
			struct policy *next = random_successor(policy, 6);
			struct tables to;

			assert_int_equal(rules_number(next, policy, &ids, &change), 0);
			assert_int_equal(tables_compile(next, &to), 0);
			for (int i = 0; i < ACTION_COUNT * FAMILY_COUNT; i++)
				steps += check_diff(&from.of[i / FAMILY_COUNT][i % FAMILY_COUNT],
						    &to.of[i / FAMILY_COUNT][i % FAMILY_COUNT]);
			assert_int_equal(rules_commit(&ids, &change), 0);
			rules_change_done(&change);
			tables_done(&from);
			policy_free(policy);
			from = to;
			policy = next;
		}
		tables_done(&from);
		policy_free(policy);
		rule_ids_done(&ids);
	}
	assert_true(steps > 1000);
}

/* Tables that no policy would make: any prefixes, decisions and holes. */
static void test_random_tables(void **state)
{
	(void)state;
	random_start("diff");
	for (int round = 0; round < 200; round++) {
		struct node nodes[2][24];
		struct table tables[2];
		enum family family = random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;

		for (int i = 0; i < 2; i++) {
			struct entry_set *set = entry_set_new();
			size_t count = 0;

			assert_non_null(set);
			for (unsigned int left = random_below(24); left > 0; left--) {
				struct prefix prefix = random_prefix(family);

				add_entry(set, SOURCE_CONFIG, &prefix, false);
			}
			entry_set_finish(set);
			for (size_t j = 0; j < set->count; j++) {
				struct node node = { .prefix = set->entries[j].prefix,
						     .rule = random_below(4) };

				if (count &&
				    oracle_equal(&nodes[i][count - 1].prefix, &node.prefix))
					continue;
				if (node.rule)
					node.flags = (uint16_t)random_below(2);
				nodes[i][count++] = node;
			}
			tables[i] = (struct table) { .nodes = nodes[i], .count = count };
			entry_set_unref(set);
		}
		check_diff(&tables[0], &tables[1]);
	}
}

static void test_equal_tables_need_no_step(void **state)
{
	struct node node = { .prefix = { .len = 8 }, .list = 1, .rule = 1 };
	struct node monitored = node;
	struct table table = { .nodes = &node, .count = 1 };
	struct node moved = node;
	struct table changed = { .nodes = &monitored, .count = 1 };
	struct table other_slot = { .nodes = &moved, .count = 1 };
	struct table empty = { 0 };

	(void)state;
	monitored.flags = NODE_MONITOR;
	moved.list = 2;
	assert_int_equal(check_diff(&table, &table), 0);
	assert_int_equal(check_diff(&empty, &empty), 0);
	assert_int_equal(check_diff(&table, &changed), 1);
	assert_int_equal(check_diff(&table, &other_slot), 1);
	assert_int_equal(check_diff(&empty, &table), 1);
	assert_int_equal(check_diff(&table, &empty), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_tables_need_no_step),
		cmocka_unit_test(test_random_reloads),
		cmocka_unit_test(test_random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
