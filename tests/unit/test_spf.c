/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expansion of SPF records: what becomes of each term, limits, and answers that fail. The
 * tests in tests/spf compare the sets of addresses with those of other programs. */
#include "spf/expand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct known {
	const char *name;
	enum dns_type type;
	const char *data; /* NULL: the query fails */
};

static const struct known *known;
static char answer_texts[8][20000];
static struct dns_item answer_items[8];
static struct dns_answer answers[8];
static size_t answer_count;

static void fill_item(struct dns_item *item, char *text, const struct known *record)
{
	size_t column;

	*item = (struct dns_item) { .text = text, .text_bytes = strlen(record->data) };
	strcpy(text, record->data);
	if (record->type == DNS_A || record->type == DNS_AAAA)
		assert_int_equal(prefix_parse_raw(text, item->text_bytes, &item->address, &column),
				 PREFIX_OK);
}

static int query(void *context, const char *name, enum dns_type type,
		 const struct dns_answer **ret_answer)
{
	static const struct dns_answer none = { .status = DNS_ANSWER_NO_DOMAIN };
	static const struct dns_answer failed = { .reason = "timeout" };
	const size_t index = answer_count % 8;
	struct dns_answer *answer = &answers[index];

	(void)context;
	*ret_answer = &none;
	for (const struct known *record = known; record->name; record++) {
		if (record->type != type || strcmp(record->name, name) != 0)
			continue;
		*ret_answer = &failed;
		if (!record->data)
			return 0;
		fill_item(&answer_items[index], answer_texts[index], record);
		*answer = (struct dns_answer) { .status = DNS_ANSWER_RECORDS,
						.items = &answer_items[index],
						.item_count = 1 };
		*ret_answer = answer;
		answer_count++;
		return 0;
	}
	return 0;
}

static struct dns_result expand(const struct known *records, bool skips_reserved)
{
	const struct spf_resolver resolver = { .query = query };
	const struct dns_request request = { .name = "a.test",
					     .shortest = { DNS_SHORTEST_IPV4, DNS_SHORTEST_IPV6 },
					     .skips_reserved = skips_reserved };
	struct dns_result result;

	known = records;
	assert_int_equal(spf_expand(&request, &resolver, &result), 0);
	return result;
}

/* The networks as text, separated by blanks. */
static const char *networks(const struct dns_result *result)
{
	static char text[1024];
	char prefix[PREFIX_TEXT_BYTES];

	text[0] = '\0';
	for (size_t i = 0; i < result->prefix_count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, prefix_format_short(&result->prefixes[i].prefix, prefix));
	}
	return text;
}

static void check_outcomes(const struct dns_result *result, enum family family,
			   const enum dns_outcome *outcomes, size_t count)
{
	assert_int_equal(result->term_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(dns_outcome_names[result->terms[i].outcomes[family]],
				    dns_outcome_names[outcomes[i]]);
}

static void test_outcomes(void **state)
{
	static const struct known records[] = {
		{ "a.test", DNS_TXT,
		  "v=spf1 -ip4:9.9.9.9 ip4:9.9.9.8/30 ip6:2a00::/32 ip4:8.0.0.0/8 a:none.test "
		  "exists:%{i}.test ptr include:b.test exp=e.test ?exists:%{i} ip4:7.7.7.7 all" },
		{ NULL, DNS_A, NULL },
	};
	static const enum dns_outcome expected[] = {
		DNS_TERM_REFUSED,     DNS_TERM_TAKEN,	    DNS_TERM_OTHER_FAMILY,
		DNS_TERM_TOO_WIDE,    DNS_TERM_VOID,	    DNS_TERM_EXISTS,
		DNS_TERM_ERROR,	      DNS_TERM_NOT_REACHED, DNS_TERM_NO_EFFECT,
		DNS_TERM_NOT_REACHED, DNS_TERM_NOT_REACHED, DNS_TERM_NOT_REACHED,
	};
	struct dns_result result = expand(records, false);

	(void)state;
	/* The queries of the skipped terms may have no answer: ptr is the third. */
	check_outcomes(&result, FAMILY_IPV4, expected, sizeof(expected) / sizeof(*expected));
	assert_string_equal(networks(&result), "9.9.9.8 9.9.9.10/31 2a00::/32");
	assert_int_equal(result.families[FAMILY_IPV4].status, DNS_PERMANENT);
	dns_result_done(&result);
}

static void test_tree(void **state)
{
	static const struct known records[] = {
		{ "a.test", DNS_TXT, "v=spf1 include:b.test ip4:9.9.9.0/24 -all" },
		{ "b.test", DNS_TXT, "v=spf1 a redirect=c.test" },
		{ "b.test", DNS_A, "8.8.8.8" },
		{ "c.test", DNS_TXT, "v=spf1 ip6:2a00::/32 ip4:9.9.9.9 -all" },
		{ NULL, DNS_A, NULL },
	};
	struct dns_result result = expand(records, false);

	(void)state;
	/* Each address once, with the first term that matches it; both families share the tree. */
	assert_string_equal(networks(&result),
			    "8.8.8.8 9.9.9.0/29 9.9.9.8 9.9.9.9 9.9.9.10/31 9.9.9.12/30 "
			    "9.9.9.16/28 9.9.9.32/27 9.9.9.64/26 9.9.9.128/25 2a00::/32");
	assert_int_equal(result.record_count, 3);
	assert_string_equal(result.records[2].domain, "c.test");
	assert_string_equal(result.terms[result.prefixes[3].term].text, "ip4:9.9.9.9");
	assert_string_equal(dns_result_branch(&result, result.prefixes[3].term)->domain, "b.test");
	assert_null(dns_result_branch(&result, result.prefixes[1].term));
	assert_int_equal(result.families[FAMILY_IPV4].lookups, 3);
	assert_int_equal(result.families[FAMILY_IPV6].voids, 1);
	dns_result_done(&result);
}

static void test_reserved(void **state)
{
	static const struct known records[] = {
		{ "a.test", DNS_TXT, "v=spf1 ip4:192.168.7.0/24 ip4:198.51.100.0/22 -all" },
		{ NULL, DNS_A, NULL },
	};
	struct dns_result result = expand(records, false);

	(void)state;
	assert_string_equal(networks(&result), "192.168.7.0/24 198.51.100.0/22");
	dns_result_done(&result);
	result = expand(records, true);
	assert_string_equal(networks(&result), "198.51.101.0/24 198.51.102.0/23");
	assert_int_equal(result.terms[0].outcomes[FAMILY_IPV4], DNS_TERM_RESERVED);
	assert_int_equal(result.terms[1].outcomes[FAMILY_IPV4], DNS_TERM_TAKEN);
	dns_result_done(&result);
}

/* A failure voids its family, and no other. */
static void test_failures(void **state)
{
	static const struct known whole[] = { { "a.test", DNS_TXT, NULL }, { NULL, DNS_A, NULL } };
	static const struct known ipv6[] = {
		{ "a.test", DNS_TXT, "v=spf1 ip4:9.9.9.9 ip6:2a00::/32 a -all" },
		{ "a.test", DNS_A, "8.8.8.8" },
		{ "a.test", DNS_AAAA, NULL },
		{ NULL, DNS_A, NULL },
	};
	struct dns_result result = expand(whole, false);

	(void)state;
	assert_int_equal(dns_result_status(&result), DNS_TEMPORARY);
	assert_string_equal(result.families[FAMILY_IPV6].message, "a.test TXT: timeout");
	dns_result_done(&result);
	result = expand(ipv6, false);
	assert_int_equal(result.families[FAMILY_IPV4].status, DNS_OK);
	assert_int_equal(result.families[FAMILY_IPV6].status, DNS_TEMPORARY);
	assert_string_equal(networks(&result), "8.8.8.8 9.9.9.9");
	dns_result_done(&result);
}

static void test_absence(void **state)
{
	static const struct known none[] = { { NULL, DNS_A, NULL } };
	static const struct known other[] = { { "a.test", DNS_TXT, "v=spf10 a" },
					      { NULL, DNS_A, NULL } };
	struct dns_result result = expand(none, false);

	(void)state;
	assert_int_equal(dns_result_status(&result), DNS_NO_DOMAIN);
	dns_result_done(&result);
	result = expand(other, false);
	assert_int_equal(dns_result_status(&result), DNS_NO_RECORD);
	dns_result_done(&result);
}

/* Records that are valid by the grammar, but longer than any that is meant well. */
static void test_long(void **state)
{
	static char text[20000];
	static const struct known records[] = { { "a.test", DNS_TXT, text },
						{ NULL, DNS_A, NULL } };
	struct dns_result result;
	size_t bytes;

	(void)state;
	bytes = (size_t)snprintf(text, sizeof(text), "v=spf1");
	for (int i = 0; bytes < 16384 - 32; i++)
		bytes += (size_t)snprintf(text + bytes, sizeof(text) - bytes, " ip4:9.%d.%d.1",
					  i / 100 % 100, i % 100);
	result = expand(records, false);
	assert_int_equal(dns_result_status(&result), DNS_OK);
	assert_true(result.prefix_count > 1000);
	dns_result_done(&result);
	memset(text + bytes, ' ', 64);
	result = expand(records, false);
	assert_int_equal(dns_result_status(&result), DNS_PERMANENT);
	assert_int_equal(result.prefix_count, 0);
	dns_result_done(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes), cmocka_unit_test(test_tree),
		cmocka_unit_test(test_reserved), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_absence),	 cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
