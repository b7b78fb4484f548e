/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored copies of feeds: only what was written is read back. */
#include "feeds/copy.h"

#include <errno.h>

#include "config_fixture.h"

#include "config/feed_config.h"
#include "feeds/diff.h"
#include "random_prefix.h"

#define DIRECTORY "state/feeds"
#define PATH DIRECTORY "/one.copy"
#define ROUNDS 200

static char error[FEED_COPY_ERROR_BYTES];

static struct feed_copy make_copy(const char *bytes, size_t byte_count, const char *etag)
{
	struct feed_copy copy = { .url = strdup("https://feeds.example/a?b=c d"),
				  .etag = etag ? strdup(etag) : NULL,
				  .fetched_at_sec = 1763900000,
				  .cut_spaces = random_below(1U << FEED_SPACE_COUNT),
				  .bytes = malloc(byte_count + 1),
				  .byte_count = byte_count };

	memcpy(copy.bytes, bytes, byte_count);
	return copy;
}

static void write_copy(enum copy_kind kind, const struct feed_copy *copy)
{
	assert_int_equal(feed_copy_prepare(DIRECTORY, "one", kind, copy, error), 0);
	assert_int_equal(feed_copy_commit(DIRECTORY, "one", kind), 0);
}

static int read_copy(enum copy_kind kind, struct feed_copy *copy)
{
	return feed_copy_read(DIRECTORY, "one", kind, copy, error);
}

static int start(void **state)
{
	char *directory;

	(void)state;
	nftw("state", fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir("state", 0755), 0);
	directory = feed_copy_directory("state", FEED_OF_URL);
	assert_string_equal(directory, DIRECTORY);
	assert_int_equal(mkdir(directory, 0700), 0);
	free(directory);
	return 0;
}

static void check_same(const struct feed_copy *a, const struct feed_copy *b)
{
	assert_string_equal(a->url, b->url);
	assert_true(!a->etag == !b->etag);
	if (a->etag)
		assert_string_equal(a->etag, b->etag);
	assert_null(b->last_modified);
	assert_int_equal(a->fetched_at_sec, b->fetched_at_sec);
	assert_int_equal(a->cut_spaces, b->cut_spaces);
	assert_int_equal(a->byte_count, b->byte_count);
	assert_memory_equal(a->bytes, b->bytes, a->byte_count);
	assert_int_equal(b->checksum, feed_copy_checksum(a->bytes, a->byte_count));
}

static void test_round_trip(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		char bytes[3000];
		size_t byte_count = random_below(sizeof(bytes));
		struct feed_copy copy, again;

		for (size_t i = 0; i < byte_count; i++)
			bytes[i] = (char)random_below(random_chance(50) ? 256 : 11);
		copy = make_copy(bytes, byte_count, random_chance(50) ? "W/\"x y\"" : NULL);
		write_copy(COPY_IN_FORCE, &copy);
		assert_int_equal(read_copy(COPY_IN_FORCE, &again), 0);
		check_same(&copy, &again);
		assert_true(again.checked_at_sec > copy.fetched_at_sec);
		feed_copy_done(&copy);
		feed_copy_done(&again);
	}
}

static size_t read_file(char *bytes, size_t size)
{
	FILE *file = fopen(PATH, "r");
	size_t count;

	assert_non_null(file);
	count = fread(bytes, 1, size, file);
	fclose(file);
	return count;
}

/* A copy with any single bit flipped, or truncated anywhere, is not accepted. */
static void test_every_damage_shows(void **state)
{
	struct feed_copy copy = make_copy("192.0.2.1\n", 10, "\"v\""), again;
	char bytes[1024];
	size_t count;

	(void)state;
	write_copy(COPY_IN_FORCE, &copy);
	count = read_file(bytes, sizeof(bytes));
	assert_true(count > 60 && count < sizeof(bytes));
	for (size_t i = 0; i < count * 8; i++) {
		bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
		fixture_write_bytes(PATH, bytes, count);
		/* The checksum's letters may be upper case. */
		if (read_copy(COPY_IN_FORCE, &again) == 0) {
			assert_true(i / 8 < 32 && i % 8 == 5);
			check_same(&copy, &again);
			feed_copy_done(&again);
		} else {
			assert_non_null(strstr(error, PATH ": it is damaged"));
		}
		bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
	}
	for (size_t length = 0; length < count; length++) {
		fixture_write_bytes(PATH, bytes, length);
		assert_int_equal(read_copy(COPY_IN_FORCE, &again), -EBADMSG);
	}
	bytes[count] = '\n';
	fixture_write_bytes(PATH, bytes, count + 1);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), -EBADMSG);
	feed_copy_done(&copy);
}

static void test_life(void **state)
{
	struct feed_copy first = make_copy("a\n", 2, NULL), second = make_copy("b\n", 2, NULL);
	struct feed_copy again;

	(void)state;
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), -ENOENT);
	write_copy(COPY_IN_FORCE, &first);
	/* One that is prepared and not committed counts for nothing. */
	assert_int_equal(feed_copy_prepare(DIRECTORY, "one", COPY_IN_FORCE, &second, error), 0);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), 0);
	assert_int_equal(again.bytes[0], 'a');
	feed_copy_done(&again);
	feed_copy_abandon(DIRECTORY, "one", COPY_IN_FORCE);
	assert_int_not_equal(feed_copy_commit(DIRECTORY, "one", COPY_IN_FORCE), 0);
	/* The two kinds do not touch each other. */
	write_copy(COPY_HELD, &second);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), 0);
	assert_int_equal(again.bytes[0], 'a');
	feed_copy_done(&again);
	assert_int_equal(feed_copy_touch(DIRECTORY, "one", COPY_HELD), 0);
	assert_int_equal(feed_copy_remove(DIRECTORY, "one", COPY_HELD), 0);
	assert_int_equal(feed_copy_remove(DIRECTORY, "one", COPY_HELD), 0);
	assert_int_equal(read_copy(COPY_HELD, &again), -ENOENT);
	assert_int_not_equal(feed_copy_touch(DIRECTORY, "one", COPY_HELD), 0);
	feed_copy_done(&first);
	feed_copy_done(&second);
}

static void test_what_is_no_file(void **state)
{
	struct feed_copy copy = make_copy("a\n", 2, NULL), again;

	(void)state;
	assert_int_equal(mkdir(PATH, 0755), 0);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), -EBADMSG);
	rmdir(PATH);
	write_copy(COPY_HELD, &copy);
	assert_int_equal(symlink("one.held", PATH), 0);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), -ELOOP);
	unlink(PATH);
	assert_int_equal(mkfifo(PATH, 0600), 0);
	assert_int_equal(read_copy(COPY_IN_FORCE, &again), -EBADMSG);
	feed_copy_done(&copy);
}

/* ---- differences -------------------------------------------------------- */

static struct entry_set *random_set(void)
{
	struct entry_set *set = entry_set_new();

	assert_non_null(set);
	for (unsigned int i = random_below(30); i > 0; i--) {
		struct prefix address = { .addr = { 5, 0, 0, (uint8_t)random_below(16) },
					  .len = 32 };
		const struct entry entry = {
			.prefix = prefix_truncate(&address, (uint8_t)(28 + random_below(5))),
			.is_exclusion = random_chance(30),
		};

		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	return set;
}

static bool has(const struct entry_set *set, const struct entry *entry)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!prefix_compare(&set->entries[i].prefix, &entry->prefix) &&
		    set->entries[i].is_exclusion == entry->is_exclusion)
			return true;
	}
	return false;
}

/* Each line names an element that only @a has, and each such element has a line. */
static void check_side(const struct entry_set *a, const struct entry_set *b,
		       const struct lines *lines, size_t count)
{
	size_t expected = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct entry *entry = &a->entries[i];
		char text[PREFIX_TEXT_BYTES + 1] = "!", *prefix = text + entry->is_exclusion;
		bool is_said = false, is_first = true;

		prefix_format(&entry->prefix, prefix);
		for (size_t j = 0; j < lines->count; j++)
			is_said |= !strcmp(lines->items[j], text);
		assert_int_equal(is_said, !has(b, entry));
		for (size_t j = 0; j < i; j++)
			is_first &= prefix_compare(&a->entries[j].prefix, &entry->prefix) ||
				    a->entries[j].is_exclusion != entry->is_exclusion;
		expected += is_first && !has(b, entry);
	}
	assert_int_equal(count, expected);
	assert_int_equal(lines->count, expected);
}

static void test_differences(void **state)
{
	struct feed_diff diff;

	(void)state;
	for (int round = 0; round < ROUNDS * 10; round++) {
		struct entry_set *from = random_set(), *to = random_set();

		feed_diff_make(from, to, PREFIX_ARRAY(from, 0), 1000, &diff);
		check_side(from, to, &diff.removed, diff.removed_count);
		check_side(to, from, &diff.added, diff.added_count);
		feed_diff_done(&diff);
		feed_diff_make(NULL, to, PREFIX_ARRAY(from, 0), 2, &diff);
		assert_int_equal(diff.removed_count, 0);
		assert_true(diff.added.count <= 2 && diff.added.count <= diff.added_count);
		feed_diff_done(&diff);
		entry_set_unref(from);
		entry_set_unref(to);
	}
}

#define COPY_TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COPY_TEST(test_round_trip),  COPY_TEST(test_every_damage_shows),
		COPY_TEST(test_life),	     COPY_TEST(test_what_is_no_file),
		COPY_TEST(test_differences),
	};

	random_start("test_feed_copy");
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
