/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of addresses, in the shapes of the providers, and what must not be read from it. */
#include "format_fixture.h"

/* Shapes as they are published, with addresses for documentation. */
static const char aws[] = "{\n  \"syncToken\": \"1\",\n  \"prefixes\": [\n    {\n"
			  "      \"ip_prefix\": \"192.0.2.0/24\",\n      \"region\": \"x\",\n"
			  "      \"service\": \"EC2\"\n    }, {\n"
			  "      \"ip_prefix\": \"198.51.100.0/24\",\n      \"region\": \"eu-1\",\n"
			  "      \"service\": \"S3\"\n    }\n  ],\n"
			  " \"ipv6_prefixes\": [\n {\n \"ipv6_prefix\": \"2001:db8::/32\",\n"
			  " \"region\": \"x\", \"service\": \"EC2\"\n } ]\n}\n";
static const char microsoft[] =
    "[{\"id\":1,\"serviceArea\":\"Exchange\",\"urls\":[\"outlook.example\"],"
    "\"ips\":[\"192.0.2.0/24\",\"2001:db8::/36\"],\"tcpPorts\":\"80,443\",\"required\":true},\n"
    "{\"id\":10,\"serviceArea\":\"Exchange\",\"ips\":[\"198.51.100.0/24\"],\"tcpPorts\":\"25\"},\n"
    "{\"id\":11,\"serviceArea\":\"Skype\",\"ips\":[\"203.0.113.0/24\"],\"tcpPorts\":\"25, 80\"}]";
static const char azure[] =
    "{\"changeNumber\":7,\"cloud\":\"Public\",\"values\":[{\"name\":\"Mail.North\",\"properties\":"
    "{\"region\":\"north\",\"addressPrefixes\":[\"192.0.2.0/24\",\"2001:db8::/32\"]}},"
    "{\"name\":\"Sql\",\"properties\":{\"region\":\"\",\"addressPrefixes\":[\"198.51.100.0/"
    "24\"]}}]}";
static const char github[] =
    "{\"verifiable_password_authentication\":false,\"ssh_keys\":[\"ssh-rsa AAAA\"],"
    "\"hooks\":[\"192.0.2.0/24\",\"2001:db8::/32\"],\"web\":[\"198.51.100.0/24\"],"
    "\"domains\":{\"website\":[\"*.github.example\"]}}";

/* What the local API of CrowdSec answers to /v1/decisions/stream?startup=true. */
static void test_crowdsec_stream(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"deleted\":[{\"duration\":\"-2m1.5s\",\"id\":1,\"origin\":\"cscli\","
		      "\"scenario\":\"manual\",\"scope\":\"Ip\",\"type\":\"ban\","
		      "\"value\":\"192.0.2.9\"}],\n\"new\":[{\"duration\":\"3h59m59.9s\",\"id\":2,"
		      "\"origin\":\"cscli\",\"scenario\":\"ssh\",\"scope\":\"Ip\",\"type\":\"ban\","
		      "\"value\":\"192.0.2.1\"},\n{\"duration\":\"4h\",\"scenario\":\"net\","
		      "\"scope\":\"Range\",\"type\":\"ban\",\"value\":\"198.51.100.0/24\"},\n"
		      "{\"duration\":\"4h\",\"scope\":\"Ip\",\"type\":\"captcha\","
		      "\"value\":\"192.0.2.7\"},\n{\"duration\":\"4h\",\"scope\":\"Country\","
		      "\"type\":\"ban\",\"value\":\"DE\"}]}",
		      "2 192.0.2.1 until 14399 (ssh)\n3 198.51.100.0/24 until 14400 (net)\n",
		      "4 addresses: 2 entries, 2 skipped: 1 of another action, 1 of another kind");
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "{\"deleted\":null,\"new\":null}", "",
		      "0 addresses: 0 entries");
	/* A value without a scope may be anything. */
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, "{\"value\":\"192.0.2.1\"}",
			  "list:1:11: \"192.0.2.1\" in value is an address, but not in a member\n");
}

/* As list files have them, and as another ipwl writes them. */
static void test_exclusions(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "{\"prefixes\":[{\"prefix\":\"192.0.2.0/24\"},\n{\"prefix\":"
		      "\"!192.0.2.9\",\"reason\":\"not this one\"}]}",
		      "1 192.0.2.0/24\n2 !192.0.2.9 (not this one)\n",
		      "2 addresses: 1 entry, 1 exclusion");
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, "{\"prefixes\":[\"192.0.2.0/24\",\"!\"]}",
			  "list:1:31: ");
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW,
			  "{\"prefixes\":[\"192.0.2.0/24\",\"!!192.0.2.1\"]}", "list:1:31: ");
}

static void test_providers(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_ALLOW, aws,
		      "5 192.0.2.0/24 (EC2)\n9 198.51.100.0/24 (S3)\n16 2001:db8::/32 (EC2)\n",
		      "3 addresses: 3 entries");
	assert_int_equal(format_result.format, FORMAT_JSON);
	format_assert(FORMAT_AUTO, ACTION_ALLOW, microsoft,
		      "1 192.0.2.0/24 (Exchange)\n2 198.51.100.0/24 (Exchange)\n"
		      "3 203.0.113.0/24 (Skype)\n1 2001:db8::/36 (Exchange)\n",
		      "4 addresses: 4 entries");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, azure,
		      "1 192.0.2.0/24 (Mail.North)\n1 198.51.100.0/24 (Sql)\n"
		      "1 2001:db8::/32 (Mail.North)\n",
		      "3 addresses: 3 entries");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, github,
		      "1 192.0.2.0/24\n1 198.51.100.0/24\n1 2001:db8::/32\n",
		      "3 addresses: 3 entries");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"type\":\"ip\",\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.0/24\"},"
		      "{\"ipv6Prefix\":\"2001:db8::/32\"}]}\n",
		      "1 192.0.2.0/24\n1 2001:db8::/32\n", "2 addresses: 2 entries");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"addresses\":[\"192.0.2.0/24\"],\"ipv6_addresses\":[\"2001:db8::/32\"]}",
		      "1 192.0.2.0/24\n1 2001:db8::/32\n", "2 addresses: 2 entries");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"result\":{\"ipv4_cidrs\":[\"192.0.2.0\\/24\"],\"ipv6_cidrs\":[],"
		      "\"etag\":\"x\"},\"success\":true,\"errors\":[]}",
		      "1 192.0.2.0/24\n", "1 address: 1 entry");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"meta\":{\"generatedAt\":\"2026-11-24T00:00:00+00:00\"},\"data\":["
		      "{\"ipAddress\":\"192.0.2.1\",\"abuseConfidenceScore\":100},"
		      "{\"ipAddress\":\"192.0.2.2\",\"isWhitelisted\":true}]}",
		      "1 192.0.2.1\n", "2 addresses: 1 entry, 1 skipped: 1 of another action");
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "\xef\xbb\xbf [\r\n \"192.0.2.1\",\r\n \"192.0.2.4 - 192.0.2.7\"]",
		      "2 192.0.2.1\n3 192.0.2.4/30\n", "2 addresses: 2 entries");
	format_assert(FORMAT_AUTO, ACTION_ALLOW,
		      "{\"ip\":\"192.0.2.1\",\"comment\":\"one\"}\n{\"ip\":\"192.0.2.2\"}\n",
		      "1 192.0.2.1 (one)\n2 192.0.2.2\n", "2 addresses: 2 entries");
}

static void assert_selected(const char *text, const char *field, const char *value,
			    const char *more_field, const char *more_value, const char *entries,
			    const char *summary)
{
	struct select select = { 0 };
	struct format_input input;
	char found[FORMAT_SUMMARY_BYTES], *found_entries;

	assert_int_equal(select_add(&select, field, value), 0);
	if (*more_field)
		assert_int_equal(select_add(&select, more_field, more_value), 0);
	format_again();
	input = format_input_of(text, strlen(text));
	input.select = &select;
	assert_int_equal(format_read(&input, &format_result), 0);
	found_entries = format_text();
	assert_string_equal(found_entries, entries);
	free(found_entries);
	assert_string_equal(format_summary(&format_result, found), summary);
	select_done(&select);
}

static void test_select(void **state)
{
	(void)state;
	assert_selected(microsoft, "tcpPorts", "25", "", "",
			"2 198.51.100.0/24 (Exchange)\n3 203.0.113.0/24 (Skype)\n",
			"4 addresses: 2 entries, 2 skipped: 2 not selected");
	assert_selected(microsoft, "tcpports", "25", "serviceArea", "exchange",
			"2 198.51.100.0/24 (Exchange)\n",
			"4 addresses: 1 entry, 3 skipped: 3 not selected");
	assert_selected(microsoft, "required", "true", "", "",
			"1 192.0.2.0/24 (Exchange)\n1 2001:db8::/36 (Exchange)\n",
			"4 addresses: 2 entries, 2 skipped: 2 not selected");
	assert_selected(microsoft, "id", "11", "", "", "3 203.0.113.0/24 (Skype)\n",
			"4 addresses: 1 entry, 3 skipped: 3 not selected");
	assert_selected(azure, "name", "Mail.North", "region", "north",
			"1 192.0.2.0/24 (Mail.North)\n1 2001:db8::/32 (Mail.North)\n",
			"3 addresses: 2 entries, 1 skipped: 1 not selected");
	assert_selected(github, "key", "hooks", "", "", "1 192.0.2.0/24\n1 2001:db8::/32\n",
			"3 addresses: 2 entries, 1 skipped: 1 not selected");
	assert_selected(aws, "service", "S3", "", "", "9 198.51.100.0/24 (S3)\n",
			"3 addresses: 1 entry, 2 skipped: 2 not selected");
}

static void assert_select_bad(enum format format, const char *text, const char *error)
{
	struct select select = { 0 };
	struct format_input input;

	assert_int_equal(select_add(&select, "zone", "S3"), 0);
	format_again();
	input = format_input_of(text, strlen(text));
	input.format = format;
	input.select = &select;
	assert_int_equal(format_read(&input, &format_result), -EINVAL);
	fixture_assert(&format_diagnostics, error);
	select_done(&select);
}

static void test_select_bad(void **state)
{
	(void)state;
	assert_select_bad(FORMAT_JSON, aws,
			  "list:1: no record has the field zone of select: correct its name\n");
	assert_select_bad(FORMAT_AUTO, "192.0.2.1\n",
			  "list: select needs a format with fields, and this is plain: remove\n");
}

/* What a record says besides the address. */
static void test_meaning(void **state)
{
	static const char actions[] =
	    "[{\"ip\":\"192.0.2.1\",\"action\":\"allow\"},{\"ip\":\"192.0.2.2\",\"type\":\"ban\"},"
	    "{\"ip\":\"192.0.2.3\",\"type\":\"captcha\"},{\"ip\":\"192.0.2.4\",\"type\":\"host\"}]";
	static const char named[] = "{\"allowed\":[\"192.0.2.1\"],\"denied\":[\"192.0.2.2\"]}";

	(void)state;
	format_assert(FORMAT_JSON, ACTION_ALLOW, actions, "1 192.0.2.1\n1 192.0.2.4\n",
		      "4 addresses: 2 entries, 2 skipped: 2 of another action");
	format_assert(FORMAT_JSON, ACTION_BLOCK, actions, "1 192.0.2.2\n1 192.0.2.4\n",
		      "4 addresses: 2 entries, 2 skipped: 2 of another action");
	format_assert(FORMAT_JSON, ACTION_ALLOW, named, "1 192.0.2.1\n",
		      "2 addresses: 1 entry, 1 skipped: 1 of another action");
	format_assert(FORMAT_JSON, ACTION_BLOCK, named, "1 192.0.2.2\n",
		      "2 addresses: 1 entry, 1 skipped: 1 of another action");
	format_assert(FORMAT_JSON, ACTION_ALLOW,
		      "{\"action\":\"block\",\"prefixes\":[\"192.0.2.1\",\"192.0.2.2\"]}", "",
		      "2 addresses: 0 entries, 2 skipped: 2 of another action");
	format_assert(FORMAT_JSON, ACTION_ALLOW,
		      "[{\"ip\":\"192.0.2.1\",\"enabled\":false},{\"ip\":\"192.0.2.2\",\"revoked\":"
		      "true},{\"ip\":\"192.0.2.3\",\"enabled\":true}]",
		      "1 192.0.2.3\n", "3 addresses: 1 entry, 2 skipped: 2 of another kind");
	format_assert(FORMAT_JSON, ACTION_ALLOW,
		      "[{\"ip\":\"192.0.2.1\",\"expires\":\"2026-11-24T06:00:00Z\"},"
		      "{\"ip\":\"192.0.2.2\",\"duration\":\"1h\"},"
		      "{\"ip\":\"192.0.2.3\",\"expires_at\":1795496401},"
		      "{\"ip\":\"192.0.2.4\",\"expiry\":null},"
		      "{\"ip\":\"192.0.2.5\",\"expiration\":\"2020-01-01T00:00:00Z\"}]",
		      "1 192.0.2.1 until 3600\n1 192.0.2.2 until 3600\n1 192.0.2.3 until 1\n"
		      "1 192.0.2.4\n",
		      "5 addresses: 4 entries, 1 skipped: 1 expired");
	/* An address that is not that of the record. */
	format_assert(
	    FORMAT_JSON, ACTION_BLOCK,
	    "{\"ip\":\"192.0.2.1\",\"reporter\":\"198.51.100.1\",\"version\":\"1.2.3.4\"}",
	    "1 192.0.2.1\n", "1 address: 1 entry");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{ "{\"prefixes\":[\n\"192.0.2.0/24\",\n\"198.51.100.0/33\"]}",
		  "list:3:15: \"198.51.100.0/33\" has a prefix length that is too long\n" },
		{ "[\"192.0.2.9/24\"]", "list:1:3: ...192.0.2.0/24 for the network\n" },
		{ "[\"192.0.2.1\",\"x\"]", "list:1:15: \"x\" in the array is among addresses\n" },
		{ "[\"192.0.2.0 /24\"]", "list:1:12: unexpected\n" },
		{ "{\"ip\":\"192.0.2.0 /24\"}", "list:1:17: unexpected\n" },
		{ "{\"ip\":\"192.0.2.1:25\"}", "list:1:17: unexpected\n" },
		{ "{\"host\":\"192.0.2.1\"}", "list:1:10: \"192.0.2.1\" in host is an address\n" },
		{ "{\"ips\":[\"192.0.2.1\"],\"dns\":[\"198.51.100.1\"]}",
		  "list:1:30: \"198.51.100.1\" in dns is an address, but not in a member\n" },
		{ "{\"prefixes\":[\"192.0.2.0/24\"],\"except\":[\"192.0.2.1\"]}",
		  "list:1:41: \"192.0.2.1\" in except is an exception\n" },
		{ "{\"192.0.2.1\":{\"reason\":\"x\"}}", "list:1: 192.0.2.1 is the name\n" },
		{ "{\"ip\":3221225985}", "list:1: a number in ip: write an address as text\n" },
		{ "{\"ip\":\"192.0.2.1\",\"expires\":\"soon\"}",
		  "list:1:30: \"soon\" is not an expiration\n" },
		{ "{\"ip\":\"192.0.2.1\",\"ip\":\"192.0.2.2\"}",
		  "list:1:22: not JSON: duplicate\n" },
		{ "{\"prefixes\":[\"192.0.2.1\"", "list:1:24: not JSON: ']' expected\n" },
		{ "{\"prefixes\":[\"192.0.2.1\"]}\n]", "list:2:1: not JSON: neither\n" },
		{ "{\"success\":false,\"errors\":[\"no\"]}",
		  "list:1: JSON without a member for addresses\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, rows[i].text, rows[i].error);
	/* Of another format. */
	format_assert_bad(FORMAT_PLAIN, ACTION_ALLOW, "[\"192.0.2.1\"]",
			  "list: JSON: set format: json\n");
	format_assert_bad(FORMAT_DROP_JSON, ACTION_ALLOW, "[\"192.0.2.1\"]",
			  "list: JSON: set format: json\n");
}

/* A record of others has fields that Spamhaus' records do not have. */
static void test_not_spamhaus(void **state)
{
	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "{\"cidr\":\"192.0.2.0/24\",\"action\":\"captcha\"}\n"
		      "{\"cidr\":\"198.51.100.0/24\",\"action\":\"ban\"}\n",
		      "2 198.51.100.0/24\n",
		      "2 addresses: 1 entry, 1 skipped: 1 of another action");
	assert_int_equal(format_result.format, FORMAT_JSON);
	format_assert(FORMAT_AUTO, ACTION_BLOCK, "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\"}\n",
		      "1 192.0.2.0/24 (SBL1)\n", "1 record: 1 entry");
	assert_int_equal(format_result.format, FORMAT_DROP_JSON);
}

/* Containers that are too large for one tree. */
static void test_large(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	char summary[FORMAT_SUMMARY_BYTES];

	(void)state;
	fputs("{\"name\":\"all\",\n\"urls\":[\"x\"],\"deep\":{\"prefixes\":[", stream);
	for (int i = 0; i < 20000; i++)
		fprintf(stream, "%s\n{\"ip_prefix\":\"10.%d.%d.0/24\",\"n\":%d}", i ? "," : "",
			i / 250, i % 250, i % 2);
	fputs("]},\"more\":[", stream);
	for (int i = 0; i < 20000; i++)
		fprintf(stream, "%s\n\"11.%d.%d.1\"", i ? "," : "", i / 250, i % 250);
	fputs("\n]}\n", stream);
	fclose(stream);
	assert_int_equal(format_read_text(FORMAT_AUTO, ACTION_BLOCK, text), 0);
	assert_string_equal(format_summary(&format_result, summary),
			    "40000 addresses: 40000 entries");
	entry_set_finish(format_set);
	assert_int_equal(format_set->entries[0].line, 3);
	assert_string_equal(format_set->entries[0].reason, "all");
	assert_int_equal(format_set->entries[39999].line, 40002);
	assert_int_equal(format_result.line_count, 40003);
	/* One comma less, far inside. */
	strstr(text, "\"11.40.0.1\",")[11] = ' ';
	format_again();
	assert_int_equal(format_read_text(FORMAT_AUTO, ACTION_BLOCK, text), -EINVAL);
	fixture_assert(&format_diagnostics, "list:30004:1: not JSON: a comma or ] is missing\n");
	free(text);
}

/* All of it in one line that is longer than the text by which a format is recognised. */
static void test_one_line(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	(void)state;
	fputc('[', stream);
	for (int i = 0; i < 40000; i++)
		fprintf(stream, "%s\"10.%d.%d.1\"", i ? ", " : "", i / 250, i % 250);
	fputs("]\n", stream);
	fclose(stream);
	assert_int_equal(format_read_text(FORMAT_AUTO, ACTION_BLOCK, text), 0);
	assert_int_equal(format_result.format, FORMAT_JSON);
	assert_int_equal(format_result.entry_count, 40000);
	free(text);
}

static void test_deep(void **state)
{
	static char text[2 * 70000 + 1];

	(void)state;
	memset(text, '[', 70000);
	memset(text + 70000, ']', 70000);
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, text, "list:1:...\n");
	memset(text, '\0', sizeof(text));
	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, text,
			  "list:1: nested deeper than 64 levels\n");
}

#define JSON_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JSON_TEST(test_crowdsec_stream), JSON_TEST(test_exclusions),
		JSON_TEST(test_providers),	 JSON_TEST(test_select),
		JSON_TEST(test_select_bad),	 JSON_TEST(test_meaning),
		JSON_TEST(test_refused),	 JSON_TEST(test_not_spamhaus),
		JSON_TEST(test_large),		 JSON_TEST(test_deep),
		JSON_TEST(test_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
