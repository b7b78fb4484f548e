/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exported texts that are read again, by our readers and by those of other programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/prefix_set.h"
#include "export_text.h"
#include "formats/read.h"
#include "prefix_set_oracle.h"
#include "random_policy.h"

#define ROUNDS 150
#define LISTS_MAX 3
#define ENTRIES_MAX 10
#define LINE_BYTES 256

/* The format that reads each export; FORMAT_AUTO: none. */
static const enum format readers[EXPORT_FORMAT_COUNT] = {
	[EXPORT_PLAIN] = FORMAT_PLAIN,		 [EXPORT_POSTFIX_CIDR] = FORMAT_POSTFIX_CIDR,
	[EXPORT_RSPAMD_MAP] = FORMAT_RSPAMD_MAP, [EXPORT_SPAMASSASSIN] = FORMAT_SPAMASSASSIN,
	[EXPORT_RBLDNSD] = FORMAT_RBLDNSD,	 [EXPORT_EXIM] = FORMAT_EXIM,
	[EXPORT_OPENSMTPD] = FORMAT_OPENSMTPD,	 [EXPORT_JSON_ENTRIES] = FORMAT_JSON,
};

/* ---- sets that can be compared ------------------------------------------- */

/* The one form that equal sets share. */
static struct prefix_set canonical(const struct list *const lists[], size_t list_count)
{
	struct prefix_set set, flat;

	assert_int_equal(prefix_set_build(lists, list_count, &set), 0);
	assert_int_equal(prefix_set_split(&set, true, &flat), 0);
	prefix_set_done(&set);
	return flat;
}

static void assert_same(const struct prefix_set *expected, const struct prefix_set *set,
			const char *text)
{
	bool is_same = expected->count == set->count;

	for (size_t i = 0; is_same && i < set->count; i++)
		is_same = !prefix_compare(&expected->nodes[i].prefix, &set->nodes[i].prefix);
	if (!is_same)
		print_error("another set is in this text:\n%s", text);
	assert_true(is_same);
}

/* ---- readers ------------------------------------------------------------- */

static void read_by_format(const char *text, const struct export *export, struct entry_set *set)
{
	struct diagnostics diagnostics;
	struct format_result result;
	struct format_input input = {
		.bytes = text,
		.byte_count = strlen(text),
		.name = "text",
		.format = readers[export->format],
		.action = export->action,
		.source = SOURCE_FILE,
		.set = set,
		.diagnostics = &diagnostics,
	};
	bool warns;
	int err;

	diagnostics_init(&diagnostics);
	err = format_read(&input, &result);
	/* All of a family is worth a warning; nothing else here is. */
	warns = !strstr(text, "0.0.0.0/0") && !strstr(text, "::/0") && diagnostics.warning_count;
	if (err || warns)
		diagnostics_print(&diagnostics, SIZE_MAX, stderr);
	assert_int_equal(err, 0);
	assert_false(warns);
	diagnostics_done(&diagnostics);
}

/* Read lines of a format that is only written. Each contains only a prefix and the text of
 * @around. */
static void read_lines(const char *text, const char *around, bool is_indented,
		       struct entry_set *set)
{
	for (const char *end; *text; text = end + 1) {
		struct entry entry = { .source = SOURCE_FILE };
		size_t start = strspn(text, around);
		size_t bytes = strcspn(text + start, ",\"\n");

		end = strchr(text, '\n');
		assert_non_null(end);
		if (*text == '#' || (is_indented && *text != '\t') || text + start >= end)
			continue;
		assert_int_equal(prefix_parse(text + start, bytes, &entry.prefix, NULL), PREFIX_OK);
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
}

/* Read the routes for a BGP speaker. Each is on a line that begins with @before. */
static void read_routes(const char *text, const char *before, struct entry_set *set)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		struct entry entry = { .source = SOURCE_FILE };
		const char *prefix = text + strlen(before);

		if (strncmp(text, before, strlen(before)) != 0)
			continue;
		assert_int_equal(prefix_parse(prefix, strcspn(prefix, " \n"), &entry.prefix, NULL),
				 PREFIX_OK);
		assert_int_equal(entry_set_add(set, &entry), 0);
	}
}

/* Read the elements of the sets as one set. */
static void read_elements(const char *text, const struct export *export, struct entry_set *set)
{
	const struct export plain = { .format = EXPORT_PLAIN, .action = export->action };
	size_t bytes;
	char *lines = NULL;
	FILE *stream = open_memstream(&lines, &bytes);

	for (; *text; text = strchr(text, '\n') + 1) {
		char name[32], element[64];

		if (sscanf(text, "add %31s %63s", name, element) == 2)
			fprintf(stream, "%s%s\n",
				strcspn(text, "\n") > strcspn(text, "m") ? "!" : "", element);
	}
	assert_int_equal(fclose(stream), 0);
	read_by_format(lines, &plain, set);
	free(lines);
}

static void read_text(const char *text, const struct export *export, struct entry_set *set)
{
	switch (export->format) {
	case EXPORT_HAPROXY:
		read_lines(text, "", false, set);
		break;
	case EXPORT_NFTABLES:
		read_lines(text, "\t", true, set);
		break;
	case EXPORT_IPSET:
		read_elements(text, export, set);
		break;
	case EXPORT_BIRD:
		read_routes(text, "\troute ", set);
		break;
	case EXPORT_OPENBGPD:
		read_routes(text, "\t", set);
		break;
	case EXPORT_EXABGP:
		read_routes(text, "\t\t\t\tunicast ", set);
		break;
	case EXPORT_CSV:
		assert_int_equal(strncmp(text, "prefix,family,action\n", 21), 0);
		read_lines(text + 21, "", false, set);
		break;
	case EXPORT_JSON:
		text = strstr(text, "\"prefixes\":[\n");
		assert_non_null(text);
		/* The last line closes the open brackets. */
		assert_string_equal(text + strlen(text) - 4, "\n]}\n");
		for (text = strchr(text, '\n') + 1; *text == '"'; text = strchr(text, '\n') + 1) {
			char line[LINE_BYTES] = "";

			memcpy(line, text, strcspn(text, "\n"));
			line[strlen(line)] = '\n';
			read_lines(line, "\"", false, set);
		}
		break;
	default:
		read_by_format(text, export, set);
	}
}

/* ---- round trips --------------------------------------------------------- */

static void check_round_trip(struct export *export)
{
	struct policy *again = policy_new();
	struct list *list = policy_add_list(again, "again", export->action);
	const struct list *const lists[] = { list };
	struct entry_set *set = entry_set_new();
	struct prefix_set expected, found;
	char *texts[2] = { NULL, NULL };

	export->families = export_has_two_texts(export->format) ? EXPORT_IPV4 : EXPORT_BOTH;
	texts[0] = text_of(export);
	read_text(texts[0], export, set);
	if (export->families == EXPORT_IPV4) {
		export->families = EXPORT_IPV6;
		texts[1] = text_of(export);
		read_text(texts[1], export, set);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_FILE, set);
	expected = canonical(export->lists, export->list_count);
	found = canonical(lists, 1);
	assert_same(&expected, &found, texts[0]);
	prefix_set_done(&expected);
	prefix_set_done(&found);
	policy_free(again);
	free(texts[0]);
	free(texts[1]);
}

/* Block lists may not hold all addresses, and a few short prefixes would be that. */
static struct policy *policy_to_export(enum action action)
{
	struct policy *policy = policy_new();

	for (unsigned int i = 0; i <= random_below(LISTS_MAX); i++) {
		struct list *list = policy_add_list(policy, "list", action);
		struct entry_set *set = entry_set_new();

		for (unsigned int j = random_below(ENTRIES_MAX + 1); j > 0; j--) {
			struct prefix prefix = random_prefix_any();

			if (prefix.len > 8 || action == ACTION_ALLOW)
				add_entry(set, SOURCE_FILE, &prefix, random_chance(30));
		}
		entry_set_finish(set);
		list_replace_set(list, SOURCE_FILE, set);
	}
	return policy;
}

static void test_round_trips(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS * EXPORT_FORMAT_COUNT * 2; round++) {
		struct export export = {
			.format = (enum export_format)(round % EXPORT_FORMAT_COUNT),
			.action = random_chance(70) ? ACTION_ALLOW : ACTION_BLOCK,
			.is_aggregated = random_chance(50),
		};
		const struct list *lists[LISTS_MAX + 1];
		struct policy *policy;

		if (export_refuse(export.format, export.action, 1))
			export.action = ACTION_ALLOW;
		policy = policy_to_export(export.action);
		for (; export.list_count < policy->list_count &&
		       !export_refuse(export.format, export.action, export.list_count + 1);
		     export.list_count++)
			lists[export.list_count] = &policy->lists[export.list_count];
		export.lists = lists;
		check_round_trip(&export);
		policy_free(policy);
	}
}

/* ---- where the first match wins ------------------------------------------ */

/* Whether the first line that covers the address says that it is listed. */
static bool first_match(const char *text, enum export_format format, const struct prefix *address)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		const char *start = text;
		struct prefix prefix;
		bool is_hole;

		if (*text == '#')
			continue;
		if (format == EXPORT_SPAMASSASSIN)
			start += strlen("trusted_networks ");
		is_hole = *start == '!';
		start += is_hole;
		assert_int_equal(prefix_parse(start, strcspn(start, "\t\n"), &prefix, NULL),
				 PREFIX_OK);
		if (format == EXPORT_POSTFIX_CIDR)
			is_hole = !strncmp(strchr(start, '\t'), "\tdunno\n", 7);
		if (oracle_covers(&prefix, address))
			return !is_hole;
	}
	return false;
}

struct first_match {
	const struct export *export;
	const char *text;
};

static void check_first_match(const struct prefix *address, void *context)
{
	const struct first_match *match = context;

	assert_int_equal(
	    first_match(match->text, match->export->format, address),
	    oracle_lists_hold(match->export->lists, match->export->list_count, address));
}

static void test_the_first_match_is_the_most_specific(void **state)
{
	static const enum export_format formats[] = { EXPORT_POSTFIX_CIDR, EXPORT_SPAMASSASSIN };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct policy *policy = policy_to_export(ACTION_ALLOW);
		const struct list *lists[LISTS_MAX + 1];
		struct export export = { .format = formats[round % 2],
					 .is_aggregated = random_chance(50),
					 .lists = lists };
		struct first_match match = { .export = &export };
		char *text;

		for (; export.list_count < policy->list_count; export.list_count++)
			lists[export.list_count] = &policy->lists[export.list_count];
		number_alone(policy);
		text = text_of(&export);
		match.text = text;
		for_each_probe(policy, check_first_match, &match);
		free(text);
		policy_free(policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_match_is_the_most_specific),
		cmocka_unit_test(test_round_trips),
	};

	random_start("test_export");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
