/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Postfix's log: rejections, times, and memory of earlier lines. */
#include "maillog_fixture.h"

#include <time.h>

#define REJECT HEAD "smtpd[1]: NOQUEUE: reject: RCPT from mx.partner.test[192.0.2.7]: "
#define TAIL "; from=<bob@partner.test> to=<alice@home.test> proto=ESMTP helo=<x>\n"
#define REJECTED(person) "postfix rejected " AT " 192.0.2.7 - mx.partner.test " person " -\n"

static void test_rejected(void **state)
{
	static const struct row rows[] = {
		{ "a recipient",
		  REJECT "550 5.7.1 <alice@home.test>: Recipient address rejected: no" TAIL,
		  REJECTED("alice@home.test") },
		{ "with a queue id",
		  HEAD
		  "smtpd[1]: A1B2C3D4: reject: RCPT from mx.partner.test[192.0.2.7]: 554 5.7.1 "
		  "<bob@partner.test>: Sender address rejected: Access denied" TAIL,
		  REJECTED("-") },
		{ "the sender's domain", REJECT "550 5.1.8 <b@x>: Sender address rejected: no" TAIL,
		  REJECTED("-") },
		{ "for a while",
		  REJECT "450 4.7.1 <alice@home.test>: Recipient address rejected: "
			 "Greylisted" TAIL,
		  "" },
		{ "soft_bounce",
		  REJECT "450 5.7.1 <alice@home.test>: Recipient address rejected" TAIL, "" },
		{ "unknown user",
		  REJECT "550 5.1.1 <x@home.test>: Recipient address rejected: User "
			 "unknown" TAIL,
		  "" },
		{ "full mailbox", REJECT "552 5.2.2 <x@home.test>: Recipient address rejected" TAIL,
		  "" },
		{ "size", REJECT "552 5.3.4 Message size exceeds fixed limit" TAIL, "" },
		{ "block list",
		  REJECT "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using "
			 "zen.test" TAIL,
		  "postfix listed " AT " 192.0.2.7 - mx.partner.test - -\n" },
		{ "no reverse name",
		  HEAD "smtpd[1]: NOQUEUE: reject: CONNECT from unknown[2001:db8::7]: 554 5.7.1 "
		       "<unknown[2001:db8::7]>: Client host rejected: x; proto=SMTP\n",
		  "postfix rejected " AT " 2001:db8::7 - - - -\n" },
		{ "submission",
		  HEAD
		  "submission/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 "
		  "<x>: Client host rejected: Access denied" TAIL,
		  "" },
		{ "an authenticated user",
		  USER HEAD "smtpd[1]: A1B2C3D4: reject: RCPT from home[198.51.100.1]: 553 5.7.1 "
			    "<x>: Sender address rejected: not owned" TAIL,
		  "" },
		{ "a milter, at the end",
		  CLIENT SENDER HEAD "cleanup[1]: A1B2C3D4: milter-reject: END-OF-MESSAGE from "
				     "mx.partner.test[192.0.2.7]: 5.7.1 Spam message rejected" TAIL,
		  REJECTED("-") },
		{ "a milter, for a while",
		  CLIENT HEAD "cleanup[1]: A1B2C3D4: milter-reject: END-OF-MESSAGE from "
			      "mx.partner.test[192.0.2.7]: 4.7.1 Try again later" TAIL,
		  "" },
		{ "a milter, at RCPT",
		  HEAD
		  "smtpd[1]: NOQUEUE: milter-reject: RCPT from mx.partner.test[192.0.2.7]: 550 "
		  "5.7.1 no" TAIL,
		  REJECTED("-") },
		{ "this host",
		  HEAD "smtpd[1]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 554 5.7.1 <x>: "
		       "Relay access denied" TAIL,
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

#define SCREEN HEAD "postscreen[1]: "
#define SCREEN_REJECT                                                                              \
	SCREEN "NOQUEUE: reject: RCPT from [192.0.2.7]:4711: 550 5.7.1 Service unavailable; "      \
	       "client [192.0.2.7] blocked using zen.test; from=<a@b>, to=<c@d>, proto=ESMTP, "    \
	       "helo=<x>\n"
#define LISTED_LINE "postfix listed " AT " 192.0.2.7 - - - -\n"

static void test_postscreen(void **state)
{
	static const struct row rows[] = {
		{ "reject", SCREEN_REJECT, LISTED_LINE },
		{ "rank", SCREEN "DNSBL rank 3 for [192.0.2.7]:4711\n", LISTED_LINE },
		{ "once for each connection",
		  SCREEN "DNSBL rank 3 for [192.0.2.7]:4711\n" SCREEN_REJECT SCREEN_REJECT,
		  LISTED_LINE },
		{ "two connections from one port",
		  SCREEN_REJECT SCREEN
		  "CONNECT from [192.0.2.7]:4711 to [192.0.2.1]:25\n" SCREEN_REJECT,
		  LISTED_LINE LISTED_LINE },
		{ "for a while",
		  SCREEN "NOQUEUE: reject: RCPT from [192.0.2.7]:4711: 450 4.3.2 Service currently "
			 "unavailable; from=<a@b>, to=<c@d>, proto=ESMTP, helo=<x>\n",
		  "" },
		{ "other lines",
		  SCREEN "PASS NEW [192.0.2.7]:4711\n" SCREEN "PREGREET 11 after 0.1 from "
			 "[192.0.2.7]:4711: EHLO x\\r\\n",
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

/* Of connections at the same time, each counts once. */
static void test_postscreen_together(void **state)
{
	enum { CONNECTIONS = 100, LINE_BYTES = 120 };
	static char lines[2 * CONNECTIONS * LINE_BYTES], expected[CONNECTIONS * LINE_BYTES];
	size_t used = 0, expected_used = 0;

	(void)state;
	for (int i = 0; i < 2 * CONNECTIONS; i++) {
		int host = 1 + i % CONNECTIONS;

		used += (size_t)snprintf(lines + used, sizeof(lines) - used,
					 SCREEN "DNSBL rank 3 for [192.0.2.%d]:4711\n", host);
		if (i < CONNECTIONS)
			expected_used += (size_t)snprintf(
			    expected + expected_used, sizeof(expected) - expected_used,
			    "postfix listed " AT " 192.0.2.%d - - - -\n", host);
	}
	assert_noted("together", lines, expected);
}

/* The time of one rejection at this time of the log. */
static void assert_time(const char *time, int64_t now_sec, int64_t expected)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_POSTFIX, note, NULL);
	char line[512];

	*noted = '\0';
	assert_non_null(log);
	mail_log_set_now(log, now_sec);
	snprintf(
	    line, sizeof(line),
	    "%s mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.1 x",
	    time);
	read_lines(log, line);
	if (expected < 0)
		*line = '\0';
	else
		snprintf(line, sizeof(line), "postfix rejected %lld 192.0.2.7 - - - -\n",
			 (long long)expected);
	assert_string_equal(noted, line);
	mail_log_free(log);
}

static void test_times(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_time("Nov 28 21:33:05", NOW_SEC, 1795897985);
	assert_time("Nov  1 00:00:00", NOW_SEC, 1793487600);
	/* The newest one that is not in the future; clocks may differ by a day. */
	assert_time("Dec 31 12:00:00", 1798765200, 1798714800); /* 1 January 2027, 02:00 */
	assert_time("Dec 31 12:00:00", NOW_SEC, 1767178800);
	assert_time("Dec  1 18:00:00", NOW_SEC, 1796144400);
	assert_time("Feb 29 12:00:00", NOW_SEC, 1709204400);
	/* Summer time. */
	assert_time("Jul  1 12:00:00", NOW_SEC, 1782900000);
	assert_time("2026-07-01T12:00:00+02:00", NOW_SEC, 1782900000);
	assert_time("2026-07-01T12:00:00.5+0200", NOW_SEC, 1782900000);
	assert_time("2026-07-01T10:00:00Z", NOW_SEC, 1782900000);
	assert_time("2024-02-29T10:00:00-00:30", NOW_SEC, 1709202600);
	assert_time("2026-13-01T10:00:00Z", NOW_SEC, -1);
	assert_time("2026-07-01 10:00:00Z", NOW_SEC, -1);
	assert_time("2026-07-01T10:00:00", NOW_SEC, -1);
	assert_time("Nov 28 24:33:05", NOW_SEC, -1);
	assert_time("Nuv 28 21:33:05", NOW_SEC, -1);
	assert_time("Feb 30 21:33:05", NOW_SEC, -1);
}

/* Silent lines are remembered. */
static void test_silent(void **state)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_POSTFIX, note, NULL);

	(void)state;
	assert_non_null(log);
	mail_log_set_now(log, NOW_SEC);
	*noted = '\0';
	mail_log_set_silent(log, true);
	read_lines(log, USER FROM_USER TO("<a@other.test>") RELAY DELAYS SENT);
	mail_log_set_silent(log, false);
	read_lines(log, TO("<b@other.test>") RELAY DELAYS SENT);
	read_lines(log, TO("<bob@partner.test>") RELAY DELAYS SENT);
	assert_string_equal(noted, SENT_LINE);
	assert_int_equal(mail_log_counts(log)->evidence, 1);
	assert_int_equal(mail_log_counts(log)->last_sec, 1795897985);
	mail_log_free(log);
}

/* More messages than there is room for: the newest are known. */
static void test_many(void **state)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_POSTFIX, note, NULL);
	const unsigned int count = 70000;
	char line[512];

	(void)state;
	assert_non_null(log);
	mail_log_set_now(log, NOW_SEC);
	for (unsigned int i = 0; i < count; i++) {
		snprintf(line, sizeof(line),
			 HEAD "smtpd[1]: %08X: client=h[198.51.100.1], sasl_method=PLAIN, "
			      "sasl_username=alice\n",
			 i);
		read_lines(log, line);
	}
	for (unsigned int i = 0; i < count; i += 69999) {
		*noted = '\0';
		snprintf(line, sizeof(line),
			 HEAD "smtp[1]: %08X: to=<b@partner.test>, " RELAY DELAYS SENT, i);
		read_lines(log, line);
		assert_int_equal(*noted != '\0', i > 0);
	}
	mail_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_postscreen),
		cmocka_unit_test(test_postscreen_together),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
