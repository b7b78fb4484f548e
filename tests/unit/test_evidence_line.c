/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence as text: the form of a line, texts of strangers in it, and refused lines. */
#include "learn/evidence_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_line(const struct evidence *evidence, const char *expected)
{
	char line[EVIDENCE_LINE_BYTES];
	struct evidence again = { 0 };

	assert_int_equal(evidence_line_write(evidence, line), strlen(expected));
	assert_string_equal(line, expected);
	assert_null(evidence_line_read(line, strlen(line) - 1, &again));
	assert_int_equal(again.source, evidence->source);
	assert_int_equal(again.kind, evidence->kind);
	assert_int_equal(again.at_sec, evidence->at_sec);
	assert_int_equal(again.has_address, evidence->has_address);
	if (evidence->has_address)
		assert_int_equal(prefix_compare(&again.address, &evidence->address), 0);
	assert_string_equal(again.domain, evidence->domain);
	assert_string_equal(again.name, evidence->name);
	assert_string_equal(again.person, evidence->person);
	assert_int_equal(again.recipient_count, evidence->recipient_count);
}

static struct prefix host(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void test_forms(void **state)
{
	(void)state;
	assert_line(
	    &(struct evidence) { .source = EVIDENCE_FROM_POSTFIX,
				 .kind = EVIDENCE_SENT,
				 .at_sec = 1764365586,
				 .has_address = true,
				 .address = host("192.0.2.101"),
				 .domain = "partner.test",
				 .name = "mx.partner.test",
				 .person = "alice@home.test",
				 .recipient_count = 2 },
	    "postfix sent 1764365586 192.0.2.101 partner.test mx.partner.test alice@home.test 2\n");
	assert_line(&(struct evidence) { .source = EVIDENCE_FROM_REPORT,
					 .kind = EVIDENCE_REPORTED_HAM,
					 .at_sec = 0,
					 .has_address = true,
					 .address = host("2001:db8::1") },
		    "report reported-ham 0 2001:db8::1 - - - -\n");
	assert_line(&(struct evidence) { .source = EVIDENCE_FROM_RSPAMD,
					 .kind = EVIDENCE_SPAM,
					 .at_sec = 1,
					 .person = "j\xc3\xbcrgen 100%-@x" },
		    "rspamd spam 1 - - - j%c3%bcrgen%20100%25-@x -\n");
	assert_line(&(struct evidence) { .person = "-" }, "postfix sent 0 - - - %2d -\n");
}

/* The longest strings, each byte escaped, fit. */
static void test_longest(void **state)
{
	char line[EVIDENCE_LINE_BYTES];
	struct evidence evidence = { .kind = EVIDENCE_REPORTED_SPAM,
				     .at_sec = INT64_MAX,
				     .has_address = true,
				     .address = host("1111:2222:3333:4444:5555:6666:7777:8888"),
				     .recipient_count = UINT32_MAX };

	(void)state;
	memset(evidence.domain, '%', sizeof(evidence.domain) - 1);
	memset(evidence.name, '%', sizeof(evidence.name) - 1);
	memset(evidence.person, '%', sizeof(evidence.person) - 1);
	assert_true(evidence_line_write(&evidence, line) < EVIDENCE_LINE_BYTES);
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *wrong;
	} rows[] = {
		{ "", "eight fields" },
		{ "postfix sent 1 - - - -", "eight fields" },
		{ "postfix sent 1 - - -  -", "eight fields" },
		{ "postfix  sent 1 - - - - -", "eight fields" },
		{ "postfi sent 1 - - - - -", "source" },
		{ "postfixx sent 1 - - - - -", "source" },
		{ "postfix Sent 1 - - - - -", "kind" },
		{ "kernel accepted 1 192.0.2.1 - - - -", "source" },
		{ "postfix inbound 1 192.0.2.1 - - - -", "kind" },
		{ "postfix outbound 1 192.0.2.1 - - - -", "kind" },
		{ "postfix sent -1 - - - - -", "time" },
		{ "postfix sent 253402300800 - - - - -", "time" },
		{ "postfix sent 99999999999999999999999999 - - - - -", "time" },
		{ "postfix sent 1 192.0.2.0/24 - - - -", "address" },
		{ "postfix sent 1 192.0.2.1.evil.test - - - -", "address" },
		{ "postfix sent 1 - Partner.test - - -", "domain" },
		{ "postfix sent 1 - partner.test. - - -", "domain" },
		{ "postfix sent 1 - .test - - -", "domain" },
		{ "postfix sent 1 - a..test - - -", "domain" },
		{ "postfix sent 1 - 192.0.2.1 - - -", "domain" },
		{ "postfix sent 1 - a%20b - - -", "domain" },
		{ "postfix sent 1 - m%c3%bcnchen.test - - -", "domain" },
		{ "postfix sent 1 - - [192.0.2.1] - -", "reverse name" },
		{ "postfix sent 1 - - - a%0ab -", "person" },
		{ "postfix sent 1 - - - a%00b -", "person" },
		{ "postfix sent 1 - - - a%7fb -", "person" },
		{ "postfix sent 1 - - - a%c2%85b -", "person" },
		{ "postfix sent 1 - - - a%ffb -", "person" },
		{ "postfix sent 1 - - - a%2 -", "person" },
		{ "postfix sent 1 - - - a% -", "person" },
		{ "postfix sent 1 - - - a%2Fb -", "person" },
		{ "postfix sent 1 - - - a\tb -", "person" },
		{ "postfix sent 1 - - - - 0", "recipients" },
		{ "postfix sent 1 - - - - 4294967296", "recipients" },
		{ "postfix sent 1 - - - - 1 ", "recipients" },
		{ "postfix sent 1 - - - - 1 1", "recipients" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		/* A copy of just these bytes, so that ASan sees a read beyond them. */
		const size_t bytes = strlen(rows[i].line);
		char *line = malloc(bytes ? bytes : 1);
		struct evidence evidence = { .at_sec = -7 };
		const char *wrong;

		assert_non_null(line);
		memcpy(line, rows[i].line, bytes);
		wrong = evidence_line_read(line, bytes, &evidence);
		if (!wrong || !strstr(wrong, rows[i].wrong))
			fail_msg("\"%s\": %s", rows[i].line, wrong ? wrong : "accepted");
		assert_int_equal(evidence.at_sec, -7);
		free(line);
	}
}

static void test_too_long(void **state)
{
	char line[1024] = "postfix sent 1 - - - ";
	const size_t head = strlen(line);
	struct evidence evidence;

	(void)state;
	memset(line + head, 'a', EVIDENCE_PERSON_BYTES - 1);
	memcpy(line + head + EVIDENCE_PERSON_BYTES - 1, " -", 3);
	assert_null(evidence_line_read(line, strlen(line), &evidence));
	memset(line + head, 'a', EVIDENCE_PERSON_BYTES);
	memcpy(line + head + EVIDENCE_PERSON_BYTES, " -", 3);
	assert_non_null(evidence_line_read(line, strlen(line), &evidence));
}

static void test_domains(void **state)
{
	char label[70] = "";

	(void)state;
	assert_true(evidence_is_domain("partner.test"));
	assert_true(evidence_is_domain("xn--mnchen-3ya.test"));
	assert_true(evidence_is_domain("_spf.a-1.b"));
	assert_true(evidence_is_domain("1.in4.test"));
	assert_false(evidence_is_domain(""));
	assert_false(evidence_is_domain("a b"));
	assert_false(evidence_is_domain("10.0.0.1"));
	memset(label, 'a', 63);
	assert_true(evidence_is_domain(label));
	memset(label, 'a', 64);
	assert_false(evidence_is_domain(label));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	cmocka_unit_test(test_longest),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
