/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts between ipwl-resolve and its parent: what one side writes, the other reads; anything
 * else is refused. */
#include "dns/result.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/request.h"
#include "random_prefix.h"

static const char golden[] = "dns 1\n"
			     "ttl_sec 300\n"
			     "authenticated yes\n"
			     "ipv4 ok 2 0 complete\n"
			     "ipv6 permanent 3 1 incomplete a?b \xc3\xa9\n"
			     "record - partner.example\n"
			     "term other-family taken ip6:2001:db8::/32\n"
			     "term taken taken include:_spf.example.net\n"
			     "term refused not-reached -all\n"
			     "record 1 _spf.example.net\n"
			     "term taken other-family ip4:192.0.2.0/24\n"
			     "term taken error include:deeper.example\n"
			     "record 4 deeper.example\n"
			     "term taken other-family ip4:198.51.100.7\n"
			     "prefix 3 192.0.2.0/24\n"
			     "prefix 5 198.51.100.7/32\n"
			     "prefix 0 2001:db8::/32\n"
			     "end\n";

static void parse(const char *text, struct prefix *prefix)
{
	assert_int_equal(prefix_parse(text, strlen(text), prefix, NULL), PREFIX_OK);
}

static void add_term(struct dns_result *result, const char *text, enum dns_outcome ipv4,
		     enum dns_outcome ipv6)
{
	struct dns_term *term;

	assert_int_equal(dns_result_add_term(result, text, strlen(text)), 0);
	term = &result->terms[result->term_count - 1];
	term->outcomes[FAMILY_IPV4] = ipv4;
	term->outcomes[FAMILY_IPV6] = ipv6;
}

static void add_prefix(struct dns_result *result, const char *text, uint32_t term)
{
	struct prefix prefix;

	parse(text, &prefix);
	assert_int_equal(dns_result_add_prefix(result, &prefix, term), 0);
}

static void build(struct dns_result *result)
{
	*result = (struct dns_result) {
		.families = { { DNS_OK, 2, 0, false, "" },
			      { DNS_PERMANENT, 3, 1, true, "a\nb \xc3\xa9" } },
		.ttl_sec = 300,
		.is_authenticated = true,
	};
	assert_int_equal(dns_result_add_record(result, "Partner.example.", DNS_NO_TERM), 0);
	add_term(result, "ip6:2001:db8::/32", DNS_TERM_OTHER_FAMILY, DNS_TERM_TAKEN);
	add_term(result, "include:_spf.example.net", DNS_TERM_TAKEN, DNS_TERM_TAKEN);
	add_term(result, "-all", DNS_TERM_REFUSED, DNS_TERM_NOT_REACHED);
	assert_int_equal(dns_result_add_record(result, "_spf.example.net", 1), 0);
	add_term(result, "ip4:192.0.2.0/24", DNS_TERM_TAKEN, DNS_TERM_OTHER_FAMILY);
	add_term(result, "include:deeper.example", DNS_TERM_TAKEN, DNS_TERM_ERROR);
	assert_int_equal(dns_result_add_record(result, "deeper.example", 4), 0);
	add_term(result, "ip4:198.51.100.7", DNS_TERM_TAKEN, DNS_TERM_OTHER_FAMILY);
	add_prefix(result, "2001:db8::/32", 0);
	add_prefix(result, "198.51.100.7", 5);
	add_prefix(result, "192.0.2.0/24", 3);
	dns_result_finish(result);
}

/* The text of a result, to be freed. */
static char *text_of(const struct dns_result *result)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(stream);
	assert_int_equal(dns_result_write(result, stream), 0);
	fclose(stream);
	return text;
}

static void test_text(void **state)
{
	struct dns_result result, again;
	char *text;

	(void)state;
	build(&result);
	text = text_of(&result);
	assert_string_equal(text, golden);
	assert_int_equal(dns_result_read(text, strlen(text), &again), 0);
	free(text);
	text = text_of(&again);
	assert_string_equal(text, golden);
	assert_int_equal(again.terms[1].target_record, 1);
	assert_int_equal(again.terms[2].target_record, DNS_NO_TERM);
	assert_int_equal(again.records[1].first_term, 3);
	assert_int_equal(again.records[1].term_count, 2);
	free(text);
	dns_result_done(&again);
	dns_result_done(&result);
}

static void test_branch(void **state)
{
	struct dns_result result;

	(void)state;
	build(&result);
	assert_null(dns_result_branch(&result, 0));
	assert_string_equal(dns_result_branch(&result, 3)->domain, "_spf.example.net");
	assert_string_equal(dns_result_branch(&result, 5)->domain, "_spf.example.net");
	dns_result_done(&result);
}

static void test_status(void **state)
{
	static const struct {
		enum dns_status ipv4, ipv6, both;
	} cases[] = {
		{ DNS_OK, DNS_NO_RECORD, DNS_OK },
		{ DNS_NO_RECORD, DNS_OK, DNS_OK },
		{ DNS_OK, DNS_TEMPORARY, DNS_TEMPORARY },
		{ DNS_NO_DOMAIN, DNS_TEMPORARY, DNS_TEMPORARY },
		{ DNS_OK, DNS_PERMANENT, DNS_OK },
		{ DNS_NO_RECORD, DNS_PERMANENT, DNS_PERMANENT },
		{ DNS_NO_DOMAIN, DNS_NO_DOMAIN, DNS_NO_DOMAIN },
		{ DNS_NO_RECORD, DNS_NO_RECORD, DNS_NO_RECORD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct dns_result result = { .families = { { .status = cases[i].ipv4 },
								 { .status = cases[i].ipv6 } } };

		assert_int_equal(dns_result_status(&result), cases[i].both);
	}
}

static bool is_refused(const char *text, size_t bytes)
{
	struct dns_result result = { .ttl_sec = 4711 };
	int err = dns_result_read(text, bytes, &result);

	if (err) {
		assert_int_equal(err, -EBADMSG);
		assert_int_equal(result.ttl_sec, 4711);
		return true;
	}
	dns_result_done(&result);
	return false;
}

static void test_truncated(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < strlen(golden); bytes++)
		assert_true(is_refused(golden, bytes));
	assert_true(is_refused(golden, sizeof(golden)));
	assert_false(is_refused(golden, strlen(golden)));
}

/* Replace the first @from of the text. */
static bool changed_is_refused(const char *from, const char *to)
{
	const char *at = strstr(golden, from);
	char text[2 * sizeof(golden)];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	return is_refused(text, strlen(text));
}

static void test_refused(void **state)
{
	static const char *const changes[][2] = {
		{ "dns 1", "dns 2" },
		{ "dns 1\n", "dns 1\n\n" },
		{ "ttl_sec 300", "ttl_sec -1" },
		{ "ttl_sec 300", "ttl_sec 4294967296" },
		{ "ttl_sec 300", "ttl_sec 300 " },
		{ "authenticated yes", "authenticated maybe" },
		{ "ipv4 ok", "ipv4 fine" },
		{ "ipv4 ok 2 0 complete", "ipv4 ok 2 complete" },
		{ "record - partner", "record 0 partner" },
		{ "record 1 ", "record - " },
		{ "record 1 ", "record 99 " },
		{ "record 4 ", "record 1 " },
		{ "partner.example", "partner..example" },
		{ "partner.example", "part ner.example" },
		{ "term other-family taken ip6:2001:db8::/32", "term other-family taken " },
		{ "term other-family taken", "term other-family" },
		{ "prefix 3 192.0.2.0/24", "prefix 6 192.0.2.0/24" },
		{ "prefix 3 192.0.2.0/24", "prefix 3 192.0.2.1/24" },
		{ "prefix 3 192.0.2.0/24", "prefix 3 203.0.113.0/24" },
		{ "prefix 3 192.0.2.0/24", "prefix 3 198.51.0.0/16" },
		{ "prefix 3 192.0.2.0/24", "prefix 3 192.0.2.0/24\nprefix 3 192.0.2.0/24" },
		{ "prefix 3 ", "prefix 3  " },
		{ "ipv4 ok 2 0 complete", "ipv4 temporary 2 0 complete" },
		{ "end\n", "end\nend\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		if (!changed_is_refused(changes[i][0], changes[i][1]))
			fail_msg("accepted: \"%s\"", changes[i][1]);
	}
}

static void test_limits(void **state)
{
	struct dns_result result = { .ttl_sec = 0 };
	char text[2 * DNS_TERM_BYTES], *written;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(dns_result_add_record(&result, "partner.example", DNS_NO_TERM), 0);
	assert_int_equal(dns_result_add_term(&result, text, sizeof(text)), 0);
	assert_int_equal(strlen(result.terms[0].text), DNS_TERM_BYTES - 1);
	assert_string_equal(result.terms[0].text + DNS_TERM_BYTES - 5, "a...");
	for (int i = 0; i < DNS_RECORDS_MAX - 1; i++) {
		assert_int_equal(dns_result_add_record(&result, "x.example", (uint32_t)i), 0);
		assert_int_equal(dns_result_add_term(&result, "a b\n\xff", 5), 0);
	}
	assert_string_equal(result.terms[1].text, "a?b??");
	assert_int_equal(dns_result_add_record(&result, "x.example", 1), -E2BIG);
	written = text_of(&result);
	assert_false(is_refused(written, strlen(written)));
	free(written);
	dns_result_done(&result);
}

/* Results with random sets survive the way through the text. */
static void test_random(void **state)
{
	(void)state;
	random_start("dns_result");
	for (int round = 0; round < 200; round++) {
		struct dns_result result = { .ttl_sec = (uint32_t)random_number() }, again;
		char *text, *second;

		assert_int_equal(dns_result_add_record(&result, "a.example", DNS_NO_TERM), 0);
		for (unsigned int i = random_below(60); i > 0; i--) {
			struct prefix prefix = random_prefix_any();
			bool is_apart = !prefix_is_mapped(&prefix) || prefix.len < 96;

			for (size_t j = 0; j < result.prefix_count; j++)
				is_apart &= !prefix_contains(&result.prefixes[j].prefix, &prefix) &&
					    !prefix_contains(&prefix, &result.prefixes[j].prefix);
			if (is_apart)
				assert_int_equal(
				    dns_result_add_prefix(&result, &prefix, DNS_NO_TERM), 0);
		}
		dns_result_finish(&result);
		text = text_of(&result);
		assert_int_equal(dns_result_read(text, strlen(text), &again), 0);
		assert_int_equal(again.prefix_count, result.prefix_count);
		second = text_of(&again);
		assert_string_equal(text, second);
		free(text);
		free(second);
		dns_result_done(&result);
		dns_result_done(&again);
	}
}

static void test_request(void **state)
{
	const struct dns_request request = { .kind = DNS_HOST,
					     .name = "mail.partner.example",
					     .timeout_sec = 60,
					     .needs_authenticated = true,
					     .servers = "127.0.0.1,[::1]:5353",
					     .shortest = { 16, 32 },
					     .skips_reserved = true };
	struct dns_request again;
	char text[DNS_REQUEST_TEXT_BYTES_MAX];
	FILE *file = tmpfile();
	ssize_t bytes;

	(void)state;
	assert_non_null(file);
	assert_int_equal(dns_request_write(fileno(file), &request), 0);
	bytes = pread(fileno(file), text, sizeof(text), 0);
	assert_true(bytes > 0);
	assert_int_equal(dns_request_read(text, (size_t)bytes, &again), 0);
	assert_int_equal(again.kind, DNS_HOST);
	assert_string_equal(again.name, request.name);
	assert_int_equal(again.timeout_sec, 60);
	assert_true(again.needs_authenticated);
	assert_true(again.skips_reserved);
	assert_string_equal(again.servers, request.servers);
	assert_memory_equal(again.shortest, request.shortest, sizeof(again.shortest));
	fclose(file);
}

static void test_request_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"kind spf\nname a.example\n",
		"kind spf\ntimeout_sec 1\n",
		"kind mx\nname a.example\ntimeout_sec 1\n",
		"kind spf\nname a..example\ntimeout_sec 1\n",
		"kind spf\nname a.example\ntimeout_sec 601\n",
		"kind spf\nname a.example\ntimeout_sec 1\nshortest_ipv4 33\n",
		"kind spf\nname a.example\ntimeout_sec 1\nauthenticated no\n",
		"kind spf\nname a.example\ntimeout_sec 1\nother 1\n",
		"kind\n",
	};
	struct dns_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(dns_request_read(bad[i], strlen(bad[i]), &request), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_branch),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
