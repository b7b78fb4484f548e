/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List files: what is accepted, what is an error and where, and that no file can
 * hang the reader or make it grow. */
#include "config_fixture.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/utf8.h"
#include "config/list_files.h"

static struct diagnostics diagnostics;
static struct entry_set *set;

static int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	set = entry_set_new();
	return set ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	diagnostics_done(&diagnostics);
	entry_set_unref(set);
	return 0;
}

/* The set as text: "LINE prefix (reason)" or "LINE !prefix", by prefix. */
static void assert_entries(const char *expected)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	entry_set_finish(set);
	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];
		char prefix[PREFIX_TEXT_BYTES];

		assert_int_equal(entry->source, SOURCE_FILE);
		assert_null(entry->about->author);
		assert_int_equal(entry->about->added_at_sec, 0);
		assert_int_equal(entry->about->expires_at_sec, 0);
		fprintf(stream, "%u %s%s", entry->line, entry->is_exclusion ? "!" : "",
			prefix_format_short(&entry->prefix, prefix));
		if (entry->reason)
			fprintf(stream, " (%s)", entry->reason);
		fputc('\n', stream);
	}
	fclose(stream);
	assert_string_equal(text, expected);
	free(text);
}

/* As a list without a format of its own reads its files. */
static int read_list(const char *path, enum action action, struct entry_set *to,
		     struct diagnostics *into)
{
	struct format_input options = {
		.action = action, .source = SOURCE_FILE, .set = to, .diagnostics = into
	};
	struct format_result result;

	return list_file_read(path, &options, &result);
}

static int read_text(const char *text, enum action action)
{
	fixture_write("a.list", text);
	return read_list("a.list", action, set, &diagnostics);
}

static void test_forms(void **state)
{
	(void)state;
	assert_int_equal(read_text("# a comment\n"
				   "; another\n"
				   "\n"
				   " \t \n"
				   "192.0.2.1\n"
				   "\t192.0.2.2\t\n"
				   "192.0.2.3#close\n"
				   "192.0.2.4 ; # SBL 1 \t\n"
				   "192.0.2.5 #\n"
				   "!192.0.2.6 # not him\n"
				   "::ffff:192.0.2.7\n"
				   "  2001:db8::/32",
				   ACTION_BLOCK),
			 0);
	fixture_assert(&diagnostics, "");
	assert_entries("5 192.0.2.1\n6 192.0.2.2\n7 192.0.2.3 (close)\n8 192.0.2.4 (SBL 1)\n"
		       "9 192.0.2.5\n10 !192.0.2.6 (not him)\n11 192.0.2.7\n12 2001:db8::/32\n");
	assert_string_equal(set->entries[0].about->origin, "a.list");
}

static void test_mark_and_crlf(void **state)
{
	(void)state;
	assert_int_equal(read_text("\xef\xbb\xbf"
				   "192.0.2.1 # one\r\n\r\n192.0.2.2\r\n192.0.2.3\r",
				   ACTION_ALLOW),
			 0);
	fixture_assert(&diagnostics, "");
	assert_entries("1 192.0.2.1 (one)\n3 192.0.2.2\n4 192.0.2.3\n");
}

/* A mark is skipped once, at the start of the file. */
static void test_marks_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(read_text("\xef\xbb\xbf\xef\xbb\xbf"
				   "192.0.2.1\n\xef\xbb\xbf"
				   "192.0.2.2\n",
				   ACTION_ALLOW),
			 -EINVAL);
	fixture_assert(&diagnostics, "a.list:1:1: ...is not an IP address\n"
				     "a.list:2:1: ...is not an IP address\n");
}

static void test_small_files(void **state)
{
	static const char *const texts[] = { "", "\n", "\r\n", "\r", "#", "\xef\xbb\xbf", " " };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(read_text(texts[i], ACTION_BLOCK), 0);
	fixture_assert(&diagnostics, "");
	assert_entries("");
}

static void test_bad_lines(void **state)
{
	(void)state;
	assert_int_equal(read_text("192.0.2.1 192.0.2.2\n"
				   "192.0.2.0/24 OK # why\n"
				   "  192.0.2.0/24x\n"
				   "192.0.2.1/24\n"
				   "192.0.2.0/33\n"
				   "192.0.02.1\n"
				   "!\n"
				   "! 192.0.2.1\n"
				   "  !192.0.2.1,\n"
				   "\"192.0.2.1\"\n"
				   "192.0.2.1\r192.0.2.2\n"
				   "198.51.100.1\n",
				   ACTION_BLOCK),
			 -EINVAL);
	fixture_assert(&diagnostics,
		       "a.list:1:11: unexpected \"192.0.2.2\" after the prefix: ...#\n"
		       "a.list:2:14: unexpected \"OK\" after the prefix\n"
		       "a.list:3:15: ...after the slash\n"
		       "a.list:4:1: 192.0.2.1/24 has host bits set: write 192.0.2.0/24 for the "
		       "network or 192.0.2.1\n"
		       "a.list:5:11: ...a prefix length that is too long\n"
		       "a.list:6:7: ...leading zero\n"
		       "a.list:7:2: ...is empty\n"
		       "a.list:8:2: ...is empty\n"
		       "a.list:9:13: unexpected \",\" after the prefix 192.0.2.1\n"
		       "a.list:10:1: ...is not an IP address\n"
		       "a.list:11:10: ...after the prefix\n");
	assert_entries("12 198.51.100.1\n");
}

static void test_everyone(void **state)
{
	static const char text[] = "0.0.0.0/0\n::/0\n::ffff:0.0.0.0/96\n!0.0.0.0/0\n!::/0\n";

	(void)state;
	assert_int_equal(read_text(text, ACTION_BLOCK), -EINVAL);
	fixture_assert(&diagnostics, "a.list:1:1: 0.0.0.0/0 in a block list would block all\n"
				     "a.list:2:1: ::/0 in a block list would block all\n"
				     "a.list:3:1: 0.0.0.0/0 in a block list would block all\n");
	assert_entries("4 !0.0.0.0/0\n5 !::/0\n");
	end(NULL);
	begin(NULL);
	assert_int_equal(read_text(text, ACTION_ALLOW), 0);
	fixture_assert(&diagnostics,
		       "a.list:1:1: warning: 0.0.0.0/0 allows every IPv4 sender\n"
		       "a.list:2:1: warning: ::/0 allows every IPv6 sender\n"
		       "a.list:3:1: warning: ::ffff:0.0.0.0/96 allows every IPv4 sender\n");
	/* The third is the first again. */
	assert_int_equal(set->count, 4);
}

static void test_nul(void **state)
{
	static const char text[] = "192.0.2.1\n192.0.2.2 # \xc3\xa9\0 x\n\0\n192.0.2.3\n";

	(void)state;
	fixture_write_bytes("a.list", text, sizeof(text) - 1);
	assert_int_equal(read_list("a.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	fixture_assert(&diagnostics, "a.list:2:14: a NUL byte\na.list:3:1: a NUL byte\n");
	assert_entries("1 192.0.2.1\n4 192.0.2.3\n");
}

static void write_long_line(const char *name, size_t bytes, const char *line_end)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs("192.0.2.1\n192.0.2.2 #", file);
	for (size_t i = strlen("192.0.2.2 #"); i < bytes; i++)
		fputc('x', file);
	fprintf(file, "%s", line_end);
	assert_int_equal(fclose(file), 0);
}

static void test_longest_line(void **state)
{
	(void)state;
	write_long_line("a.list", FORMAT_PLAIN_LINE_BYTES_MAX, "\r\n");
	assert_int_equal(read_list("a.list", ACTION_BLOCK, set, &diagnostics), 0);
	write_long_line("a.list", FORMAT_PLAIN_LINE_BYTES_MAX, "");
	assert_int_equal(read_list("a.list", ACTION_BLOCK, set, &diagnostics), 0);
	assert_int_equal(set->count, 4);
	write_long_line("a.list", FORMAT_PLAIN_LINE_BYTES_MAX + 1, "\r\n192.0.2.3\n");
	assert_int_equal(read_list("a.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	write_long_line("b.list", FORMAT_PLAIN_LINE_BYTES_MAX + 1, "");
	assert_int_equal(read_list("b.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	fixture_assert(&diagnostics,
		       "a.list:2: longer than 4096 bytes\nb.list:2: longer than 4096 bytes\n");
	assert_int_equal(set->count, 7);
}

static void test_endless_line(void **state)
{
	struct rusage before, after;

	(void)state;
	write_long_line("a.list", 10000000, "\n192.0.2.3\nx\n");
	write_long_line("b.list", 10000000, "");
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(read_list("a.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	assert_int_equal(read_list("b.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 2048);
	fixture_assert(&diagnostics, "a.list:2: longer than 4096 bytes\n"
				     "a.list:4:1: ...is not an IP address\n"
				     "b.list:2: longer than 4096 bytes\n");
	assert_entries("1 192.0.2.1\n1 192.0.2.1\n3 192.0.2.3\n");
}

static void test_reason_bytes(void **state)
{
	(void)state;
	assert_int_equal(read_text("192.0.2.1 # caf\xc3\xa9 caf\xe9\n"
				   "192.0.2.2 # \x1b[31m\xc2\x9b\ttab\n"
				   "192.0.2.3 # \xed\xa0\x80",
				   ACTION_BLOCK),
			 0);
	assert_entries("1 192.0.2.1 (caf\xc3\xa9 caf?)\n2 192.0.2.2 (?[31m?? tab)\n"
		       "3 192.0.2.3 (?\?\?)\n");
}

/* Nothing but a regular file is read, and nothing blocks. */
static void test_other_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket.list" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(mkfifo("fifo.list", 0600), 0);
	assert_int_equal(mkdir("dir.list", 0700), 0);
	alarm(180);
	assert_int_equal(read_list("fifo.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	assert_int_equal(read_list("dir.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	assert_int_equal(read_list("/dev/zero", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	assert_int_equal(read_list("socket.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	assert_int_equal(read_list("none.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	alarm(0);
	close(fd);
	fixture_assert(&diagnostics, "fifo.list: not a regular file\ndir.list: not a regular file\n"
				     "/dev/zero: not a regular file\n"
				     "socket.list: cannot be opened: No such device or address\n"
				     "none.list: cannot be opened: No such file\n");
	fixture_write("secret.list", "192.0.2.1\n");
	assert_int_equal(chmod("secret.list", 0), 0);
	fixture_become_nobody();
	assert_int_equal(read_list("secret.list", ACTION_BLOCK, set, &diagnostics), -EINVAL);
	fixture_become_root();
	assert_string_equal(diagnostics.items[5].message, "cannot be opened: Permission denied");
}

#define RANDOM_LINES 2500 /* some 780 errors: less than are kept */

/* Write a random line of some kind, and its expected result. */
static void random_line(FILE *file, FILE *entries, FILE *errors, uint32_t number)
{
	uint32_t address = number * 2654435761U; /* another for each line */
	size_t padding = random() % 4 ? (size_t)(random() % 80) : (size_t)(random() % 6000);
	bool is_too_long = padding + 32 > FORMAT_PLAIN_LINE_BYTES_MAX;
	char text[32];

	snprintf(text, sizeof(text), "10.%u.%u.%u", address >> 16 & 255, address >> 8 & 255,
		 address & 255);
	switch (random() % 4) {
	case 0:
		fprintf(file, "%-31s;%*s", text, (int)padding, "");
		if (!is_too_long)
			fprintf(entries, "%u %s\n", number, text);
		break;
	case 1:
		fprintf(file, "!%-30s#%*s", text, (int)padding, "");
		if (!is_too_long)
			fprintf(entries, "%u !%s\n", number, text);
		break;
	case 2:
		fprintf(file, "%31s#%*s", "", (int)padding, "");
		break;
	default:
		fprintf(file, "%31s!%*s", "x", (int)padding, "");
		if (!is_too_long)
			fprintf(errors, "%u:31\n", number);
	}
	if (is_too_long)
		fprintf(errors, "%u:0\n", number);
}

static int compare_lines(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	return one->line < other->line ? -1 : one->line > other->line;
}

/* Lines of all lengths, at all places of the reader's buffer. */
static void test_random_lines(void **state)
{
	const char *seed_text = getenv("IPWL_SEED");
	unsigned int seed =
	    seed_text ? (unsigned int)strtoul(seed_text, NULL, 10) : (unsigned int)getpid();
	char *expected[2], *found[2], prefix[PREFIX_TEXT_BYTES];
	size_t bytes;
	FILE *file = fopen("r.list", "w"), *streams[4];

	(void)state;
	print_message("IPWL_SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 2; i++) {
		streams[i] = open_memstream(&expected[i], &bytes);
		streams[2 + i] = open_memstream(&found[i], &bytes);
	}
	for (uint32_t number = 1; number <= RANDOM_LINES; number++) {
		random_line(file, streams[0], streams[1], number);
		fputs(random() % 2 ? "\r\n" : "\n", file);
	}
	fclose(file);
	read_list("r.list", ACTION_ALLOW, set, &diagnostics);
	qsort(set->entries, set->count, sizeof(*set->entries), compare_lines);
	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		fprintf(streams[2], "%u %s%s\n", entry->line, entry->is_exclusion ? "!" : "",
			prefix_format_short(&entry->prefix, prefix));
	}
	for (size_t i = 0; i < diagnostics.count; i++)
		fprintf(streams[3], "%u:%u\n", diagnostics.items[i].line,
			diagnostics.items[i].column);
	for (int i = 0; i < 4; i++)
		fclose(streams[i]);
	assert_true(diagnostics.count > 100 && diagnostics.count < DIAGNOSTICS_KEPT_MAX);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(expected[i], found[i]);
		free(expected[i]);
		free(found[i]);
	}
}

#define LISTFILE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTFILE_TEST(test_forms),
		LISTFILE_TEST(test_mark_and_crlf),
		LISTFILE_TEST(test_marks_elsewhere),
		LISTFILE_TEST(test_small_files),
		LISTFILE_TEST(test_bad_lines),
		LISTFILE_TEST(test_everyone),
		LISTFILE_TEST(test_nul),
		LISTFILE_TEST(test_longest_line),
		LISTFILE_TEST(test_endless_line),
		LISTFILE_TEST(test_reason_bytes),
		LISTFILE_TEST(test_other_files),
		LISTFILE_TEST(test_random_lines),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
