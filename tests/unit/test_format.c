/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all formats share: recognising, gzip, streams in pieces, lines that are skipped. */
#include "format_fixture.h"

#include <zlib.h>

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		enum format format = FORMAT_COUNT;

		assert_non_null(format_names[i]);
		assert_true(format_find(format_names[i], &format));
		assert_int_equal(format, i);
	}
	assert_false(format_find("Plain", &(enum format) { FORMAT_AUTO }));
	assert_false(format_find("", &(enum format) { FORMAT_AUTO }));
}

/* Texts of one format each, and the format that is recognised. */
static void test_recognised(void **state)
{
	static const struct {
		enum format format;
		const char *text;
	} samples[] = {
		{ FORMAT_PLAIN, "" },
		{ FORMAT_PLAIN, "\n\r\n# x\n; y\n" },
		{ FORMAT_PLAIN, "192.0.2.0/24\n!192.0.2.9 # x\n2001:DB8::/32 ; y\n" },
		{ FORMAT_PLAIN, "192.0.2.0/24 ; 3;1;x\n192.0.2.1 - 192.0.2.9\n" },
		{ FORMAT_PLAIN, "\xef\xbb\xbf"
				"192.0.2.0/24\r\n" },
		{ FORMAT_POSTFIX_CIDR, "192.0.2.0/24 permit\n" },
		{ FORMAT_POSTFIX_CIDR, "[2001:db8::]/32\tOK\n192.0.2.1 REJECT x\n" },
		{ FORMAT_POSTFIX_CIDR, "if 192.0.2.0/24\n192.0.2.1 dunno\nendif\n" },
		{ FORMAT_PLAIN, "203.0.113.0/24 partner-a # note\n" },
		{ FORMAT_RSPAMD_MAP, "203.0.113.0/24 partner-a # note\n192.0.2.1 partner-b\n" },
		{ FORMAT_SPAMASSASSIN, "required_score 5\ntrusted_networks 10.\n" },
		{ FORMAT_DNSWL, "192.0.2.16/28;3;1;example.net;12345\n" },
		{ FORMAT_RBLDNSD, ":127.0.0.2:x\n192.0.2.1\n" },
		{ FORMAT_RBLDNSD, "#$TTL 60\n192.0.2.1\n" },
		{ FORMAT_DROP_TEXT, "203.0.113.0/24 ; SBL000001\n" },
		{ FORMAT_DROP_JSON, "{\"type\":\"metadata\",\"records\":0}\n" },
		{ FORMAT_NETSET, "# ipv4 hash:net ipset\n192.0.2.1\n" },
		{ FORMAT_CROWDSEC_CSV, "value,expiration,comment\n" },
		{ FORMAT_SPAMDB, "GREY|192.0.2.2|mx|<a@x>|<b@y>|1|2|3|1|0\n" },
		{ FORMAT_EXIM, "192.0.2.0/24: x\n" },
		{ FORMAT_OPENSMTPD, "192.0.2.1\n192.0.2.2\n192.0.2.3\n\"2001:db8::/32\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		format_again();
		format_read_text(FORMAT_AUTO, ACTION_ALLOW, samples[i].text);
		if (format_result.format != samples[i].format)
			fail_msg("%s, not %s: %s", format_names[format_result.format],
				 format_names[samples[i].format], samples[i].text);
		assert_true(format_result.was_recognised);
	}
}

/* Mistakes in a plain file are reported as mistakes of a plain file. */
static void test_mistakes_stay_plain(void **state)
{
	(void)state;
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK,
			  "192.0.2.1\n192.0.2.2\n192.0.2.3 partner\n192.0.2.4 192.0.2.5\n"
			  "192.0.2.6 permit\n<html>\n",
			  "list:3:11: unexpected \"partner\" after the prefix\n"
			  "list:4:11: unexpected \"192.0.2.5\" after the prefix\n"
			  "list:5:11: unexpected \"permit\" after the prefix\n"
			  "list:6:1: ...is not an IP address\n");
	assert_int_equal(format_result.format, FORMAT_PLAIN);
	assert_int_equal(format_result.record_count, 6);
	assert_int_equal(format_result.entry_count, 2);
	assert_int_equal(format_result.bad_line_count, 4);
}

static void test_skip(void **state)
{
	static const char text[] = "192.0.2.1\nx1\nx2\nx3\n192.0.2.2\nx4\nx5\nx6\nx7\n";
	struct format_input input = format_input_of(text, sizeof(text) - 1);
	char summary[FORMAT_SUMMARY_BYTES];

	(void)state;
	input.skips_bad_lines = true;
	assert_int_equal(format_read(&input, &format_result), 0);
	fixture_assert(&format_diagnostics, "list:2:1: warning: \"x1\" ...; the line is skipped\n"
					    "list:3:1: warning: \"x2\"\nlist:4:1: warning: \"x3\"\n"
					    "list:6:1: warning: \"x4\"\nlist:7:1: warning: \"x5\"\n"
					    "list: warning: further skipped lines: 2\n");
	assert_int_equal(format_result.bad_line_count, 7);
	assert_string_equal(format_summary(&format_result, summary),
			    "9 prefixes: 2 entries, 7 bad lines");
	/* What a list must not have is skipped, too. */
	format_again();
	input = format_input_of("0.0.0.0/0\n192.0.2.1\n", 20);
	input.action = ACTION_BLOCK;
	input.skips_bad_lines = true;
	assert_int_equal(format_read(&input, &format_result), 0);
	assert_int_equal(format_result.entry_count, 1);
	assert_int_equal(format_result.bad_line_count, 1);
}

/* What the caller says of all entries, unless the list says something of its own. */
static void test_defaults(void **state)
{
	static const char text[] = "192.0.2.1\n192.0.2.2 # own\n";
	struct format_input input = format_input_of(text, sizeof(text) - 1);
	const struct entry *entries;

	(void)state;
	input.origin = "alice";
	input.author = "alice";
	input.reason = "because";
	input.added_at_sec = FIXTURE_NOW;
	input.expires_at_sec = FIXTURE_NOW + 9;
	assert_int_equal(format_read(&input, &format_result), 0);
	entry_set_finish(format_set);
	entries = format_set->entries;
	assert_string_equal(entries[0].reason, "because");
	assert_string_equal(entries[1].reason, "own");
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(entries[i].about->origin, "alice");
		assert_string_equal(entries[i].about->author, "alice");
		assert_int_equal(entries[i].about->added_at_sec, FIXTURE_NOW);
		assert_int_equal(entries[i].about->expires_at_sec, FIXTURE_NOW + 9);
	}
	assert_int_equal(format_set->first_expiry_sec, FIXTURE_NOW + 9);
}

/* What repeats an entry is counted and dropped, and no list can fill the memory. */
static void test_entries_max(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		int error;
		size_t entry_count, exclusion_count, duplicate_count;
	} rows[] = {
		{ "192.0.2.1\n192.0.2.2\n192.0.2.1\n192.0.2.2\n192.0.2.2\n", 2, 0, 2, 0, 3 },
		{ "192.0.2.1\n!192.0.2.1\n!192.0.2.1\n192.0.2.1\n", 2, 0, 1, 1, 2 },
		{ "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n", 3, -EINVAL, 0, 0, 0 },
		{ "0.0.0.1-255.255.255.254\n", 61, -EINVAL, 0, 0, 0 },
		{ "0.0.0.1-255.255.255.254\n", 62, 0, 62, 0, 0 },
		{ "10.0.0.1 reject\n10.0.0.2 permit\n10.0.0.3 permit\n", 2, -EINVAL, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct format_input input = format_input_of(rows[i].text, strlen(rows[i].text));

		format_again();
		input.set = format_set;
		input.entries_max = rows[i].max;
		/* Too many are an error where bad lines are skipped, too. */
		input.skips_bad_lines = i % 2;
		assert_int_equal(format_read(&input, &format_result), rows[i].error);
		if (rows[i].error)
			assert_non_null(strstr(format_diagnostics.items[0].message, "more than"));
		assert_int_equal(format_diagnostics.error_count, rows[i].error != 0);
		assert_int_equal(format_result.entry_count, rows[i].entry_count);
		assert_int_equal(format_result.exclusion_count, rows[i].exclusion_count);
		assert_int_equal(format_result.duplicate_count, rows[i].duplicate_count);
	}
}

/* Cut where a character ends. */
static void test_long_reason(void **state)
{
	char *text = malloc(20000);
	size_t used = (size_t)sprintf(text, "192.0.2.1 ");
	struct format_input input;

	(void)state;
	for (int i = 0; i < 3000; i++)
		used += (size_t)sprintf(text + used, "\xe2\x82\xac");
	input = format_input_of(text, used);
	input.format = FORMAT_RSPAMD_MAP;
	assert_int_equal(format_read(&input, &format_result), 0);
	assert_int_equal(strlen(format_set->entries[0].reason), 4095);
	free(text);
}

/* ---- gzip ---------------------------------------------------------------------------- */

/* Pack @bytes of @text, or @repeats times as many; to be freed. */
static char *pack(const char *text, size_t bytes, size_t repeats, size_t *ret_bytes)
{
	size_t size = bytes * repeats / 100 + bytes + 1024;
	char *packed = malloc(size);
	z_stream zip = { .next_out = (unsigned char *)packed, .avail_out = (uInt)size };

	assert_non_null(packed);
	assert_int_equal(deflateInit2(&zip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (size_t i = 0; i < repeats; i++) {
		zip.next_in = (unsigned char *)(uintptr_t)text;
		zip.avail_in = (uInt)bytes;
		assert_int_equal(deflate(&zip, i + 1 == repeats ? Z_FINISH : Z_NO_FLUSH),
				 i + 1 == repeats ? Z_STREAM_END : Z_OK);
	}
	*ret_bytes = size - zip.avail_out;
	deflateEnd(&zip);
	return packed;
}

static int read_bytes(const char *bytes, size_t count)
{
	struct format_input input = format_input_of(bytes, count);

	return format_read(&input, &format_result);
}

static void test_gzip(void **state)
{
	static const char text[] = "192.0.2.0/24 permit\n192.0.3.0/24 permit\n";
	size_t bytes;
	char *packed = pack(text, sizeof(text) - 1, 1, &bytes), *twice, *found;

	(void)state;
	assert_int_equal(read_bytes(packed, bytes), 0);
	assert_true(format_result.was_gzip);
	assert_int_equal(format_result.format, FORMAT_POSTFIX_CIDR);
	found = format_text();
	assert_string_equal(found, "1 192.0.2.0/24\n2 192.0.3.0/24\n");
	free(found);

	/* Two members, and zeros behind them. */
	format_again();
	twice = calloc(1, 2 * bytes + 600);
	memcpy(twice, packed, bytes);
	memcpy(twice + bytes, packed, bytes);
	assert_int_equal(read_bytes(twice, 2 * bytes + 600), 0);
	assert_int_equal(format_result.line_count, 4);
	free(twice);

	/* Cut off anywhere, or with a byte changed in the middle of the data. */
	for (size_t cut = 2; cut < bytes; cut++) {
		format_again();
		assert_int_equal(read_bytes(packed, cut), -EINVAL);
		fixture_assert(&format_diagnostics, "list: the gzip stream is truncated\n");
	}
	packed[bytes - 6] ^= 1;
	format_again();
	assert_int_equal(read_bytes(packed, bytes), -EINVAL);
	fixture_assert(&format_diagnostics, "list: the gzip stream is damaged\n");
	free(packed);
}

/* Who packs a list twice has something else in mind: 1.4 kB made 33 million entries. */
static void test_gzip_in_gzip(void **state)
{
	static const char text[] = "192.0.2.1\n";
	size_t count, outer_count;
	char *packed = pack(text, sizeof(text) - 1, 1, &count);
	char *outer = pack(packed, count, 1, &outer_count);
	struct format_input input;

	(void)state;
	assert_int_equal(read_bytes(outer, outer_count), -EINVAL);
	fixture_assert(&format_diagnostics, "list: packed with gzip twice\n");
	/* gzip is not unpacked here if the fetcher has unpacked the data already. */
	format_again();
	input = format_input_of(packed, count);
	input.is_unpacked = true;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
	fixture_assert(&format_diagnostics, "list: packed with gzip twice\n");
	free(packed);
	free(outer);
}

static void test_gzip_bomb(void **state)
{
	static char lines[1 << 20];
	struct format_input input;
	size_t bytes;
	char *packed;

	(void)state;
	memset(lines, '\n', sizeof(lines));
	packed = pack(lines, sizeof(lines), 300, &bytes);
	assert_true(bytes < 1 << 20);
	assert_int_equal(read_bytes(packed, bytes), -EINVAL);
	assert_string_equal(format_diagnostics.items[format_diagnostics.count - 1].message,
			    "unpacks to more than 268435456 bytes, which no list needs: unpack "
			    "and check it");
	/* Skipping lines does not save it, and the cap can be lower. */
	format_again();
	input = format_input_of(packed, bytes);
	input.skips_bad_lines = true;
	input.unpacked_bytes_max = 1000;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
	assert_int_equal(format_diagnostics.error_count, 1);
	free(packed);
}

/* ---- pieces --------------------------------------------------------------------------- */

struct pieces {
	const char *bytes;
	size_t rest;
	size_t piece;
	int error;
};

static ssize_t read_piece(void *context, char *buffer, size_t size)
{
	struct pieces *pieces = context;
	size_t bytes = pieces->piece < pieces->rest ? pieces->piece : pieces->rest;

	if (bytes == 0 && pieces->error)
		return pieces->error;
	bytes = bytes < size ? bytes : size;
	memcpy(buffer, pieces->bytes, bytes);
	pieces->bytes += bytes;
	pieces->rest -= bytes;
	return (ssize_t)bytes;
}

/* The same, however small the pieces are; a list longer than any buffer. */
static void test_pieces(void **state)
{
	char *text = NULL, *packed, *expected = NULL;
	size_t bytes, packed_bytes;
	FILE *file = open_memstream(&text, &bytes);

	(void)state;
	fputs("\xef\xbb\xbf", file);
	for (int i = 0; i < 40000; i++)
		fprintf(file, "10.%d.%d.0/24 # line %d\r\n", i / 256, i % 256, i + 1);
	fclose(file);
	packed = pack(text, bytes, 1, &packed_bytes);
	for (int i = 0; i < 6; i++) {
		static const size_t sizes[] = { 1, 7, 4096, 65536, 1 << 20, 3 };
		struct pieces pieces = { i % 2 ? packed : text, i % 2 ? packed_bytes : bytes,
					 sizes[i], 0 };
		struct format_input input = format_input_of(NULL, 0);
		char *found;

		format_again();
		input.set = format_set;
		input.read = read_piece;
		input.read_context = &pieces;
		assert_int_equal(format_read(&input, &format_result), 0);
		assert_int_equal(format_result.line_count, 40000);
		found = format_text();
		if (expected)
			assert_string_equal(found, expected);
		else
			expected = strdup(found);
		free(found);
	}
	free(expected);
	free(packed);
	free(text);
}

static void test_read_error(void **state)
{
	struct pieces pieces = { "192.0.2.1\n", 10, 4, -EIO };
	struct format_input input = format_input_of(NULL, 0);

	(void)state;
	input.read = read_piece;
	input.read_context = &pieces;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
}

#define FORMAT_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FORMAT_TEST(test_names),
		FORMAT_TEST(test_recognised),
		FORMAT_TEST(test_mistakes_stay_plain),
		FORMAT_TEST(test_skip),
		FORMAT_TEST(test_defaults),
		FORMAT_TEST(test_long_reason),
		FORMAT_TEST(test_gzip),
		FORMAT_TEST(test_gzip_in_gzip),
		FORMAT_TEST(test_gzip_bomb),
		FORMAT_TEST(test_entries_max),
		FORMAT_TEST(test_pieces),
		FORMAT_TEST(test_read_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
