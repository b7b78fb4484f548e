/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries that one ipwl writes and another reads: nothing of them is lost on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "export_text.h"
#include "formats/read.h"
#include "random_policy.h"

static void add(struct list *list, enum source source, const char *text, const char *reason,
		int64_t expires_at_sec)
{
	const struct provenance about = { .origin = "test", .expires_at_sec = expires_at_sec };
	struct entry entry = { .source = (uint8_t)source,
			       .is_exclusion = *text == '!',
			       .reason = reason,
			       .about = &about };
	struct entry_set *set = entry_set_new();

	text += entry.is_exclusion;
	assert_int_equal(prefix_parse(text, strlen(text), &entry.prefix, NULL), PREFIX_OK);
	for (size_t i = 0; list->sets[source] && i < list->sets[source]->count; i++)
		assert_int_equal(entry_set_add(set, &list->sets[source]->entries[i]), 0);
	assert_int_equal(entry_set_add(set, &entry), 0);
	entry_set_finish(set);
	list_replace_set(list, source, set);
}

static char *write_entries(const struct list *list)
{
	const struct export export = { .format = EXPORT_JSON_ENTRIES,
				       .action = list->action,
				       .lists = &list,
				       .list_count = 1 };

	return text_of(&export);
}

/* Read a text as a feed of @action does. */
static struct entry_set *read_entries(const char *text, enum action action, size_t *ret_skipped)
{
	struct diagnostics diagnostics;
	struct format_result result;
	struct entry_set *set = entry_set_new();
	const struct format_input input = { .bytes = text,
					    .byte_count = strlen(text),
					    .name = "text",
					    .format = FORMAT_AUTO,
					    .action = action,
					    .source = SOURCE_FEED,
					    .set = set,
					    .diagnostics = &diagnostics };
	int err;

	diagnostics_init(&diagnostics);
	err = format_read(&input, &result);
	if (err || diagnostics.warning_count)
		diagnostics_print(&diagnostics, SIZE_MAX, stderr);
	assert_int_equal(err, 0);
	assert_int_equal(diagnostics.warning_count, 0);
	assert_int_equal(result.format, FORMAT_JSON);
	*ret_skipped = result.skipped_counts[FORMAT_SKIP_ACTION];
	diagnostics_done(&diagnostics);
	entry_set_finish(set);
	return set;
}

static void assert_entry(const struct entry *entry, const char *text, const char *reason,
			 int64_t expires_at_sec)
{
	char prefix[PREFIX_TEXT_BYTES];

	assert_int_equal(entry->is_exclusion, *text == '!');
	assert_string_equal(prefix_format_short(&entry->prefix, prefix), text + (*text == '!'));
	if (reason)
		assert_string_equal(entry->reason, reason);
	else
		assert_null(entry->reason);
	assert_int_equal(entry->about->expires_at_sec, expires_at_sec);
}

/* All sources but feeds. What several say about a prefix becomes one record. */
static void test_entries_survive(void **state)
{
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "partners", ACTION_ALLOW);
	struct entry_set *set;
	size_t skipped;
	char *text;

	(void)state;
	add(list, SOURCE_CONFIG, "8.8.0.0/16", NULL, 0);
	add(list, SOURCE_FILE, "!8.8.4.0/24", "not \"these\" \\ M\303\274ller", 1900000000);
	add(list, SOURCE_MANUAL, "8.8.4.4", "a ticket", 1900000001);
	add(list, SOURCE_LEARNED, "8.8.4.4", "learned", 1900000002);
	add(list, SOURCE_MANUAL, "9.9.9.9", NULL, 1900000003);
	add(list, SOURCE_CONFIG, "9.9.9.9", "written", 0);
	add(list, SOURCE_FEED, "9.9.9.9", "of a feed", 0);
	add(list, SOURCE_FEED, "1.1.1.1", NULL, 0);
	add(list, SOURCE_DOMAIN, "2620:fe::/48", "a domain", 0);
	add(list, SOURCE_MANUAL, "!2620:fe::/48", NULL, 1900000004);
	text = write_entries(list);
	/* Each text fits the list that it is for. */
	set = read_entries(text, ACTION_BLOCK, &skipped);
	assert_int_equal(set->count, 0);
	assert_int_equal(skipped, 6);
	entry_set_unref(set);
	set = read_entries(text, ACTION_ALLOW, &skipped);
	assert_int_equal(skipped, 0);
	assert_int_equal(set->count, 6);
	assert_entry(&set->entries[0], "8.8.0.0/16", NULL, 0);
	assert_entry(&set->entries[1], "!8.8.4.0/24", "not \"these\" \\ M\303\274ller", 1900000000);
	assert_entry(&set->entries[2], "8.8.4.4", "a ticket", 1900000002);
	assert_entry(&set->entries[3], "9.9.9.9", "written", 0);
	assert_entry(&set->entries[4], "2620:fe::/48", "a domain", 0);
	assert_entry(&set->entries[5], "!2620:fe::/48", NULL, 1900000004);
	entry_set_unref(set);
	free(text);
	policy_free(policy);
}

/* A guard judges an empty list. It is no error of the text. */
static void test_an_empty_list_is_a_list(void **state)
{
	struct policy *policy = policy_new();
	char *text = write_entries(policy_add_list(policy, "partners", ACTION_ALLOW));
	size_t skipped;
	struct entry_set *set = read_entries(text, ACTION_ALLOW, &skipped);

	(void)state;
	assert_int_equal(set->count, 0);
	entry_set_unref(set);
	free(text);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_survive),
		cmocka_unit_test(test_an_empty_list_is_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
