/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files as administrators have them, which one word or sign could turn into another list:
 * each is read right, or refused with words that help; never read in part. */
#include "format_fixture.h"

static void assert_auto(enum action action, const char *text, enum format format,
			const char *entries, const char *diagnostics)
{
	char *found;

	format_again();
	assert_int_equal(format_read_text(FORMAT_AUTO, action, text), 0);
	assert_int_equal(format_result.format, format);
	found = format_text();
	assert_string_equal(found, entries);
	free(found);
	fixture_assert(&format_diagnostics, diagnostics);
}

/* Tables whose values change what the addresses mean: one error for the file. */
static void test_tables(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} tables[] = {
		{ "192.0.2.0\t24\n198.51.100.0\t25\n",
		  "list:1:11: unexpected \"24\" after 192.0.2.0: write 192.0.2.0/24 for the "
		  "network\n" },
		{ "2001:db8:: 32\n2001:db8:1:: 48\n",
		  "list:1:12: unexpected \"32\" after 2001:db8::: write 2001:db8::/32 for the "
		  "network\n" },
		{ "192.0.2.0 255.255.255.0 lan\n198.51.100.0 255.255.255.0 dmz\n",
		  "list:1:11: unexpected \"255.255.255.0\" after 192.0.2.0\n" },
		{ "192.0.2.0 lan 255.255.255.0\n198.51.100.0 dmz 255.255.255.0\n",
		  "list:1:15: unexpected \"255.255.255.0\" after 192.0.2.0\n" },
		{ "192.0.2.1 partner\n198.51.100.1 partner\n203.0.113.0 deny\n",
		  "list:3:13: unexpected \"deny\" after 203.0.113.0: an action\n" },
		{ "192.0.2.1 partner_a smtp DENY\n198.51.100.1 partner_b\n",
		  "list:1:26: unexpected \"DENY\" after 192.0.2.1: an action\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct format_input input;

		for (enum action action = 0; action < ACTION_COUNT; action++)
			format_assert_bad(FORMAT_AUTO, action, tables[i].text, tables[i].error);
		/* No line of it is one to skip. */
		format_again();
		input = format_input_of(tables[i].text, strlen(tables[i].text));
		input.skips_bad_lines = true;
		assert_int_equal(format_read(&input, &format_result), -EINVAL);
		assert_int_equal(format_set->count, 0);
	}
}

/* The same lines where the format is named: a text, or an error. */
static void test_named(void **state)
{
	(void)state;
	format_assert_bad(
	    FORMAT_RSPAMD_MAP, ACTION_ALLOW,
	    "192.0.2.0 /24\n192.0.2.0 to 192.0.2.255\n192.0.2.0 - 20\n"
	    "192.0.2.0 255.255.255.0\n192.0.2.1 198.51.100.1\n",
	    "list:1:11: unexpected \"/24\" after 192.0.2.0\nlist:2:11: unexpected \"to\" after\n"
	    "list:3:11: unexpected \"-\" after\nlist:4:11: unexpected \"255.255.255.0\" after\n"
	    "list:5:11: unexpected \"198.51.100.1\" after\n");
	format_assert(FORMAT_RSPAMD_MAP, ACTION_ALLOW,
		      "192.0.2.0 24\n192.0.2.1 reject\n192.0.2.2 - partner\n192.0.2.3 in B\n",
		      "1 192.0.2.0 (24)\n2 192.0.2.1 (reject)\n3 192.0.2.2 (- partner)\n"
		      "4 192.0.2.3 (in B)\n",
		      "4 prefixes: 4 entries");
	fixture_assert(&format_diagnostics,
		       "list:1:11: warning: \"24\" after 192.0.2.0 is read as text\n"
		       "list:2:11: warning: \"reject\" after 192.0.2.1 is read as text\n");
	format_assert_bad(
	    FORMAT_RBLDNSD, ACTION_BLOCK,
	    "9.2.0.192 IN A 127.0.0.2\n192.0.2.0 /24\n192.0.2.0 - 192.0.2.9\n",
	    "list:1:11: unexpected \"IN\" after\nlist:2:11: unexpected \"/24\" after\n"
	    "list:3:11: unexpected \"-\" after\n");
	format_assert_bad(
	    FORMAT_EXIM, ACTION_ALLOW,
	    "192.0.2.1: deny\n192.0.2.2:no\n192.0.2.3:allow,X=1\n192.0.2.4: allow\n"
	    "192.0.2.0: /24\n192.0.2.5 reject\n",
	    "list:1:12: unexpected \"deny\" after 192.0.2.1: it is unclear whether\n"
	    "list:2:11: unexpected \"no\" after 192.0.2.2\nlist:3:11: unexpected \"allow\" after\n"
	    "list:5:12: unexpected \"/24\" after 192.0.2.0\nlist:6:11: unexpected \"reject\" "
	    "after\n");
	format_assert_bad(FORMAT_EXIM, ACTION_BLOCK, "192.0.2.1: deny\n192.0.2.4: allow\n",
			  "list:2:12: unexpected \"allow\" after 192.0.2.4\n");
	format_assert_bad(
	    FORMAT_OPENSMTPD, ACTION_ALLOW, "192.0.2.0 /24\n\"192.0.2.0\", \"x\" /24\n",
	    "list:1:11: unexpected \"/24\" after\nlist:2:18: unexpected \"/24\" after\n");
}

/* Addresses with a number of hits stay addresses. */
static void test_counts(void **state)
{
	(void)state;
	assert_auto(ACTION_BLOCK, "192.0.2.7\t9\n198.51.100.9\t10\n", FORMAT_RSPAMD_MAP,
		    "1 192.0.2.7 (9)\n2 198.51.100.9 (10)\n", "");
	assert_auto(ACTION_BLOCK,
		    "192.0.2.7\t3\n192.0.2.8\t31\n192.0.2.0\t24\n192.0.2.9\t1\n"
		    "192.0.2.10\t77\n",
		    FORMAT_RSPAMD_MAP,
		    "3 192.0.2.0 (24)\n1 192.0.2.7 (3)\n2 192.0.2.8 (31)\n4 192.0.2.9 (1)\n"
		    "5 192.0.2.10 (77)\n",
		    "list:2:11: warning: \"31\" after 192.0.2.8 is read as text\n"
		    "list:3:11: warning: \"24\" after 192.0.2.0 is read...write 192.0.2.0/24\n");
}

/* Lines after those that decided the format must be in that format, too. */
static void test_behind_the_first_buffer(void **state)
{
	char *text = NULL;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	(void)state;
	for (int i = 0; i < 40000; i++)
		fprintf(file, "10.%d.%d.1 partner\n", i / 256, i % 256);
	fputs("192.0.2.0 /24\n192.0.2.1 deny\n192.0.2.2 partner\n", file);
	fclose(file);
	format_assert_bad(FORMAT_AUTO, ACTION_ALLOW, text,
			  "list:40001:11: unexpected \"/24\" after 192.0.2.0\n"
			  "list:40002:11: unexpected \"deny\" after 192.0.2.1\n");
	assert_int_equal(format_result.format, FORMAT_RSPAMD_MAP);
	free(text);
}

static void test_semicolons(void **state)
{
	(void)state;
	format_assert_bad(
	    FORMAT_PLAIN, ACTION_ALLOW,
	    "192.0.2.0;192.0.2.255;Partner A\n198.51.100.10;198.51.100.20;Partner B\n",
	    "list:1:11: \"192.0.2.255\" after a semicolon\n"
	    "list:2:15: \"198.51.100.20\" after a semicolon\n");
	format_assert_bad(FORMAT_PLAIN, ACTION_ALLOW,
			  "192.0.2.0;24\n192.0.2.0 ; /24\n192.0.2.0;Partner;255.255.255.0\n"
			  "192.0.2.1;deny\n192.0.2.1;x;b\n192.0.2.0 ; x ; 192.0.2.9\n",
			  "list:1:11: \"24\" after\nlist:2:13: \"/24\" after\n"
			  "list:3:19: \"255.255.255.0\" after\nlist:4:11: \"deny\" after\n"
			  "list:5:13: \"b\" after\nlist:6:17: \"192.0.2.9\" after\n");
	format_assert(FORMAT_PLAIN, ACTION_ALLOW,
		      "192.0.2.1;partner\n192.0.2.2 ; was 192.0.2.9; deny\n192.0.2.3 ;; x # /24\n"
		      "192.0.2.4#24\n192.0.2.5 # to 192.0.2.9\n",
		      "1 192.0.2.1 (partner)\n2 192.0.2.2 (was 192.0.2.9; deny)\n"
		      "3 192.0.2.3 (x # /24)\n4 192.0.2.4 (24)\n5 192.0.2.5 (to 192.0.2.9)\n",
		      "5 prefixes: 5 entries");
}

static void test_scores(void **state)
{
	(void)state;
	assert_auto(ACTION_ALLOW,
		    "192.0.2.1 BAD_IP:5.0\n198.51.100.7 GOOD_IP:-3.0\n203.0.113.5 8\n"
		    "203.0.113.6 -4\n",
		    FORMAT_RSPAMD_MAP,
		    "1 192.0.2.1 (BAD_IP:5.0)\n2 198.51.100.7 (GOOD_IP:-3.0)\n3 203.0.113.5 (8)\n"
		    "4 203.0.113.6 (-4)\n",
		    "list:2:14: warning: \"GOOD_IP:-3.0\" here and a value of the opposite sign in "
		    "line 1\n");
}

static void test_postfix_actions(void **state)
{
	static const char destination[] = "192.0.2.0/24 permit_auth_destination\n"
					  "198.51.100.7 permit_auth_destination\n";

	(void)state;
	assert_auto(ACTION_ALLOW, destination, FORMAT_POSTFIX_CIDR,
		    "1 192.0.2.0/24\n2 198.51.100.7\n", "");
	assert_auto(ACTION_ALLOW, "192.0.2.0/24 permit_mynetworks, reject\n203.0.113.0/24 REJECT\n",
		    FORMAT_POSTFIX_CIDR, "1 192.0.2.0/24 (reject)\n", "");
	assert_auto(
	    ACTION_ALLOW,
	    "192.0.2.7 PERMIT # partner\n198.51.100.7 ACCEPT\n203.0.113.1 ALLOW\n"
	    "203.0.113.2 permit\n203.0.113.3 permitt\n203.0.113.4 my_class\n",
	    FORMAT_POSTFIX_CIDR, "1 192.0.2.7 (# partner)\n4 203.0.113.2\n",
	    "list:2:14: warning: \"ACCEPT\" is not an action of Postfix; did you mean permit?\n"
	    "list:3:13: warning: \"ALLOW\" is not an action of Postfix; did you mean permit?\n"
	    "list:5:13: warning: \"permitt\" is not an action of Postfix; did you mean permit?\n"
	    "list:6:13: warning: \"my_class\" is not an action...class of main.cf\n");
	assert_auto(ACTION_ALLOW, "192.0.2.1 reject_unknown_client_hostname\n192.0.2.2 defer_x\n",
		    FORMAT_POSTFIX_CIDR, "", "");
	format_assert_bad(
	    FORMAT_POSTFIX_CIDR, ACTION_ALLOW,
	    "192.0.2.0 /24 permit\n192.0.2.0 24 permit\n192.0.2.0 - 192.0.2.9 permit\n"
	    "192.0.2.0 255.255.255.0 permit\n192.0.2.0 permit 192.0.2.9 permit\n"
	    "192.0.2.1 permit\n 192.0.2.2 permit\nif 192.0.2.0/24 x\nendif x\n",
	    "list:1:11: \"/24\" after 192.0.2.0 is not an action\n"
	    "list:2:11: \"24\" after\nlist:3:11: \"-\" after\n"
	    "list:4:11: \"255.255.255.0\" after\nlist:5:18: \"192.0.2.9\" "
	    "after\n"
	    "list:7:2: a rule that begins with a space\n"
	    "list:8:17: unexpected \"x\" after the pattern of an if\n"
	    "list:9:7: unexpected \"x\" after endif\nlist:9:1: endif without an if\n");
}

static void test_messages(void **state)
{
	(void)state;
	format_assert_bad(
	    FORMAT_PLAIN, ACTION_ALLOW, "# list\n192.0.2.0/24,\n198.51.100.0/24,\n203.0.113.0/24\n",
	    "list:2:13: unexpected \",\" after the prefix 192.0.2.0/24: remove the comma\n"
	    "list:3:16: unexpected \",\" after the prefix 198.51.100.0/24: remove the comma\n");
	format_assert_bad(FORMAT_PLAIN, ACTION_ALLOW, "ip4:192.0.2.0/24\nip6:2001:db8::/32\n",
			  "list:1:1: ...write the prefix without ip4:\n"
			  "list:2:1: ...write the prefix without ip6:\n");
	format_assert_bad(FORMAT_PLAIN, ACTION_ALLOW, "192.0.2.\n10.\n1.2.3.4.5\n",
			  "list:1:9: ...write 192.0.2.0/24 \nlist:2:4: ...write 10.0.0.0/8 \n"
			  "list:3:8: unexpected \".5\" after\n");
}

/* Files that are no list: one error that says what they are, in any format. */
static void test_foreign(void **state)
{
	static const char utf16[] = "1\0009\0002\000.\0000\000.\0002\000.\0001\000\r\000\n\000";
	static const struct {
		const char *bytes;
		size_t count;
		const char *error;
	} files[] = {
#define FOREIGN(text, error) { text, sizeof(text) - 1, error }
		FOREIGN("<!DOCTYPE html>\n<html>192.0.2.1</html>\n",
			"list: a page of HTML or XML\n"),
		FOREIGN("\n\n<html>\n192.0.2.1\n", "list: a page of HTML or XML\n"),
		FOREIGN("PK\3\4\024\0\0\0\n192.0.2.1\n", "list: a zip archive: unpack it\n"),
		FOREIGN("\xfd"
			"7zXZ\0\0\4\n",
			"list: packed with xz: unpack it\n"),
		FOREIGN("BZh91AY\n", "list: packed with bzip2\n"),
		FOREIGN("\x28\xb5\x2f\xfd\n", "list: packed with zstd\n"),
		FOREIGN("%PDF-1.4\n", "list: a PDF document\n"),
		FOREIGN("\xff\xfe"
			"1\0",
			"list: a text in UTF-16: save it as UTF-8\n"),
		FOREIGN("\xfe\xff"
			"\0001",
			"list: a text in UTF-16: save it as UTF-8\n"),
		FOREIGN("\1\0\0\0\0\5\0\0\n\n", "list: a binary file\n"),
		{ utf16, sizeof(utf16) - 1, "list: a text in UTF-16: save it as UTF-8\n" },
#undef FOREIGN
	};
	char tar[1024] = "list.txt";

	(void)state;
	memcpy(tar + 257, "ustar", sizeof("ustar"));
	for (enum format format = 0; format < FORMAT_COUNT; format++) {
		struct format_input input;

		for (size_t i = 0; i <= sizeof(files) / sizeof(files[0]); i++) {
			const bool is_tar = i == sizeof(files) / sizeof(files[0]);

			format_again();
			input = format_input_of(is_tar ? tar : files[i].bytes,
						is_tar ? sizeof(tar) : files[i].count);
			input.format = format;
			input.skips_bad_lines = i % 2;
			assert_int_equal(format_read(&input, &format_result), -EINVAL);
			fixture_assert(&format_diagnostics,
				       is_tar ? "list: a tar archive" : files[i].error);
		}
	}
	/* Spamhaus' own in another format; and prefixes in brackets are none. */
	format_assert_bad(FORMAT_PLAIN, ACTION_BLOCK, "{\"cidr\":\"192.0.2.0/24\"}\n",
			  "list: JSON of Spamhaus: set format: drop-json\n");
	format_assert_bad(
	    FORMAT_DROP_JSON, ACTION_BLOCK,
	    "{\"cidr\":\"192.0.2.0/24\"}\n{\"prefixes\":[{\"cidr\":\"192.0.3.0/24\"}]}\n"
	    "{\"cidr\":\"192.0.4.0/24\",\"more\":[\"192.0.5.0/24\"]}\n",
	    "list:2:1: a record without cidr: JSON of another kind\n"
	    "list:3:1: more holds more than one value\n");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, "[2001:db8::]/32 permit\n", "1 2001:db8::/32\n",
		      "1 rule: 1 entry");
}

/* What the columns, values and fields of formats say besides the address. */
static void test_columns(void **state)
{
	static const char decisions[] = "duration,scope,value,type\n24h,ip,192.0.2.1,ban\n"
					"24h,ip,192.0.2.2,captcha\n24h,range,198.51.100.0/24,ban\n"
					"24h,country,XX,ban\n24h,as,64500,ban\n";

	(void)state;
	format_assert(FORMAT_AUTO, ACTION_BLOCK, decisions,
		      "2 192.0.2.1 until 86400\n4 198.51.100.0/24 until 86400\n",
		      "5 records: 2 entries, 3 skipped: 1 of another action, 2 of another kind");
	format_assert(FORMAT_AUTO, ACTION_ALLOW, decisions, "",
		      "5 records: 0 entries, 5 skipped: 3 of another action, 2 of another kind");
	format_assert(FORMAT_AUTO, ACTION_BLOCK,
		      "value,simulated,type\n192.0.2.1,true,ban\n192.0.2.2,false,ban\n"
		      "192.0.2.3,,\n",
		      "3 192.0.2.2\n4 192.0.2.3\n",
		      "3 records: 2 entries, 1 skipped: 1 of another kind");
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK,
			  "value,comment\n192.0.2.1,a,b\n192.0.2.2,\"a,b\"\n",
			  "list:2:13: more fields than the header has\n");
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, "value,verdict,value\n192.0.2.1,no,\n",
			  "list:1:7: \"verdict\" is not a column of CrowdSec\n"
			  "list:1:15: \"value\" is duplicated, first in column 1\n");
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, "value,simulated\n192.0.2.1,maybe\n",
			  "list:2:11: \"maybe\": simulated must be true or false\n");
	format_assert_bad(FORMAT_AUTO, ACTION_BLOCK, "value,type\n192.0.2.1,unban\n",
			  "list:2:11: \"unban\" is not a type of decision\n");
	format_assert(FORMAT_RBLDNSD, ACTION_ALLOW,
		      "192.0.2.1 :127.0.5.0:none\n192.0.2.2 :127.0.5.1:low\n:127.0.9.0:x\n"
		      "192.0.2.3\n192.0.2.4 :127.0.3.3\n:127.0.0.2\n192.0.2.5 text\n",
		      "2 192.0.2.2 (low)\n5 192.0.2.4\n7 192.0.2.5 (text)\n",
		      "5 entries of the zone: 3 entries, 2 skipped: 2 of trust none");
	format_assert_bad(
	    FORMAT_RBLDNSD, ACTION_ALLOW,
	    "192.0.2.1 :127.0.2256.0:none\n:127.0.0\n192.0.2.2 :2x:text\n"
	    "192.0.2.9x :127.0.5.0:none\n",
	    "list:1:12: \"127.0.2256.0\" is not a value\nlist:2:2: \"127.0.0\" is no\n"
	    "list:3:12: \"2x\" is not a value\nlist:4:10: unexpected \"x\" after\n");
	format_assert_bad(FORMAT_RBLDNSD, ACTION_BLOCK, "$TTL 60\n$ORIGIN x.\n192.0.2.1\n",
			  "list:2:1: $ORIGIN is not a line of rbldnsd\n");
	format_assert_bad(FORMAT_DNSWL, ACTION_ALLOW,
			  "192.0.2.1;x;1;x;1\n192.0.2.1;1;1;x;1;more\n192.0.2.1;1;1;x;1\n",
			  "list:1:1: not address;category\nlist:2:1: not address;category\n");
	format_assert_bad(FORMAT_SPAMDB, ACTION_ALLOW, "WHITE|192.0.2.1|||1|2|9999999999|1|7|x\n",
			  "list:1:1: not WHITE|address\n");
}

/* The texts that SpamAssassin 4 accepts. */
static void test_spamassassin(void **state)
{
	(void)state;
	assert_auto(ACTION_ALLOW,
		    "trusted_networks 192.0.2.10-192.0.2.20 198.51.100.0/24\n"
		    "internal_networks fe80::1%eth0 192.0.2.0/255.255.255.0\n"
		    "trusted_networks 010.001.002.0/24, 203.0.113.0/24\n"
		    "trusted_networks 010.01. 192.168/255.255.0.0\n",
		    FORMAT_SPAMASSASSIN,
		    "4 10.1.0.0/16\n3 10.1.2.0/24\n2 192.0.2.0/24\n1 192.0.2.10/31\n"
		    "1 192.0.2.12/30\n1 192.0.2.16/30\n1 192.0.2.20\n4 192.168.0.0/16\n"
		    "1 198.51.100.0/24\n3 203.0.113.0/24\n2 fe80::1\n",
		    "list:2:19: warning: fe80::1%eth0 is listed on any interface\n");
	format_assert_bad(
	    FORMAT_SPAMASSASSIN, ACTION_ALLOW,
	    "trusted_networks 192.0.2.0/255.0.255.0 192.0.2.9-192.0.2.1 192.0.2.0 /24\n"
	    "trusted_networks 20%1:db8::/48 fe80::%eth0/64\n",
	    "list:1:31: ...after the slash\nlist:1:40: ...is not a range\n"
	    "list:1:70: ...is not an IP address\n"
	    "list:2:18: \"20%1:db8::/48\" is not\n"
	    "list:2:38: unexpected \"%eth0/64\" after\n");
}

/* What becomes of host bits: as the format's program does, or as the list says. */
static void test_host_bits(void **state)
{
	static const struct {
		enum format format;
		const char *text;
		enum host_bits by_format;
	} lists[] = {
		{ FORMAT_PLAIN, "192.0.2.9/24 # x\n", HOST_BITS_REFUSE },
		{ FORMAT_NETSET, "192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_DROP_TEXT, "192.0.2.9/24 ; SBL1\n", HOST_BITS_REFUSE },
		{ FORMAT_DROP_JSON, "{\"cidr\":\"192.0.2.9/24\"}\n", HOST_BITS_REFUSE },
		{ FORMAT_JSON, "[\"192.0.2.9/24\"]\n", HOST_BITS_REFUSE },
		{ FORMAT_CSV, "ip\n192.0.2.9/24\n", HOST_BITS_REFUSE },
		{ FORMAT_IPSET, "add s 192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_NFTABLES, "add element t s { 192.0.2.9/24 }\n", HOST_BITS_CUT },
		{ FORMAT_IPTABLES, "-A INPUT -s 192.0.2.9/24 -j ACCEPT\n", HOST_BITS_CUT },
		{ FORMAT_SPF, "ip4:192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_HOSTS_ACCESS, "ALL: 192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_HTTP_ACCESS, "Require ip 192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_CSF, "192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_MIKROTIK, "add list=s address=192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_ACCESS, "192.0.2.9/24 OK\n", HOST_BITS_REFUSE },
		{ FORMAT_CLIENTS, "192.0.2.9/24\n", HOST_BITS_REFUSE },
		{ FORMAT_NETWORKS, "192.0.2.9/24\n", HOST_BITS_REFUSE },
		{ FORMAT_RSPAMD_MAP, "192.0.2.9/24 x\n", HOST_BITS_CUT },
		{ FORMAT_RBLDNSD, "192.0.2.9/24 :127.0.0.2:x\n", HOST_BITS_REFUSE },
		{ FORMAT_DNSWL, "192.0.2.9/24;1;1;x;1\n", HOST_BITS_REFUSE },
		{ FORMAT_CROWDSEC_CSV, "value\n192.0.2.9/24\n", HOST_BITS_REFUSE },
		{ FORMAT_SPAMASSASSIN, "trusted_networks 192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_EXIM, "192.0.2.9/24: x\n", HOST_BITS_CUT },
		{ FORMAT_OPENSMTPD, "192.0.2.9/24\n", HOST_BITS_CUT },
		{ FORMAT_POSTFIX_CIDR, "192.0.2.9/24 permit\n", HOST_BITS_BY_FORMAT },
	};
	char prefix[PREFIX_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (enum host_bits bits = 0; bits < HOST_BITS_COUNT; bits++) {
			enum host_bits expected = bits ? bits : lists[i].by_format;
			struct format_input input;

			format_again();
			input = format_input_of(lists[i].text, strlen(lists[i].text));
			input.format = lists[i].format;
			input.host_bits = bits;
			assert_int_equal(format_read(&input, &format_result),
					 expected == HOST_BITS_REFUSE ? -EINVAL : 0);
			assert_int_equal(format_set->count, expected == HOST_BITS_CUT);
			/* Both readings are offered in any case. */
			assert_int_equal(format_diagnostics.count, 1);
			assert_non_null(strstr(format_diagnostics.items[0].message, "192.0.2.9"));
			if (expected == HOST_BITS_CUT)
				assert_string_equal(
				    prefix_format(&format_set->entries[0].prefix, prefix),
				    "192.0.2.0/24");
			if (expected)
				assert_non_null(
				    strstr(format_diagnostics.items[0].message, "192.0.2.0/24"));
		}
	}
}

/* Sets put into one file say their numbers one by one. */
static void test_concatenated(void **state)
{
	static const char text[] = "#\n# level1\n#\n# ipv4 hash:net ipset\n#\n"
				   "# This File Date  : Fri Nov 27 17:18:59 UTC 2026\n"
				   "# Entries         : 2 subnets, 680864624 unique IPs\n#\n"
				   "45.9.148.0/24\n45.9.151.0/22\n#\n# other\n#\n"
				   "# ipv4 hash:ip ipset\n# Entries         : 2 unique IPs\n#\n"
				   "45.9.162.1\n45.9.162.2\n";

	(void)state;
	assert_auto(ACTION_BLOCK, text, FORMAT_NETSET,
		    "10 45.9.148.0/22\n9 45.9.148.0/24\n17 45.9.162.1\n18 45.9.162.2\n",
		    "list:10:1: warning: 45.9.151.0/22 has host bits set: read as the network "
		    "45.9.148.0/22; for the one address write 45.9.151.0\n");
	assert_false(format_is_cut(&format_result));
}

#define CASE_TEST(name) cmocka_unit_test_setup_teardown(name, format_begin, format_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_TEST(test_tables),
		CASE_TEST(test_named),
		CASE_TEST(test_counts),
		CASE_TEST(test_semicolons),
		CASE_TEST(test_behind_the_first_buffer),
		CASE_TEST(test_scores),
		CASE_TEST(test_postfix_actions),
		CASE_TEST(test_messages),
		CASE_TEST(test_foreign),
		CASE_TEST(test_columns),
		CASE_TEST(test_spamassassin),
		CASE_TEST(test_host_bits),
		CASE_TEST(test_concatenated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
