/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of rspamd's metadata exporter: recorded ones, small ones, and hostile ones. */
#include "intake/rspamd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rspamd_messages.h"

#define NOW_SEC 1796000000

static struct evidence found[RSPAMD_EVIDENCE_MAX];

/* Each message lies in memory of exactly its size, so that ASan sees every byte too far. */
static int read_bytes(const char *text, size_t bytes)
{
	char *copy = malloc(bytes ? bytes : 1);
	int count;

	assert_non_null(copy);
	memcpy(copy, text, bytes);
	memset(found, 0, sizeof(found));
	count = rspamd_read(copy, bytes, NOW_SEC, found);
	free(copy);
	return count;
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* A message in the form of contrib/rspamd-metadata-exporter.conf. */
static int read_small(const char *ip, const char *user, const char *action, const char *symbols)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"symbols\":[%s],\"ip\":\"%s\",\"user\":\"%s\",\"action\":\"%s\",\"score\":1.5,"
		 "\"from\":\"Partner.TEST\"}",
		 symbols, ip, user, action);
	return read_text(text);
}

static void assert_address(const struct evidence *evidence, const char *text)
{
	char buffer[PREFIX_TEXT_BYTES];

	assert_true(evidence->has_address);
	assert_string_equal(prefix_format_short(&evidence->address, buffer), text);
}

static void test_a_recorded_answer_is_ham_and_a_reply(void **state)
{
	(void)state;
	assert_int_equal(read_text(stock_reply), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(found[i].source, EVIDENCE_FROM_RSPAMD);
		assert_int_equal(found[i].at_sec, NOW_SEC);
		assert_address(&found[i], "192.0.2.101");
		/* There is no SPF record. */
		assert_string_equal(found[i].domain, "");
		assert_string_equal(found[i].name, "");
		assert_string_equal(found[i].person, "a@home.test");
		assert_int_equal(found[i].recipient_count, 1);
	}
	assert_int_equal(found[0].kind, EVIDENCE_HAM);
	assert_int_equal(found[1].kind, EVIDENCE_REPLY);
}

static void test_recorded_spam(void **state)
{
	(void)state;
	assert_int_equal(read_text(stock_spam), 1);
	assert_int_equal(found[0].kind, EVIDENCE_SPAM);
	assert_address(&found[0], "192.0.2.102");
	assert_string_equal(found[0].domain, "");
}

static void test_ham_needs_an_authenticated_domain(void **state)
{
	(void)state;
	assert_int_equal(read_small("192.0.2.1", "", "no action", "\"FROM_HAS_DN\""), 0);
	assert_int_equal(read_small("192.0.2.1", "", "no action", ""), 0);
	assert_int_equal(read_small("192.0.2.1", "", "no action", "\"R_DKIM_ALLOW\""), 1);
	assert_int_equal(found[0].kind, EVIDENCE_HAM);
	assert_int_equal(read_small("192.0.2.1", "", "no action", "\"DMARC_POLICY_ALLOW\""), 1);
	assert_int_equal(read_small("192.0.2.1", "", "no action", "{\"name\":\"R_SPF_ALLOW\"}"), 1);
	assert_int_equal(found[0].kind, EVIDENCE_HAM);
}

static void test_only_spf_ties_a_domain_to_an_address(void **state)
{
	(void)state;
	/* Anyone can send a signed message once more. */
	assert_int_equal(
	    read_small("192.0.2.1", "", "no action", "\"R_DKIM_ALLOW\",\"DMARC_POLICY_ALLOW\""), 1);
	assert_string_equal(found[0].domain, "");
	assert_int_equal(read_small("192.0.2.1", "", "no action", "\"R_SPF_ALLOW\""), 1);
	assert_string_equal(found[0].domain, "partner.test");
}

static void test_results_of_rspamd(void **state)
{
	static const char *const spam[] = { "reject", "add header", "rewrite subject", "discard",
					    "quarantine" };
	static const char *const nothing[] = { "soft reject", "greylist", "custom", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(spam) / sizeof(*spam); i++) {
		assert_int_equal(
		    read_small("192.0.2.1", "unknown", spam[i], "\"R_SPF_ALLOW\",\"REPLY\""), 1);
		assert_int_equal(found[0].kind, EVIDENCE_SPAM);
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
		assert_int_equal(
		    read_small("192.0.2.1", "unknown", nothing[i], "\"R_SPF_ALLOW\",\"REPLY\""), 0);
}

static void test_own_mail_is_no_evidence(void **state)
{
	static const char *const local[] = { "127.0.0.1",   "::1",	   "10.1.2.3", "172.17.0.1",
					     "192.168.1.1", "fe80::1",	   "fd00::1",  "",
					     "undef",	    "192.0.2.0/24" };

	(void)state;
	assert_int_equal(read_small("192.0.2.1", "alice", "reject", ""), 0);
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		assert_int_equal(read_small(local[i], "unknown", "reject", ""), 0);
	assert_int_equal(read_small("2001:db8::1", "unknown", "reject", ""), 1);
	assert_address(&found[0], "2001:db8::1");
	assert_int_equal(read_small("::ffff:192.0.2.7", "unknown", "reject", ""), 1);
	assert_address(&found[0], "192.0.2.7");
}

static void test_text_of_strangers_hides_nothing(void **state)
{
	static const char score[] = "{\"action\":\"reject\",\"ip\":\"192.0.2.1\",\"score\":nan}";
	static const char minus[] = "{\"action\":\"reject\",\"score\":-nan,\"ip\":\"192.0.2.1\"}";
	static const char huge[] = "{\"action\":\"reject\",\"score\":1,\"scan_time\":"
				   "99999999999999999999999,\"ip\":\"192.0.2.1\"}";
	static const char nul[] = "{\"subject\":\"a\\u0000b\",\"action\":\"reject\",\"ip\":"
				  "\"192.0.2.1\"}";
	static const char bytes[] = "{\"subject\":\"\xff\xc3(\x01\n nan \\\" inf\",\n\"action\":"
				    "\"reject\",\"ip\":\"192.0.2.1\"}";
	static const char *const messages[] = { score, minus, huge, nul, bytes };

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		assert_int_equal(read_text(messages[i]), 1);
		assert_int_equal(found[0].kind, EVIDENCE_SPAM);
		assert_address(&found[0], "192.0.2.1");
	}
}

static void test_domains_that_are_none(void **state)
{
	static const char *const from[] = {
		"unknown", "x@localhost", "@", "x@a b.test", "x@m\\u00fcnchen.test", "x@.", ""
	};
	char text[1024], domain[300];

	(void)state;
	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++) {
		snprintf(text, sizeof(text),
			 "{\"action\":\"no action\",\"ip\":\"192.0.2.1\",\"from\":\"%s\","
			 "\"symbols\":[{\"name\":\"R_SPF_ALLOW\"}]}",
			 from[i]);
		assert_int_equal(read_text(text), 1);
		assert_string_equal(found[0].domain, "");
	}
	memset(domain, 'a', sizeof(domain));
	domain[sizeof(domain) - 1] = '\0';
	domain[10] = '.';
	snprintf(text, sizeof(text),
		 "{\"action\":\"no action\",\"ip\":\"192.0.2.1\",\"from\":\"%s\","
		 "\"symbols\":[\"R_SPF_ALLOW\"]}",
		 domain);
	assert_int_equal(read_text(text), 1);
	assert_string_equal(found[0].domain, "");
}

static void test_what_is_no_message_is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "{",
					     "[]",
					     "null",
					     "1",
					     "\"reject\"",
					     "{}",
					     "{\"action\":1}",
					     "{\"ip\":\"192.0.2.1\"}",
					     "nan",
					     "{\"action\":\"reject\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(read_text(texts[i]), -EINVAL);
	/* Every beginning of a message, byte by byte. */
	for (size_t bytes = 0; bytes < strlen(stock_reply); bytes++)
		assert_int_equal(read_bytes(stock_reply, bytes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recorded_answer_is_ham_and_a_reply),
		cmocka_unit_test(test_recorded_spam),
		cmocka_unit_test(test_ham_needs_an_authenticated_domain),
		cmocka_unit_test(test_only_spf_ties_a_domain_to_an_address),
		cmocka_unit_test(test_results_of_rspamd),
		cmocka_unit_test(test_own_mail_is_no_evidence),
		cmocka_unit_test(test_text_of_strangers_hides_nothing),
		cmocka_unit_test(test_domains_that_are_none),
		cmocka_unit_test(test_what_is_no_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
