/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry sets: order, strings, sharing. */
#include "core/entry.h"

#include <pthread.h>

#include "random_policy.h"

static void test_names(void **state)
{
	(void)state;
	for (int source = 0; source < SOURCE_COUNT; source++)
		assert_non_null(source_names[source]);
	assert_string_equal(source_names[SOURCE_LEARNED], "learned");
}

static void test_empty_set(void **state)
{
	struct entry_set *set = entry_set_new();
	struct prefix prefix = { .len = 32 };

	(void)state;
	entry_set_finish(set);
	assert_int_equal(set->count, 0);
	assert_int_equal(entry_set_lower_bound(set, &prefix), 0);
	entry_set_unref(set);
	entry_set_unref(NULL);
	/* Given up before it is finished. */
	set = entry_set_new();
	add_entry(set, SOURCE_FILE, &prefix, false);
	entry_set_unref(set);
}

/* Lines are numbered as added, so among equal prefixes they ascend. */
static void test_sorted_then_as_added(void **state)
{
	(void)state;
	random_start("entry");
	for (int round = 0; round < 300; round++) {
		struct entry_set *set = entry_set_new();
		uint32_t count = random_below(200);
		size_t expected_counts[FAMILY_COUNT] = { 0 };
		uint64_t line_sum = 0;

		for (uint32_t i = 0; i < count; i++) {
			struct entry entry = { .prefix = random_prefix_any(), .line = i + 1 };

			entry.is_exclusion = random_chance(30);
			expected_counts[entry.prefix.family] += !entry.is_exclusion;
			assert_int_equal(entry_set_add(set, &entry), 0);
		}
		entry_set_sort(set);
		assert_int_equal(set->count, count);
		for (size_t i = 0; i < count; i++) {
			const struct entry *entry = &set->entries[i];
			int order = i ? prefix_compare(&entry[-1].prefix, &entry->prefix) : -1;

			assert_true(order < 0 || (order == 0 && entry[-1].line < entry->line));
			line_sum += entry->line;
		}
		assert_int_equal(line_sum, (uint64_t)count * (count + 1) / 2);
		for (int family = 0; family < FAMILY_COUNT; family++)
			assert_int_equal(set->entry_counts[family], expected_counts[family]);
		entry_set_unref(set);
	}
}

static bool repeats(const struct entry *one, const struct entry *other)
{
	return !prefix_compare(&one->prefix, &other->prefix) && one->source == other->source &&
	       one->is_exclusion == other->is_exclusion &&
	       !strcmp(one->about->origin, other->about->origin);
}

/* @expires_at_sec: up to 103. */
static const struct provenance *about_of(const char *origin, int64_t expires_at_sec)
{
	static struct provenance all[3][104];
	struct provenance *about = &all[origin[0] - 'a'][expires_at_sec];

	*about = (struct provenance) { .origin = origin, .expires_at_sec = expires_at_sec };
	return about;
}

/* Pick one of few entries, so that many repeat others. */
static struct entry draw_entry(uint32_t line)
{
	static const char *const origins[] = { "a.list", "b.list", "c.list" };
	struct entry entry = { .prefix = { .addr = { 10, (uint8_t)random_below(4) }, .len = 16 },
			       .line = line };

	entry.is_exclusion = random_chance(30);
	entry.source = (uint8_t)random_below(2);
	entry.about =
	    about_of(origins[random_below(3)], random_chance(30) ? 0 : 1 + random_below(100));
	return entry;
}

/* Keep of each kind the first, with the latest expiry. Return: how many there are. */
static size_t collapse_slowly(struct entry *entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < kept && !repeats(&entries[j], &entries[i]))
			j++;
		if (j == kept)
			entries[kept++] = entries[i];
		else if (!entries[i].about->expires_at_sec ||
			 (entries[j].about->expires_at_sec &&
			  entries[j].about->expires_at_sec < entries[i].about->expires_at_sec))
			entries[j].about = entries[i].about; /* of the same origin */
	}
	return kept;
}

static void check_collapsed(const struct entry_set *set, const struct entry *expected, size_t count)
{
	size_t entry_count = 0;

	assert_int_equal(set->count, count);
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = set->entries;

		while (entry < set->entries + set->count && !repeats(entry, &expected[i]))
			entry++;
		assert_true(entry < set->entries + set->count);
		assert_int_equal(entry->line, expected[i].line);
		assert_int_equal(entry->about->expires_at_sec, expected[i].about->expires_at_sec);
		entry_count += !entry->is_exclusion;
	}
	assert_int_equal(set->entry_counts[FAMILY_IPV4], entry_count);
}

/* Also where a part is collapsed before all of it is. */
static void test_repeated_entries(void **state)
{
	(void)state;
	random_start("entry");
	for (int round = 0; round < 500; round++) {
		struct entry_set *set = entry_set_new();
		struct entry added[120];
		size_t count = random_below(120), kept, dropped = 0, from = 0;

		for (size_t i = 0; i < count; i++) {
			added[i] = draw_entry((uint32_t)i + 1);
			assert_int_equal(entry_set_add(set, &added[i]), 0);
			if (random_chance(5)) {
				from = random_below((uint32_t)set->count);
				dropped += entry_set_collapse(set, from);
			}
		}
		kept = collapse_slowly(added, count);
		entry_set_finish(set);
		assert_true(dropped <= count - kept);
		assert_int_equal(set->duplicate_count, count - kept);
		check_collapsed(set, added, kept);
		entry_set_unref(set);
	}
}

/* A million times the same costs no more than a million that differ. */
static void test_one_entry_very_often(void **state)
{
	struct entry_set *set = entry_set_new();
	struct entry entry = { .prefix = { .addr = { 192, 0, 2, 1 }, .len = 32 },
			       .about = about_of("a.list", 0) };

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		entry.line = i + 1;
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	assert_int_equal(set->count, 1);
	assert_int_equal(set->entries[0].line, 1);
	assert_int_equal(set->duplicate_count, 999999);
	assert_int_equal(set->duplicates[0].line, 2);
	assert_int_equal(set->duplicates[DUPLICATES_KEPT - 1].first_line, 1);
	entry_set_unref(set);
}

static void test_strings_are_copied(void **state)
{
	struct entry_set *set = entry_set_new();
	char origin[32], reason[32], author[32];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct provenance about = { .origin = origin };
		struct entry entry = { .line = i, .about = &about };

		entry.prefix = (struct prefix) { .len = 32 };
		entry.prefix.addr[1] = (uint8_t)(i >> 16);
		entry.prefix.addr[2] = (uint8_t)(i >> 8);
		entry.prefix.addr[3] = (uint8_t)i;
		about.added_at_sec = (int64_t)i << 32;
		about.expires_at_sec = -1;
		snprintf(origin, sizeof(origin), "/etc/%u.list", i / 100);
		snprintf(reason, sizeof(reason), "reason %u", i);
		snprintf(author, sizeof(author), "author %u", i / 1000);
		if (i % 3)
			entry.reason = reason;
		if (i % 5)
			about.author = author;
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	memset(origin, 'x', sizeof(origin) - 1);
	entry_set_finish(set);
	for (unsigned int i = 0; i < 20000; i++) {
		const struct entry *entry = &set->entries[i];

		assert_int_equal(entry->line, i);
		assert_int_equal(entry->about->added_at_sec, (int64_t)i << 32);
		assert_int_equal(entry->about->expires_at_sec, -1);
		snprintf(origin, sizeof(origin), "/etc/%u.list", i / 100);
		snprintf(reason, sizeof(reason), "reason %u", i);
		snprintf(author, sizeof(author), "author %u", i / 1000);
		assert_string_equal(entry->about->origin, origin);
		assert_int_equal(entry->reason != NULL, i % 3 != 0);
		if (entry->reason)
			assert_string_equal(entry->reason, reason);
		assert_int_equal(entry->about->author != NULL, i % 5 != 0);
		if (entry->about->author)
			assert_string_equal(entry->about->author, author);
	}
	/* One copy for a run of equals, even across entries without one. */
	assert_ptr_equal(set->entries[100].about->origin, set->entries[199].about->origin);
	assert_ptr_equal(set->entries[1].about->author, set->entries[999].about->author);
	entry_set_unref(set);
}

/* A run of entries shares one. Those that have none can be read like others. */
static void test_provenances_are_shared(void **state)
{
	struct entry_set *set = entry_set_new();

	(void)state;
	for (uint8_t i = 0; i < 90; i++) {
		const struct provenance about = { .origin = "a.list", .added_at_sec = i / 30 };
		const struct entry entry = { .prefix = { .addr = { 10, 0, 0, i }, .len = 32 },
					     .about = i < 60 ? &about : NULL };

		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	for (size_t i = 1; i < 90; i++)
		assert_int_equal(set->entries[i].about == set->entries[i - 1].about, i % 30 != 0);
	assert_int_equal(set->entries[59].about->added_at_sec, 1);
	assert_null(set->entries[60].about->origin);
	assert_ptr_equal(set->entries[0].about->origin, set->entries[30].about->origin);
	entry_set_unref(set);
}

static void test_long_strings(void **state)
{
	struct entry_set *set = entry_set_new();
	size_t bytes = 200000;
	char *reason = malloc(bytes);

	(void)state;
	assert_non_null(reason);
	memset(reason, 'r', bytes);
	for (uint8_t i = 0; i < 20; i++) {
		struct entry entry = { .prefix = { .addr = { i }, .len = 32 }, .reason = reason };

		reason[bytes - 1 - i * 1000] = '\0';
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	for (uint8_t i = 0; i < 20; i++)
		assert_int_equal(strlen(set->entries[i].reason), bytes - 1 - i * 1000);
	free(reason);
	entry_set_unref(set);
}

static void test_lower_bound(void **state)
{
	struct entry_set *set;

	(void)state;
	random_start("entry");
	for (int round = 0; round < 100; round++) {
		set = random_set(SOURCE_FEED, 60);
		for (int probe = 0; probe < 50; probe++) {
			struct prefix prefix = random_prefix_any();
			size_t before = 0;

			for (size_t i = 0; i < set->count; i++)
				before += prefix_compare(&set->entries[i].prefix, &prefix) < 0;
			assert_int_equal(entry_set_lower_bound(set, &prefix), before);
		}
		entry_set_unref(set);
	}
}

static void *ref_and_unref(void *argument)
{
	struct entry_set *set = argument;

	for (int i = 0; i < 100000; i++)
		entry_set_unref(entry_set_ref(set));
	return NULL;
}

static void test_references_from_threads(void **state)
{
	struct entry_set *set = entry_set_new();
	pthread_t threads[4];

	(void)state;
	entry_set_finish(set);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, set), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(set->references, 1);
	entry_set_unref(set);
}

static void test_unexpired(void **state)
{
	struct entry_set *set = entry_set_new(), *rest;

	(void)state;
	for (int64_t i = 0; i < 5; i++) {
		struct entry entry = { .prefix = { .len = 32, .addr = { 10, 0, 0, (uint8_t)i } },
				       .reason = i == 4 ? "stays" : NULL,
				       .about = about_of("a.list", i == 4 ? 0 : 103 - i) };

		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	assert_int_equal(set->first_expiry_sec, 100);
	rest = entry_set_unexpired(set, 101);
	assert_int_equal(rest->count, 3);
	assert_int_equal(rest->first_expiry_sec, 102);
	assert_string_equal(rest->entries[2].reason, "stays");
	entry_set_unref(set);
	set = entry_set_unexpired(rest, 200);
	assert_int_equal(set->count, 1);
	assert_int_equal(set->first_expiry_sec, 0);
	entry_set_unref(rest);
	entry_set_unref(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_empty_set),
		cmocka_unit_test(test_sorted_then_as_added),
		cmocka_unit_test(test_repeated_entries),
		cmocka_unit_test(test_one_entry_very_often),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_provenances_are_shared),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_lower_bound),
		cmocka_unit_test(test_references_from_threads),
		cmocka_unit_test(test_unexpired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
