/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that is read again after random edits has exactly what a new reading gives. */
#include <errno.h>

#include "config/snapshot.h"
#include "config_fixture.h"
#include "formats/line_keeper.h"
#include "random_prefix.h"

#define FILES 2
#define LINES_MAX 400
#define LINE_BYTES 64
#define ROUNDS 12
#define EDITS 25

struct text {
	char lines[LINES_MAX][LINE_BYTES];
	size_t count;
	bool has_last_newline;
};

static struct text texts[FILES];
static const char *const paths[FILES] = { "one.list", "two.list" };

/* ---- random lines ------------------------------------------------------------- */

/* Lines that are not one entry and nothing else. */
static const char *const unusual[] = {
	"",
	"  ",
	"# a comment",
	"; Last-Modified: Fri, 30 Dec 2016 15:22:33 GMT",
	"# This File Date : Mon Nov 30 10:00:00 UTC 2026",
	"# hash:net ipset",
	"; Spamhaus DROP List",
	"192.0.2.1 - 192.0.2.9",
	"!198.51.100.3-198.51.100.7 # a range",
	"127.0.0.2",
	"10.0.0.0/8",
	"192.0.2.77/24 # cut",
	"192.0.2.78 7 # a number",
	"192.0.2.79;a;b",
	"::ffff:192.0.2.80",
	"\xef\xbb\xbf 192.0.2.81",
};
/* Errors, unless bad lines are skipped. */
static const char *const bad[] = { "nonsense", "192.0.2.1/33", "192.0.2.1,192.0.2.2", "0.0.0.0/0" };

static void make_line(char line[LINE_BYTES], bool may_be_bad)
{
	static const char *const reasons[] = { " # one", " ; two", "#", "\t# three  " };
	char prefix[PREFIX_TEXT_BYTES];
	struct prefix random;

	if (may_be_bad && random_chance(4)) {
		strcpy(line, bad[random_below(sizeof(bad) / sizeof(*bad))]);
		return;
	}
	if (random_chance(8)) {
		strcpy(line, unusual[random_below(sizeof(unusual) / sizeof(*unusual))]);
		return;
	}
	random = random_address(random_chance(80) ? FAMILY_IPV4 : FAMILY_IPV6);
	/* Repeated now and then. */
	if (random.family == FAMILY_IPV4) {
		random.addr[0] = 203;
		random.addr[2] = (uint8_t)random_below(4);
		random.addr[3] = (uint8_t)random_below(200);
		if (random_chance(10))
			random = prefix_truncate(&random, 24);
	}
	snprintf(line, LINE_BYTES, "%s%s%.20s%s", random_chance(3) ? " " : "",
		 random_chance(10) ? "!" : "", prefix_format_short(&random, prefix),
		 random_chance(20) ? reasons[random_below(4)] : "");
	if (random_chance(3))
		strcat(line, "\r");
}

static void insert_line(struct text *text, size_t at, bool may_be_bad)
{
	if (text->count == LINES_MAX)
		return;
	memmove(text->lines[at + 1], text->lines[at], (text->count - at) * LINE_BYTES);
	text->count++;
	make_line(text->lines[at], may_be_bad);
}

static void delete_line(struct text *text, size_t at)
{
	text->count--;
	memmove(text->lines[at], text->lines[at + 1], (text->count - at) * LINE_BYTES);
}

static void swap_lines(struct text *text, size_t one, size_t other)
{
	char line[LINE_BYTES];

	memcpy(line, text->lines[one], LINE_BYTES);
	memcpy(text->lines[one], text->lines[other], LINE_BYTES);
	memcpy(text->lines[other], line, LINE_BYTES);
}

/* The first lines go behind the others. */
static void rotate(struct text *text, size_t count)
{
	static struct text copy;

	copy = *text;
	memcpy(text->lines, copy.lines[count], (copy.count - count) * LINE_BYTES);
	memcpy(text->lines[copy.count - count], copy.lines, count * LINE_BYTES);
}

static size_t random_line(const struct text *text)
{
	return random_below((unsigned int)text->count);
}

static void edit(struct text *text, bool may_be_bad)
{
	const unsigned int kind = random_below(9);

	if (text->count < 4 || kind == 0) {
		insert_line(text, random_below((unsigned int)text->count + 1), may_be_bad);
	} else if (kind == 1) {
		delete_line(text, random_line(text));
	} else if (kind == 2 || kind == 3) {
		make_line(text->lines[random_line(text)], may_be_bad);
	} else if (kind == 4) {
		swap_lines(text, random_line(text), random_line(text));
	} else if (kind == 5) {
		memcpy(text->lines[random_line(text)], text->lines[random_line(text)], LINE_BYTES);
	} else if (kind == 6 && random_chance(20)) {
		rotate(text, random_line(text));
	} else if (kind == 7 && random_chance(10)) {
		for (size_t i = text->count; i > 1; i--)
			swap_lines(text, i - 1, random_below((unsigned int)i));
	} else if (kind == 8) {
		/* The same prefix for another reason. */
		char *line = text->lines[random_line(text)];

		line[strcspn(line, "#;\r")] = '\0';
		if (strlen(line) < LINE_BYTES - 8)
			strcat(line, "# other");
	}
	text->has_last_newline ^= random_chance(5);
}

static void write_text(const char *path, const struct text *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < text->count; i++)
		fprintf(file, "%s%s", text->lines[i],
			i + 1 < text->count || text->has_last_newline ? "\n" : "");
	assert_int_equal(fclose(file), 0);
}

/* ---- comparison ----------------------------------------------------------------- */

static void assert_same_string(const char *one, const char *other)
{
	assert_int_equal(!one, !other);
	if (one)
		assert_string_equal(one, other);
}

static void assert_same_entry(const struct entry *one, const struct entry *other)
{
	assert_int_equal(prefix_compare(&one->prefix, &other->prefix), 0);
	assert_int_equal(one->is_exclusion, other->is_exclusion);
	assert_int_equal(one->source, other->source);
	assert_int_equal(one->line, other->line);
	assert_int_equal(one->about->added_at_sec, other->about->added_at_sec);
	assert_int_equal(one->about->expires_at_sec, other->about->expires_at_sec);
	assert_same_string(one->about->origin, other->about->origin);
	assert_same_string(one->reason, other->reason);
	assert_same_string(one->about->author, other->about->author);
}

static void assert_same_sets(const struct entry_set *one, const struct entry_set *other)
{
	assert_int_equal(one->count, other->count);
	for (size_t i = 0; i < one->count; i++)
		assert_same_entry(&one->entries[i], &other->entries[i]);
	for (int family = 0; family < FAMILY_COUNT; family++)
		assert_int_equal(one->entry_counts[family], other->entry_counts[family]);
	assert_int_equal(one->first_expiry_sec, other->first_expiry_sec);
	assert_int_equal(one->duplicate_count, other->duplicate_count);
	for (size_t i = 0; i < one->duplicate_count && i < DUPLICATES_KEPT; i++) {
		const struct duplicate *a = &one->duplicates[i], *b = &other->duplicates[i];

		assert_int_equal(prefix_compare(&a->prefix, &b->prefix), 0);
		assert_int_equal(a->is_exclusion, b->is_exclusion);
		assert_int_equal(a->line, b->line);
		assert_int_equal(a->first_line, b->first_line);
		assert_string_equal(a->origin, b->origin);
	}
}

static void assert_same_results(const struct format_result *one, const struct format_result *other)
{
	assert_int_equal(one->format, other->format);
	assert_int_equal(one->line_count, other->line_count);
	assert_int_equal(one->record_count, other->record_count);
	assert_int_equal(one->entry_count, other->entry_count);
	assert_int_equal(one->exclusion_count, other->exclusion_count);
	assert_int_equal(one->duplicate_count, other->duplicate_count);
	assert_int_equal(format_skipped_count(one), format_skipped_count(other));
	assert_int_equal(one->bad_line_count, other->bad_line_count);
	assert_int_equal(one->declared_count, other->declared_count);
	assert_int_equal(one->declared_at_sec, other->declared_at_sec);
}

static void assert_same_diagnostics(const struct diagnostics *one, const struct diagnostics *other)
{
	assert_int_equal(one->count, other->count);
	for (size_t i = 0; i < one->count; i++) {
		char a[8192], b[8192];

		diagnostic_format(&one->items[i], a, sizeof(a));
		diagnostic_format(&other->items[i], b, sizeof(b));
		assert_string_equal(a, b);
	}
}

static void assert_same_configs(const struct config *one, const struct config *other)
{
	const struct list *a = &one->policy->lists[0], *b = &other->policy->lists[0];

	assert_same_sets(a->sets[SOURCE_FILE], b->sets[SOURCE_FILE]);
	assert_int_equal(one->list_inputs[0].file_count, FILES);
	for (size_t i = 0; i < FILES; i++)
		assert_same_results(&one->list_inputs[0].files[i].result,
				    &other->list_inputs[0].files[i].result);
}

/* Read the configuration after @former and from the start. Return: the next former. */
static struct snapshot *read_twice(struct snapshot *former)
{
	struct diagnostics again, fresh;
	struct config *config = NULL, *expected = NULL;
	struct snapshot *next = former;

	diagnostics_init(&again);
	diagnostics_init(&fresh);
	assert_int_equal(config_load("c.yaml", former, &again, &config),
			 config_load("c.yaml", NULL, &fresh, &expected));
	assert_same_diagnostics(&again, &fresh);
	if (config) {
		assert_same_configs(config, expected);
		next = snapshot_new(config);
		assert_non_null(next);
		snapshot_unref(former);
	}
	config_free(expected);
	diagnostics_done(&again);
	diagnostics_done(&fresh);
	return next;
}

static void test_random_edits(void **state)
{
	static const char *const formats[] = { "auto", "plain", "netset", "drop-text" };

	(void)state;
	random_start("config_again");
	for (int round = 0; round < ROUNDS; round++) {
		const bool skips = random_chance(60);
		struct snapshot *former = NULL;
		char text[512];

		snprintf(text, sizeof(text),
			 "interfaces: [a]\nlists:\n- {name: x, action: %s, format: %s, "
			 "on_error: %s, host_bits: cut, files: [one.list, two.list]}\n",
			 random_chance(50) ? "allow" : "block", formats[random_below(4)],
			 skips ? "skip" : "fail");
		fixture_write("c.yaml", text);
		for (size_t i = 0; i < FILES; i++) {
			texts[i].count = 0;
			texts[i].has_last_newline = true;
			for (unsigned int line = random_below(300); line > 0; line--)
				insert_line(&texts[i], texts[i].count, skips);
		}
		for (int change = 0; change < EDITS; change++) {
			for (size_t i = 0; i < FILES; i++) {
				/* Many edits in a row make guesses fail. */
				for (unsigned int left = random_below(12); left > 0; left--)
					edit(&texts[i], skips || random_chance(2));
				write_text(paths[i], &texts[i]);
			}
			former = read_twice(former);
		}
		snapshot_unref(former);
	}
}

/* ---- what is kept ------------------------------------------------------------------ */

static const char first_text[] = "192.0.2.1\n192.0.2.2 # two\n# three\n192.0.2.4\n192.0.2.4\n"
				 "192.0.2.6\n192.0.2.7\n";

static struct line_prints *prints;
static struct entry_set *set;
static struct diagnostics diagnostics;
static struct format_result result;

static int read_first(void **state)
{
	struct format_input input = { .bytes = first_text,
				      .byte_count = sizeof(first_text) - 1,
				      .name = "x",
				      .format = FORMAT_PLAIN,
				      .action = ACTION_ALLOW,
				      .source = SOURCE_FILE };

	(void)state;
	diagnostics_init(&diagnostics);
	input.diagnostics = &diagnostics;
	input.set = set = entry_set_new();
	input.prints = prints = line_prints_new(NULL);
	assert_int_equal(format_read(&input, &result), 0);
	entry_set_finish(set);
	return 0;
}

static int forget_first(void **state)
{
	(void)state;
	entry_set_unref(set);
	line_prints_unref(prints);
	diagnostics_done(&diagnostics);
	return 0;
}

static bool keeps(struct line_keeper *keeper, uint32_t line, const char *text)
{
	return line_keeper_keep(keeper, line, line_keeper_print(keeper, text, strlen(text)));
}

static bool keeps_entry(struct line_keeper *keeper, uint32_t line, uint8_t last, const char *reason)
{
	static const struct provenance about = { .origin = "x" };
	const struct entry entry = { .prefix = { { 192, 0, 2, last }, FAMILY_IPV4, 32 },
				     .source = SOURCE_FILE,
				     .line = line,
				     .reason = reason,
				     .about = &about };

	return line_keeper_keep_entry(keeper, &entry);
}

static void test_kept_lines(void **state)
{
	const struct format_former former = { set, prints, &result };
	struct line_prints *next = line_prints_new(prints);
	struct line_keeper *keeper = line_keeper_new(&former, "x", next);
	struct entry_set *to = entry_set_new();
	size_t duplicate_count = 0;

	(void)state;
	assert_int_equal(prints->count, 7);
	assert_true(keeps(keeper, 1, "192.0.2.1"));
	assert_false(keeps(keeper, 1, "192.0.2.1")); /* only once */
	assert_false(keeps(keeper, 2, "192.0.2.2 # too"));
	/* Comments are read again, and so are lines that repeat another. */
	assert_false(keeps(keeper, 3, "# three"));
	assert_false(keeps(keeper, 5, "192.0.2.4"));
	/* A line was inserted: the second failure in a row leads to a search. */
	assert_false(keeps(keeper, 6, "192.0.2.5"));
	assert_false(keeps_entry(keeper, 6, 5, NULL));
	assert_false(keeps(keeper, 7, "192.0.2.6"));
	assert_true(keeps_entry(keeper, 7, 6, NULL));
	assert_true(keeps(keeper, 8, "192.0.2.7"));
	/* Another reason is another entry. */
	assert_false(keeps_entry(keeper, 9, 2, "too"));
	assert_true(keeps_entry(keeper, 10, 2, "two"));

	assert_int_equal(line_keeper_finish(keeper, to, 0, &duplicate_count), 0);
	assert_int_equal(to->count, 4);
	assert_int_equal(to->entries[1].line, 10);
	assert_string_equal(to->entries[1].reason, "two");
	assert_int_equal(to->entries[2].line, 7);
	assert_int_equal(duplicate_count, 0);
	entry_set_unref(to);
	line_keeper_free(keeper);
	line_prints_unref(next);
}

/* Entries of another list must not be lost in silence. */
static void test_other_set(void **state)
{
	struct entry_set *other = entry_set_new(), *to = entry_set_new();
	const struct format_former former = { other, prints, &result };
	struct line_prints *next = line_prints_new(prints);
	struct line_keeper *keeper = line_keeper_new(&former, "x", next);
	size_t duplicate_count = 0;

	(void)state;
	entry_set_finish(other);
	assert_true(keeps(keeper, 1, "192.0.2.1"));
	assert_int_equal(line_keeper_finish(keeper, to, 0, &duplicate_count), -EINVAL);
	entry_set_unref(to);
	entry_set_unref(other);
	line_keeper_free(keeper);
	line_prints_unref(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_edits),
		cmocka_unit_test_setup_teardown(test_kept_lines, read_first, forget_first),
		cmocka_unit_test_setup_teardown(test_other_set, read_first, forget_first),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
