/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Received lines of several mail servers, and lines that their senders wrote. */
#include "ctl/received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST "mx.example.org"

static enum received_result find_bytes(const char *message, size_t bytes, const char *host,
				       struct prefix *address)
{
	char *copy = malloc(bytes ? bytes : 1);
	enum received_result result;

	assert_non_null(copy);
	memcpy(copy, message, bytes);
	result = received_find(copy, bytes, host, address);
	free(copy);
	return result;
}

static void assert_found(const char *message, const char *expected)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix address;

	assert_int_equal(find_bytes(message, strlen(message), HOST, &address), RECEIVED_FOUND);
	assert_string_equal(prefix_format_short(&address, text), expected);
}

static void assert_result(const char *message, enum received_result expected)
{
	struct prefix address;

	assert_int_equal(find_bytes(message, strlen(message), HOST, &address), expected);
}

static void test_forms_of_mail_servers(void **state)
{
	static const char *const lines[][2] = {
		{ "from mail.sender.test (mail.sender.test [192.0.2.7])\r\n"
		  "\tby mx.example.org (Postfix) with ESMTP id 4471DA98068\r\n"
		  "\tfor <a@example.org>; Sat, 28 Nov 2026 21:00:00 +0000 (UTC)\r\n",
		  "192.0.2.7" },
		{ "from sender (unknown [IPv6:2001:db8::7])\n"
		  "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
		  "\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\n"
		  "\t(No client certificate requested)\n"
		  "\tby MX.example.org (Postfix) with ESMTPS id 4Zabc\n",
		  "2001:db8::7" },
		{ "from mail.sender.test ([192.0.2.7] helo=other.test)\n"
		  "\tby mx.example.org with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n"
		  "\t(Exim 4.96)\n\t(envelope-from <x@sender.test>)\n\tid 1rAbCd-000001-2x\n",
		  "192.0.2.7" },
		{ "from [192.0.2.7] (port=4711 helo=other.test)\n"
		  "\tby mx.example.org with smtp (Exim 4.96)\n",
		  "192.0.2.7" },
		{ "from mail.sender.test ([2001:db8::7]:4711 helo=[9.9.9.9])\n"
		  "\tby mx.example.org with esmtp\n",
		  "2001:db8::7" },
		{ "from sender.test (name.test [192.0.2.7] (may be forged))\n"
		  "\tby mx.example.org (8.17.1/8.17.1) with ESMTP id 3ASL\n",
		  "192.0.2.7" },
		{ "from sender.test ([192.0.2.7])\n\tby mx.example.org (8.17.1/8.17.1)\n",
		  "192.0.2.7" },
		{ "from sender.test (name.test [192.0.2.7])\n"
		  "\tby mx.example.org (OpenSMTPD) with ESMTPS id 1a2b (TLSv1.3:x:256:NO)\n",
		  "192.0.2.7" },
	};
	char message[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		strcpy(message, "Return-Path: <x@sender.test>\nReceived: ");
		strcat(message, lines[i][0]);
		strcat(message, "Subject: x\n\nbody\n");
		assert_found(message, lines[i][1]);
	}
}

static void test_lines_above_ours_are_skipped(void **state)
{
	(void)state;
	assert_found("Received: from mx.example.org\n\tby mx.example.org with LMTP\n\tid x\n"
		     "\t(envelope-from <x@sender.test>)\n\tfor <a@example.org>; date\n"
		     "Received: from mx.example.org (mx.example.org [198.51.100.1])\n"
		     "\tby store.example.org (Postfix) with ESMTP id x\n"
		     "Received: from x (x [192.0.2.7]) by mx.example.org (Postfix)\n"
		     "Received: from y (y [192.0.2.8]) by mx.example.org (Postfix)\n\n",
		     "192.0.2.7");
}

/* Whatever our line says, one below it must not be taken instead. */
#define FORGED "Received: from v (v [198.51.100.66]) by mx.example.org (Postfix)\n\n"

static void test_nothing_below_our_line_counts(void **state)
{
	(void)state;
	assert_result("Received: by mx.example.org (Postfix, from userid 1000)\n" FORGED,
		      RECEIVED_NO_ADDRESS);
	assert_result("Received: from x (x [192.0.2.7]) (Authenticated sender: alice)\n"
		      "\tby mx.example.org (Postfix) with ESMTP id x\n" FORGED,
		      RECEIVED_AUTHENTICATED);
	assert_result("Received: from x (x [192.0.2.7])\n"
		      "\tby mx.example.org (Postfix) with ESMTPSA id x\n" FORGED,
		      RECEIVED_AUTHENTICATED);
	assert_result("Received: from x (x [192.0.2.7]) (authenticated bits=0)\n"
		      "\tby mx.example.org (8.17.1/8.17.1) with ESMTP\n" FORGED,
		      RECEIVED_AUTHENTICATED);
	assert_result("Received: from unknown (HELO x) (192.0.2.7) by mx.example.org\n" FORGED,
		      RECEIVED_UNKNOWN);
	assert_result("Received: from x (x [192.0.2.7) by mx.example.org\n" FORGED,
		      RECEIVED_UNKNOWN);
	/* A comment that does not end hides where the line is from. */
	assert_result("Received: from x (x [192.0.2.7] by mx.example.org\n" FORGED,
		      RECEIVED_UNKNOWN);
	assert_result("Received: nonsense\n" FORGED, RECEIVED_UNKNOWN);
}

static void test_senders_cannot_choose_the_address(void **state)
{
	(void)state;
	/* HELO [198.51.100.66], to Postfix and to Exim. */
	assert_found("Received: from [198.51.100.66] (unknown [192.0.2.7])\n"
		     "\tby mx.example.org (Postfix)\n",
		     "192.0.2.7");
	assert_found("Received: from [192.0.2.7] (helo=[198.51.100.66])\n\tby mx.example.org\n",
		     "192.0.2.7");
	/* A recipient like "x with ESMTPSA" does not make a user of the sender. */
	assert_found("Received: from x (x [192.0.2.7])\n"
		     "\tby mx.example.org (Postfix) with ESMTP id x\n"
		     "\tfor <\"a with ESMTPSA (Authenticated sender: b)\"@example.org>; date\n",
		     "192.0.2.7");
	/* Of two addresses in a comment, it is not known which one is the client's. */
	assert_result("Received: from x (a [198.51.100.66] b [192.0.2.7])\n"
		      "\tby mx.example.org (Postfix)\n",
		      RECEIVED_UNKNOWN);
	assert_result("Received: from x (x [192.0.2.0/24]) by mx.example.org\n", RECEIVED_UNKNOWN);
	/* In the body. */
	assert_result("Subject: x\n\n" FORGED, RECEIVED_NO_LINE);
	assert_result("Subject: x\r\n\r\n" FORGED, RECEIVED_NO_LINE);
	/* In another field. */
	assert_result("Subject: x\n " FORGED, RECEIVED_NO_LINE);
	assert_result("X-Received: from v (v [198.51.100.66]) by mx.example.org\n",
		      RECEIVED_NO_LINE);
	assert_result("Received: from v (v [192.0.2.66]) by mx.example.org.evil.test\n",
		      RECEIVED_NO_LINE);
}

static void test_every_beginning_of_a_message(void **state)
{
	static const char message[] = "A: b\nReceived: from x (x [192.0.2.7] (may be forged))\n"
				      "\t(c \\) d) by mx.example.org (Postfix) with ESMTP\n\n";
	struct prefix address;

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(message); bytes++)
		find_bytes(message, bytes, HOST, &address);
	assert_int_equal(find_bytes(message, strlen(message), "mx.example.org.", &address),
			 RECEIVED_FOUND);
	assert_int_equal(find_bytes(message, strlen(message), "", &address), RECEIVED_NO_LINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_mail_servers),
		cmocka_unit_test(test_lines_above_ours_are_skipped),
		cmocka_unit_test(test_nothing_below_our_line_counts),
		cmocka_unit_test(test_senders_cannot_choose_the_address),
		cmocka_unit_test(test_every_beginning_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
