/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guards of feeds one by one, and address space compared with a walk over all addresses. */
#include "feeds/guards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/reserved.h"
#include "random_prefix.h"

#define ROUNDS 3000
/* The random sets lie in 5.6.7.0/24. */
#define SPACE "5.6.7."
#define ADDRESSES 256

static const struct feed_guards strict = {
	.checks_count = true,
	.max_shrink_percent = 50,
	.max_growth_factor = 10,
	.min_len = { 8, 19 },
};

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void add(struct entry_set *set, const struct prefix *prefix, bool is_exclusion)
{
	const struct entry entry = { .prefix = *prefix,
				     .is_exclusion = is_exclusion,
				     .source = SOURCE_FEED };

	assert_int_equal(entry_set_add(set, &entry), 0);
}

/* A set of words, "!" before an exclusion. */
static struct entry_set *set_of(const char *words)
{
	struct entry_set *set = entry_set_new();
	char copy[1024];
	char *rest = copy, *word;

	assert_non_null(set);
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, " "))) {
		struct prefix prefix;

		if (!*word)
			continue;
		prefix = prefix_of(word + (*word == '!'));
		add(set, &prefix, *word == '!');
	}
	entry_set_finish(set);
	return set;
}

/* So many addresses from 5.0.0.0 on. */
static struct entry_set *set_of_count(unsigned int count)
{
	struct entry_set *set = entry_set_new();

	assert_non_null(set);
	for (unsigned int i = 0; i < count; i++) {
		struct prefix prefix = { .addr = { 5, 0, (uint8_t)(i >> 8), (uint8_t)i },
					 .len = 32 };

		add(set, &prefix, false);
	}
	entry_set_finish(set);
	return set;
}

/* What the guards say, all in one text; "" if nothing. */
static const char *check(const struct feed_guards *guards, const struct feed_candidate *candidate)
{
	static char text[4096];
	struct lines reasons = { 0 };
	size_t used = 0;

	text[0] = '\0';
	feed_guards_check(guards, candidate, &reasons);
	for (size_t i = 0; i < reasons.count && used < sizeof(text); i++)
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", reasons.items[i]);
	lines_done(&reasons);
	return text;
}

static void check_counts(const struct feed_guards *guards, int before, unsigned int after,
			 const char *word)
{
	struct entry_set *old = before < 0 ? NULL : set_of_count((unsigned int)before);
	struct entry_set *new = set_of_count(after);
	const struct feed_candidate candidate = { .before = old, .after = new };
	const char *text = check(guards, &candidate);

	if (*word ? !strstr(text, word) : *text != '\0')
		fail_msg("from %d to %u: expected \"%s\", got \"%s\"", before, after, word, text);
	entry_set_unref(old);
	entry_set_unref(new);
}

static void test_counts(void **state)
{
	struct feed_guards lax = strict;

	(void)state;
	check_counts(&strict, -1, 0, "");
	check_counts(&strict, 0, 0, "");
	check_counts(&strict, 0, 1000, "");
	check_counts(&strict, -1, 1000, "");
	check_counts(&strict, 1, 0, "may_be_empty");
	check_counts(&strict, 10, 5, "");
	check_counts(&strict, 10, 4, "max_shrink");
	check_counts(&strict, 11, 6, "");
	check_counts(&strict, 11, 5, "max_shrink");
	check_counts(&strict, 10, 100, "");
	check_counts(&strict, 10, 101, "max_growth");
	check_counts(&strict, 10, 10, "");
	lax.may_be_empty = true;
	check_counts(&lax, 10, 0, "");
	check_counts(&lax, 10, 4, "max_shrink");
	lax.max_shrink_percent = 100;
	check_counts(&lax, 1000, 1, "");
	lax.max_shrink_percent = 0;
	check_counts(&lax, 1000, 999, "more than 0 % fewer");
	lax.max_growth_factor = 1;
	check_counts(&lax, 10, 11, "more than 1 times");
}

static void test_declared_count(void **state)
{
	struct entry_set *set = set_of("5.5.5.5");
	struct feed_candidate candidate = {
		.after = set, .is_cut = true, .declared_count = 7, .record_count = 1
	};
	struct feed_guards lax = strict;

	(void)state;
	assert_string_equal(check(&strict, &candidate),
			    "it says that it has 7 records and has 1: it may be cut off\n");
	lax.checks_count = false;
	assert_string_equal(check(&lax, &candidate), "");
	candidate.is_cut = false;
	assert_string_equal(check(&strict, &candidate), "");
	entry_set_unref(set);
}

static void check_words(const struct feed_guards *guards, enum action action, const char *words,
			const char *expected)
{
	const struct prefix own[] = { prefix_of("5.5.5.5"), prefix_of("2600::25") };
	const struct prefix protected[] = { prefix_of("6.6.0.0/16"), prefix_of("2700::/32") };
	struct entry_set *set = set_of(words);
	const struct feed_candidate candidate = {
		.action = action,
		.after = set,
		.own = { own, 2 },
		.protected = { protected, 2 },
	};

	assert_string_equal(check(guards, &candidate), expected);
	entry_set_unref(set);
}

static void test_width(void **state)
{
	struct feed_guards lax = strict;

	(void)state;
	check_words(&strict, ACTION_ALLOW, "11.0.0.0/8 2a00::/19 !0.0.0.0/1 !::/0", "");
	check_words(&strict, ACTION_ALLOW, "8.0.0.0/7",
		    "8.0.0.0/7 is wider than /8 "
		    "(min_ipv4_length)\n");
	check_words(&strict, ACTION_ALLOW, "8.0.0.0/7 2c00::/7",
		    "8.0.0.0/7 is wider than /8 (min_ipv4_length)\n"
		    "2c00::/7 is wider than /19 (min_ipv6_length)\n");
	lax.min_len[FAMILY_IPV4] = lax.min_len[FAMILY_IPV6] = 0;
	check_words(&lax, ACTION_ALLOW, "8.0.0.0/7 2c00::/7", "");
}

static void test_reserved(void **state)
{
	static const char *const spaces[] = {
		"10.1.0.0/16",	"172.31.255.255", "192.168.0.0/16",  "100.127.0.0/16",
		"127.0.0.1",	"169.254.0.0/24", "239.255.255.250", "192.0.2.0/25",
		"198.51.100.7", "203.0.113.0/24", "198.19.0.0/16",   "0.1.2.3",
		"255.0.0.0/8",	"192.0.0.9",	  "fd12::/32",	     "::1",
		"febf::1",	"ff02::1",	  "2001:db8::1",     "3fff:fff::/32",
		"::",		"192.168.0.0/15", "192.0.0.0/16",    "2001:d00::/24",
	};
	struct feed_guards lax = strict;

	(void)state;
	lax.spaces[FEED_SPACE_RESERVED] = SPACE_TAKE;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		struct entry_set *set = set_of(spaces[i]);
		const struct feed_candidate candidate = { .after = set };

		if (!strstr(check(&strict, &candidate), "(reserved)"))
			fail_msg("%s is let in", spaces[i]);
		assert_string_equal(check(&lax, &candidate), "");
		entry_set_unref(set);
	}
	check_words(&strict, ACTION_ALLOW,
		    "9.255.255.255 11.0.0.0 172.15.0.0/16 172.32.0.0/16 192.167.0.0/16 "
		    "192.169.0.0/16 100.63.0.0/16 100.128.0.0/16 126.0.0.0/8 128.0.0.0/8 "
		    "169.253.0.0/16 223.255.255.0/24 192.0.1.0/24 192.0.3.0/24 1.0.0.0/8 ::2 "
		    "2001:db7::/32 2001:db9::/32 fbff::/32 fe00::/32 fec0::/32 3ffe::/32",
		    "");
	/* A hole of the list's own. */
	check_words(&strict, ACTION_ALLOW, "192.0.0.0/14 !192.0.0.0/24 !192.0.2.0/24", "");
}

static void test_own_and_protected(void **state)
{
	struct feed_guards lax = strict;

	(void)state;
	check_words(&strict, ACTION_BLOCK, "5.5.5.4 5.5.5.6 6.5.0.0/16 2600::24 2701::/32", "");
	check_words(&strict, ACTION_BLOCK, "5.5.5.0/24 2600::/20",
		    "5.5.5.0/24 would block this host's own address 5.5.5.5 (own)\n"
		    "2600::/20 would block this host's own address 2600::25 (own)\n");
	check_words(&strict, ACTION_BLOCK, "6.0.0.0/8 2700::1",
		    "6.0.0.0/8 would block the protected 6.6.0.0/16 (may_hold_protected)\n"
		    "2700::1 would block the protected 2700::/32 (may_hold_protected)\n");
	check_words(&strict, ACTION_ALLOW, "5.5.5.5 6.6.6.6 2600::25 2700::/32", "");
	check_words(&strict, ACTION_BLOCK, "5.5.5.0/24 !5.5.5.5 6.0.0.0/8 !6.6.0.0/15", "");
	check_words(&strict, ACTION_BLOCK, "5.5.5.5 !5.5.5.5", "");
	check_words(&strict, ACTION_BLOCK, "6.0.0.0/8 !6.6.0.0/16 6.6.6.6",
		    "6.6.6.6 would block the protected 6.6.0.0/16 (may_hold_protected)\n");
	lax.spaces[FEED_SPACE_OWN] = SPACE_CUT;
	lax.may_hold_protected = true;
	check_words(&lax, ACTION_BLOCK, "5.5.5.5 6.6.6.6",
		    "5.5.5.5 would block this host's own address 5.5.5.5 (own)\n");
	lax.spaces[FEED_SPACE_OWN] = SPACE_TAKE;
	check_words(&lax, ACTION_BLOCK, "5.5.5.5 6.6.6.6", "");
}

/* ---- against a walk over all addresses ---------------------------------- */

static struct prefix random_in_space(void)
{
	struct prefix address = { .addr = { 5, 6, 7, (uint8_t)random_below(ADDRESSES) },
				  .len = 32 };

	return prefix_truncate(&address, (uint8_t)(24 + random_below(9)));
}

/* Whether the set lists an address: by the longest of all that cover it, where an
 * exclusion holds over an entry. Looks at each. */
static bool is_listed(const struct entry_set *set, unsigned int last)
{
	const struct prefix address = { .addr = { 5, 6, 7, (uint8_t)last }, .len = 32 };
	int longest = -1;
	bool is_listed = false;

	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		if (!prefix_contains(&entry->prefix, &address) || entry->prefix.len < longest)
			continue;
		is_listed =
		    !entry->is_exclusion && (entry->prefix.len > longest ? true : is_listed);
		longest = entry->prefix.len;
	}
	return is_listed;
}

/* Add random prefixes of a source to @set, and those that count to @all. Entries of the list
 * itself are not the feed's. */
static void add_random(struct entry_set *set, struct entry_set *all, bool is_feed)
{
	for (unsigned int i = random_below(6); i > 0; i--) {
		const struct prefix prefix = random_in_space();
		const bool is_exclusion = random_chance(40);

		add(set, &prefix, is_exclusion);
		if (is_feed || is_exclusion)
			add(all, &prefix, is_exclusion);
	}
	entry_set_finish(set);
}

static void test_space_against_all_addresses(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct entry_set *set = entry_set_new(), *all = entry_set_new();
		struct list list = { .name = NULL };
		struct prefix space = random_in_space();
		const struct feed_candidate candidate = { .action = ACTION_BLOCK,
							  .list = random_chance(70) ? &list : NULL,
							  .after = set,
							  .protected = { &space, 1 } };
		bool holds = false, trips;

		assert_true(set && all);
		add_random(set, all, true);
		for (int source = SOURCE_CONFIG; candidate.list && source <= SOURCE_FILE;
		     source++) {
			list.sets[source] = entry_set_new();
			add_random(list.sets[source], all, false);
		}
		entry_set_finish(all);
		for (unsigned int last = 0; last < ADDRESSES; last++) {
			const struct prefix address = { .addr = { 5, 6, 7, (uint8_t)last },
							.len = 32 };

			holds |= prefix_contains(&space, &address) && is_listed(all, last);
		}
		trips = *check(&strict, &candidate) != '\0';
		if (holds != trips)
			fail_msg("round %d: holds %d, trips %d", round, holds, trips);
		entry_set_unref(set);
		entry_set_unref(all);
		entry_set_unref(list.sets[SOURCE_CONFIG]);
		entry_set_unref(list.sets[SOURCE_FILE]);
	}
}

/* Addresses that the list excludes are not judged, however wide the exclusion is. Exclusions of
 * another feed have no effect. */
static void test_exclusions_of_the_list(void **state)
{
	struct entry_set *set = set_of("0.0.0.0/8 10.0.0.0/8 224.0.0.0/3 45.9.148.0/24 5.5.5.0/24");
	struct entry_set *exclusions = set_of("!0.0.0.0/8 !10.0.0.0/8 !224.0.0.0/3 10.0.0.0/7");
	struct list list = { .sets = { [SOURCE_FILE] = exclusions } };
	struct feed_candidate candidate = { .action = ACTION_BLOCK, .list = &list, .after = set };

	(void)state;
	assert_string_equal(check(&strict, &candidate), "");
	list.sets[SOURCE_CONFIG] = exclusions;
	list.sets[SOURCE_FILE] = NULL;
	assert_string_equal(check(&strict, &candidate), "");
	list.sets[SOURCE_FEED] = exclusions;
	list.sets[SOURCE_CONFIG] = NULL;
	assert_non_null(strstr(check(&strict, &candidate), "224.0.0.0/3 is wider than /8"));
	assert_non_null(strstr(check(&strict, &candidate), "10.0.0.0/8 is private space"));
	entry_set_unref(set);
	entry_set_unref(exclusions);
}

static void test_reserved_spaces(void **state)
{
	(void)state;
	for (size_t i = 1; i < RESERVED_COUNT; i++)
		assert_true(
		    prefix_compare(&reserved_spaces[i - 1].prefix, &reserved_spaces[i].prefix) <
			0 &&
		    !prefix_contains(&reserved_spaces[i - 1].prefix, &reserved_spaces[i].prefix));
}

static void test_html(void **state)
{
	static const struct {
		const char *text;
		bool is_html;
	} cases[] = {
		{ "<!DOCTYPE html>", true },
		{ "<!doctype HTML PUBLIC", true },
		{ "\r\n\t <html>", true },
		{ "\xef\xbb\xbf<HTML", true },
		{ "<?xml version", true },
		{ "<body>", true },
		{ "", false },
		{ " \n", false },
		{ "<", false },
		{ "# <html>\n192.0.2.1", false },
		{ "192.0.2.1\n<html>", false },
		{ "<htm", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(feed_is_html(cases[i].text, strlen(cases[i].text)),
				 cases[i].is_html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_declared_count),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_own_and_protected),
		cmocka_unit_test(test_space_against_all_addresses),
		cmocka_unit_test(test_exclusions_of_the_list),
		cmocka_unit_test(test_reserved_spaces),
		cmocka_unit_test(test_html),
	};

	random_start("test_feed_guards");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
