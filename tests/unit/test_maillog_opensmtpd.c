/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSMTPD's log: deliveries, rejections, and lines that strangers forged. */
#include "maillog_fixture.h"

#define LINE "2026-11-28T21:33:05+01:00 mx smtpd[1]: "
#define IN LINE "1a2b3c4d5e6f7081 smtp "
#define OUT LINE "1a2b3c4d5e6f7082 mta "
#define CONNECTED IN "connected address=192.0.2.7 host=mx.partner.test\n"
#define ALICE                                                                                      \
	IN "connected address=198.51.100.1 host=<unknown>\n" IN                                    \
	   "authentication user=alice@home.test result=ok\n"
#define MESSAGE(from)                                                                              \
	IN "message msgid=00c0ffee size=371 nrcpt=2 proto=ESMTP\n" IN                              \
	   "envelope evpid=00c0ffee00000001 from=<" from "> to=<bob@partner.test>\n"
#define END IN "disconnected reason=quit\n"
#define CONNECTING OUT "connecting address=smtp://192.0.2.101:25 host=mx.partner.test\n"
#define GIVE(rcpt) OUT "delivery evpid=00c0ffee00000001 from=<alice@home.test> to=<" rcpt "> "
#define SERVER "rcpt=<-> source=\"192.0.2.1\" relay=\"192.0.2.101 (mx.partner.test)\" delay=1m2s "
#define OK "result=\"Ok\" stat=\"250 2.0.0 Ok\"\n"
#define STORED                                                                                     \
	LINE "1a2b3c4d5e6f7083 mda delivery evpid=00c0ffee00000001 from=<bob@partner.test> "       \
	     "to=<alice@home.test> rcpt=<al@home.test> user=alice delay=0s result=Ok "             \
	     "stat=Delivered\n"
#define SENT_LINE_OF(server) "opensmtpd sent " AT " " server " partner.test - alice@home.test 2\n"
#define ACCEPTED "opensmtpd accepted " AT " 192.0.2.7 partner.test - alice@home.test 2\n"
#define REFUSED "opensmtpd rejected " AT " 192.0.2.7 - - - -\n"

static void test_sent(void **state)
{
	static const struct row rows[] = {
		{ "authenticated",
		  ALICE MESSAGE("alice@home.test") END CONNECTING GIVE("bob@partner.test")
		      SERVER OK,
		  SENT_LINE_OF("192.0.2.101") },
		{ "once for each domain",
		  ALICE MESSAGE("alice@home.test") END CONNECTING GIVE("bob@partner.test")
		      SERVER OK GIVE("eve@PARTNER.test") SERVER OK,
		  SENT_LINE_OF("192.0.2.101") },
		{ "two messages in a session",
		  ALICE MESSAGE("alice@home.test") MESSAGE("alice@home.test")
		      CONNECTING GIVE("bob@partner.test") SERVER OK,
		  SENT_LINE_OF("192.0.2.101") },
		{ "IPv6",
		  ALICE MESSAGE("alice@home.test") OUT
		  "connecting address=smtp+tls://[2001:db8::101]:25 host=mx\n" GIVE(
		      "bob@partner.test") "rcpt=<b@partner.test> source=\"[2001:db8::1]\" "
					  "relay=\"[2001:db8::101] (mx)\" delay=1s " OK,
		  SENT_LINE_OF("2001:db8::101") },
		{ "a relay by another port",
		  ALICE MESSAGE("alice@home.test") OUT
		  "connecting address=smtp+tls://192.0.2.101:587 host=mx\n" GIVE("bob@partner.test")
		      SERVER OK,
		  SENT_LINE_OF("-") },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_not_sent(void **state)
{
	static const struct row rows[] = {
		{ "unknown", CONNECTING GIVE("bob@partner.test") SERVER OK, "" },
		{ "null sender", ALICE MESSAGE("") CONNECTING GIVE("bob@partner.test") SERVER OK,
		  "" },
		{ "on this host",
		  IN "connected address=local host=mx.test\n" MESSAGE("alice@home.test")
		      CONNECTING GIVE("bob@partner.test") SERVER OK,
		  "" },
		{ "by LMTP",
		  ALICE MESSAGE("alice@home.test") OUT
		  "connecting address=lmtp://192.0.2.101:24 host=mx\n" GIVE("bob@partner.test")
		      SERVER OK,
		  "" },
		{ "to a filter on this host",
		  ALICE MESSAGE("alice@home.test") OUT
		  "connecting address=smtp://127.0.0.1:10025 host=localhost\n" GIVE(
		      "bob@partner.test") "rcpt=<-> source=\"-\" relay=\"127.0.0.1 (localhost)\" "
					  "delay=1s " OK,
		  "" },
		{ "for a while",
		  ALICE MESSAGE("alice@home.test") CONNECTING GIVE("bob@partner.test") SERVER
		  "result=\"TempFail\" stat=\"451 result=\"Ok\" stat=\"250\"\n",
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_inbound(void **state)
{
	static const struct row rows[] = {
		{ "stored", CONNECTED MESSAGE("bob@partner.test") END STORED STORED, ACCEPTED },
		{ "null sender", CONNECTED MESSAGE("") STORED, "" },
		{ "from this host",
		  IN "connected address=127.0.0.1 host=localhost\n" MESSAGE("bob@partner.test")
		      STORED,
		  "" },
		{ "the content",
		  CONNECTED IN "failed-command command=\"\" result=\"550 5.7.1 spam\"\n", REFUSED },
		{ "no code of RFC 3463",
		  CONNECTED IN "failed-command command=\"HELO x\" result=\"550 go away\"\n",
		  REFUSED },
		{ "the recipient",
		  CONNECTED IN
		  "failed-command command=\"RCPT TO:<x@home.test>\" result=\"550 Invalid "
		  "recipient: <x@home.test>\"\n" IN
		  "failed-command command=\"RCPT TO:<x@home.test>\" result=\"524 5.2.4 no\"\n",
		  "" },
		{ "for a while, and the syntax",
		  CONNECTED IN "failed-command command=\"DATA\" result=\"421 4.7.1 later\"\n" IN
			       "failed-command command=\"X\" result=\"500 what\"\n",
		  "" },
		{ "a user", ALICE IN "failed-command command=\"DATA\" result=\"550 5.7.1 spam\"\n",
		  "" },
		{ "an unknown session",
		  IN "failed-command command=\"DATA\" result=\"550 5.7.1 spam\"\n", "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_forged(void **state)
{
	static const struct row rows[] = {
		{ "the name of a user who fails",
		  CONNECTED IN "authentication user=alice result=ok result=permfail\n" MESSAGE(
		      "alice@home.test") CONNECTING GIVE("bob@partner.test") SERVER OK,
		  "opensmtpd accepted " AT " 192.0.2.7 home.test - bob@partner.test 2\n" },
		{ "a command",
		  CONNECTED IN "failed-command command=\"RCPT TO:<x\" result=\"250 [9.9.9.9]>\" "
			       "result=\"550 5.7.1 no\"\n",
		  "" },
		{ "an address",
		  ALICE MESSAGE("alice@home.test") CONNECTING GIVE(
		      "x> rcpt=<-> source=\"1\" relay=\"9.9.9.9 (x)\" result=\"Ok\"@partner.test")
		      SERVER OK,
		  "" },
		{ "a reply",
		  ALICE MESSAGE("alice@home.test") CONNECTING GIVE("bob@partner.test") SERVER
		  "result=\"Ok\" stat=\"250 relay=\"9.9.9.9 (x)\"\n",
		  SENT_LINE_OF("192.0.2.101") },
		{ "another program",
		  "2026-11-28T21:33:05+01:00 mx smtpdx[1]: 1a2b3c4d5e6f7081 smtp connected "
		  "address=192.0.2.7 host=x\n" MESSAGE("bob@partner.test") STORED,
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_inbound),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
