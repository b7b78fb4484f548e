/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lint against an oracle that compares each entry with each. */
#include "core/lint.h"

#include "random_policy.h"

#define NOW 1000000
#define ROUNDS 400

static const uint8_t family_len[FAMILY_COUNT] = { 32, 128 };

/* ---- the oracle ----------------------------------------------------------- */

/* Find out what decides for exactly @prefix in its list, from wider prefixes: the longest
 * prefix; at the same prefix, an exclusion before an entry. */
static bool is_excluded_at(const struct list *list, const struct prefix *prefix)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++)
			if (set->entries[i].is_exclusion &&
			    oracle_equal(&set->entries[i].prefix, prefix))
				return true;
	}
	return false;
}

/* Whether an exclusion lies strictly inside @outer and covers @inner. */
static bool is_cut(const struct list *list, const struct prefix *outer, const struct prefix *inner)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++) {
			const struct entry *entry = &set->entries[i];

			if (entry->is_exclusion && oracle_covers(&entry->prefix, inner) &&
			    oracle_covers(outer, &entry->prefix))
				return true;
		}
	}
	return false;
}

static int64_t end_of(const struct entry *entry)
{
	return entry->about->expires_at_sec ? entry->about->expires_at_sec : INT64_MAX;
}

/* Whether the list decides the same without @entry until @entry expires. */
static bool oracle_entry_redundant(const struct list *list, const struct entry *entry)
{
	bool is_behind = false; /* those before @entry have the first say at a tie */

	if (is_excluded_at(list, &entry->prefix))
		return true;
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++) {
			const struct entry *other = &set->entries[i];
			bool is_same = oracle_equal(&other->prefix, &entry->prefix);

			if (other == entry)
				is_behind = true;
			if (other == entry || other->is_exclusion ||
			    !oracle_covers(&other->prefix, &entry->prefix) ||
			    is_cut(list, &other->prefix, &entry->prefix))
				continue;
			if (is_same ? end_of(other) > end_of(entry) ||
					  (end_of(other) == end_of(entry) && !is_behind)
				    : end_of(other) >= end_of(entry))
				return true;
		}
	}
	return false;
}

static bool oracle_exclusion_redundant(const struct list *list, const struct entry *exclusion)
{
	const struct entry *nearest = NULL;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];

		for (size_t i = 0; set && i < set->count; i++) {
			const struct entry *other = &set->entries[i];

			if (other == exclusion ||
			    !oracle_covers(&other->prefix, &exclusion->prefix))
				continue;
			if (oracle_equal(&other->prefix, &exclusion->prefix)) {
				bool is_earlier =
				    other->source < exclusion->source ||
				    (other->source == exclusion->source && other < exclusion);

				if (other->is_exclusion && is_earlier)
					return true;
				continue;
			}
			if (!nearest || other->prefix.len > nearest->prefix.len ||
			    (other->prefix.len == nearest->prefix.len && other->is_exclusion))
				nearest = other;
		}
	}
	/* It excludes an entry at its prefix, or one around it. */
	if (list_has(list, &exclusion->prefix, false))
		return false;
	return !nearest || nearest->is_exclusion;
}

/* Whether all of @prefix is in a list of @action; @is_strict: by something wider. */
static bool oracle_is_listed(const struct policy *policy, enum action action,
			     const struct prefix *prefix, bool is_strict)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct entry *best = NULL;

		for (int source = 0; list->action == action && source < SOURCE_COUNT; source++) {
			const struct entry_set *set = list->sets[source];

			for (size_t j = 0; set && j < set->count; j++) {
				const struct entry *entry = &set->entries[j];

				if (!oracle_covers(&entry->prefix, prefix) ||
				    (is_strict && entry->prefix.len == prefix->len))
					continue;
				if (!best || entry->prefix.len > best->prefix.len ||
				    (entry->prefix.len == best->prefix.len && entry->is_exclusion))
					best = entry;
			}
		}
		if (best && !best->is_exclusion)
			return true;
	}
	return false;
}

/* ---- the comparison -------------------------------------------------------- */

/* Rules are hit by their number, so that the oracle knows as well. */
static int64_t hit_of(const struct list *list, const struct rule *rule, void *context)
{
	(void)list;
	(void)context;
	return rule->id % 3 == 0 ? 0 : NOW - 10 * (int64_t)(rule->id % 40);
}

static bool is_found(const struct lint_report *report, enum lint_check check,
		     const struct entry *entry)
{
	const struct lint_findings *findings = &report->of[check];

	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].entry == entry)
			return true;
	return false;
}

static void check_times(const struct lint_options *options, const struct list *list,
			const struct entry *entry, const struct lint_report *report)
{
	const struct rule *rule = list_find_rule(list, &entry->prefix);
	int64_t hit = rule->id ? hit_of(list, rule, NULL) : 0;
	int64_t from = hit ? hit : options->counted_since_sec;
	bool is_foreign = list->action == ACTION_BLOCK &&
			  (entry->source == SOURCE_FILE || entry->source == SOURCE_FEED);

	if (entry->about->added_at_sec > from)
		from = entry->about->added_at_sec;
	assert_int_equal(is_found(report, LINT_UNUSED, entry),
			 !entry->is_exclusion && rule->id && !is_foreign &&
			     NOW - from >= options->unused_sec);
	assert_int_equal(is_found(report, LINT_EXPIRING, entry),
			 !entry->is_exclusion && entry->about->expires_at_sec &&
			     entry->about->expires_at_sec - NOW <= options->expiring_sec);
	assert_int_equal(is_found(report, LINT_WIDE, entry),
			 !entry->is_exclusion &&
			     entry->prefix.len < options->min_len[entry->prefix.family]);
}

static void check_entry(const struct lint_options *options, const struct list *list,
			const struct entry *entry, const struct lint_report *report)
{
	assert_int_equal(is_found(report, LINT_REDUNDANT, entry),
			 entry->is_exclusion ? oracle_exclusion_redundant(list, entry)
					     : oracle_entry_redundant(list, entry));
	check_times(options, list, entry, report);
}

static void check_conflicts(const struct policy *policy, const struct lint_report *report)
{
	size_t expected = 0;

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		bool is_allow = list->action == ACTION_ALLOW;

		for (size_t j = 0; j < list->rule_count; j++)
			expected +=
			    rule_array_at(list->rules, j)->id &&
			    oracle_is_listed(policy, is_allow ? ACTION_BLOCK : ACTION_ALLOW,
					     &rule_array_at(list->rules, j)->prefix, is_allow);
	}
	assert_int_equal(report->of[LINT_CONFLICT].total, expected);
	assert_int_equal(report->of[LINT_CONFLICT].count, expected);
	for (size_t i = 0; i < expected; i++) {
		const struct lint_finding *finding = &report->of[LINT_CONFLICT].items[i];

		assert_true(oracle_covers(&finding->other->prefix, &finding->entry->prefix));
		assert_int_not_equal(finding->list->action, finding->other_list->action);
		assert_false(finding->entry->is_exclusion || finding->other->is_exclusion);
	}
}

static void check_others(const struct lint_report *report)
{
	const struct lint_findings *findings = &report->of[LINT_REDUNDANT];

	for (size_t i = 0; i < findings->count; i++) {
		const struct lint_finding *finding = &findings->items[i];

		if (!finding->other) {
			assert_true(finding->entry->is_exclusion);
			continue;
		}
		assert_ptr_not_equal(finding->other, finding->entry);
		assert_true(oracle_covers(&finding->other->prefix, &finding->entry->prefix));
	}
}

/* What an entry has, with times of its own, in tens of seconds; 0: none. */
static const struct provenance *about_with(const struct provenance *about, unsigned int added,
					   unsigned int expires)
{
	static struct provenance drawn[SOURCE_COUNT][40 + 1][10 + 1];
	struct provenance *with;
	int source = 0;

	while (strcmp(source_names[source], about->origin) != 0)
		source++;
	with = &drawn[source][added][expires];
	*with = (struct provenance) { .origin = source_names[source],
				      .added_at_sec = added ? NOW - 10 * (added - 1) : 0,
				      .expires_at_sec = expires ? NOW + 10 * (expires - 1) : 0 };
	return with;
}

/* Give some entries times; sets are finished but still only ours. */
static void draw_times(struct policy *policy)
{
	for (size_t i = 0; i < policy->list_count; i++)
		for (int source = 0; source < SOURCE_COUNT; source++) {
			struct entry_set *set = policy->lists[i].sets[source];

			for (size_t j = 0; set && j < set->count; j++) {
				struct entry *entry = &set->entries[j];

				unsigned int added = 0, expires = 0;

				if (!entry->is_exclusion && random_chance(40))
					expires = 1 + random_below(10);
				if (random_chance(40))
					added = 1 + random_below(40);
				entry->about = about_with(entry->about, added, expires);
			}
		}
}

static struct lint_options all_checks(void)
{
	struct lint_options options = {
		.limit = SIZE_MAX,
		.now_sec = NOW,
		.unused_sec = 150,
		.expiring_sec = 50,
		.counted_since_sec = NOW - (random_chance(50) ? 100 : 200),
		.last_hit_sec = hit_of,
	};

	for (int check = 0; check < LINT_CHECK_COUNT; check++)
		options.checks[check] = true;
	for (int family = 0; family < FAMILY_COUNT; family++)
		options.min_len[family] = (uint8_t)random_below(family_len[family] + 1U);
	return options;
}

static void test_against_oracle(void **state)
{
	(void)state;
	random_start("lint");
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = random_policy(5, 12);
		struct lint_options options = all_checks();
		struct lint_report report;

		draw_times(policy);
		number_alone(policy);
		assert_int_equal(lint_policy(policy, &options, &report), 0);
		for (size_t i = 0; i < policy->list_count; i++) {
			const struct list *list = &policy->lists[i];
			struct entry_cursor cursor;
			const struct entry *entry;

			entry_cursor_init(&cursor, list, NULL);
			while ((entry = entry_cursor_next(&cursor)))
				check_entry(&options, list, entry, &report);
		}
		check_conflicts(policy, &report);
		check_others(&report);
		lint_done(&report);
		policy_free(policy);
	}
}

/* A limit keeps the first findings and counts all. A list, or fewer checks, remove the others. */
static void test_limit_and_filters(void **state)
{
	(void)state;
	random_start("lint");
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = random_policy(4, 10);
		struct lint_options options = all_checks();
		struct lint_report all, some;
		enum lint_check left_out = (enum lint_check)random_below(LINT_CHECK_COUNT);

		draw_times(policy);
		number_alone(policy);
		assert_int_equal(lint_policy(policy, &options, &all), 0);
		options.limit = random_below(4);
		options.checks[left_out] = false;
		if (policy->list_count)
			options.list =
			    &policy->lists[random_below((unsigned int)policy->list_count)];
		assert_int_equal(lint_policy(policy, &options, &some), 0);
		for (int check = 0; check < LINT_CHECK_COUNT; check++) {
			const struct lint_findings *few = &some.of[check], *many = &all.of[check];
			size_t total = 0;

			for (size_t i = 0; i < many->count; i++) {
				if (check == (int)left_out ||
				    (options.list && many->items[i].list != options.list))
					continue;
				if (total < options.limit)
					assert_ptr_equal(few->items[total].entry,
							 many->items[i].entry);
				total++;
			}
			assert_int_equal(few->total, total);
			assert_int_equal(few->count, total < options.limit ? total : options.limit);
		}
		lint_done(&all);
		lint_done(&some);
		policy_free(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_oracle),
		cmocka_unit_test(test_limit_and_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
