/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exim's log: deliveries, rejections, its times, and lines that strangers forged. */
#include <pwd.h>
#include <time.h>

#include "maillog_fixture.h"

#define ID "1t5Jkm-00000000A1b-2Xyz"
#define STAMP "2026-11-28 20:33:05 "
#define LINE STAMP ID " "
#define ALICE                                                                                      \
	LINE "<= alice@home.test H=(pc) [198.51.100.1] P=esmtpsa X=TLS1.3:ECDHE:256 CV=no "        \
	     "A=login_server:alice@home.test S=300 id=a@pc\n"
#define BOB LINE "<= bob@Partner.test H=mx.partner.test (helo) [192.0.2.7] P=esmtps S=300\n"
#define REMOTE "R=dnslookup T=remote_smtp H=mx.partner.test [192.0.2.101] C=\"250 Ok\"\n"
#define SEND LINE "=> bob@partner.test " REMOTE
#define STORE LINE "=> alice <alice@home.test> R=local_user T=mail_spool\n"
#define DONE LINE "Completed\n"
#define SENT_OF(server, recipients)                                                                \
	"exim sent " AT " " server " partner.test - alice@home.test " recipients "\n"
#define ACCEPTED "exim accepted " AT " 192.0.2.7 partner.test mx.partner.test alice@home.test 1\n"

static struct passwd user;

/* The users of the machine that runs the test are not known. */
struct passwd *getpwnam(const char *name)
{
	user.pw_uid = !strcmp(name, "alice") ? 1000 : !strcmp(name, "nobody") ? 65534 : 33;
	return strcmp(name, "nosuch") != 0 ? &user : NULL;
}

static void test_sent(void **state)
{
	static const struct row rows[] = {
		{ "authenticated", ALICE SEND DONE, SENT_OF("192.0.2.101", "1") },
		{ "not before all is done", ALICE SEND, "" },
		{ "once for each domain, with the number of recipients",
		  ALICE SEND LINE "-> eve@partner.test " REMOTE LINE
				  "** x@other.test R=dnslookup T=remote_smtp: no\n" LINE
				  "== y@other.test R=dnslookup defer (-1)\n" DONE,
		  SENT_OF("192.0.2.101", "3") },
		{ "all log selectors",
		  LINE "<= alice@home.test DS H=pc.home.test (x) [198.51.100.1]:4711 "
		       "I=[192.0.2.1]:587 Ci=1a2b P=esmtpsa L* X=TLS1.3:ECDHE:256 CV=no "
		       "DN=\"CN=a \\\" b\" SNI=\"mx\" A=plain:alice@home.test:x K S=3 M8S=0 "
		       "RT=0.1s id=a@pc T=\"A=plain:x\" from <alice@home.test> for x@y\n" LINE
		       "=> bob@partner.test <b@home.test> F=<alice@home.test> P=<alice@home.test> "
		       "R=dnslookup T=remote_smtp S=3 H=mx.partner.test DS [192.0.2.101]:25 "
		       "I=[192.0.2.1]:33 X=TLS C=\"250 Ok\" QT=1s\n" DONE,
		  "exim sent " AT " 192.0.2.101 partner.test - alice@home.test:x 1\n" },
		{ "16 characters",
		  STAMP "1t5Jkm-0003aB-2X <= alice@home.test H=(x) [198.51.100.1] P=esmtpa "
			"A=plain:alice@home.test S=3\n" STAMP
			"1t5Jkm-0003aB-2X => bob@partner.test " REMOTE STAMP
			"1t5Jkm-0003aB-2X Completed\n",
		  SENT_OF("192.0.2.101", "1") },
		{ "no name: the sender",
		  LINE "<= alice@home.test H=[198.51.100.1] P=esmtpa A=cram S=3\n" SEND DONE,
		  SENT_OF("192.0.2.101", "1") },
		{ "a person on this host",
		  LINE "<= alice@home.test U=alice P=local S=3 id=a@home\n" SEND DONE,
		  "exim sent " AT " 192.0.2.101 partner.test - alice 1\n" },
		{ "IPv6",
		  ALICE LINE "=> b@partner.test R=r T=t H=mx [2001:db8::101] C=\"250\"\n" DONE,
		  SENT_OF("2001:db8::101", "1") },
		{ "a smarthost, and another port",
		  ALICE LINE "=> b@partner.test R=r T=remote_smtp_smarthost H=s [192.0.2.9]\n" LINE
			     "=> b@other.test R=r T=t H=s [192.0.2.9]:587 C=\"250\"\n" DONE,
		  SENT_OF("-", "2") "exim sent " AT " - other.test - alice@home.test 2\n" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_not_sent(void **state)
{
	static const struct row rows[] = {
		{ "unknown", SEND DONE, "" },
		{ "a bounce", LINE "<= <> R=1t5Jkm-0003aB-2X U=alice P=local S=3\n" SEND DONE, "" },
		{ "an automatic answer",
		  LINE "<= alice@home.test R=1t5Jkm-0003aB-2X U=alice P=local S=3\n" SEND DONE,
		  "" },
		{ "a program", LINE "<= x@home.test U=www-data P=local S=3\n" SEND DONE, "" },
		{ "nobody", LINE "<= x@home.test U=nobody P=local S=3\n" SEND DONE, "" },
		{ "no user of this host", LINE "<= x@home.test U=nosuch P=local S=3\n" SEND DONE,
		  "" },
		{ "not authenticated", BOB SEND DONE,
		  "exim accepted " AT
		  " 192.0.2.7 partner.test mx.partner.test bob@partner.test 1\n" },
		{ "a file, a pipe, nothing",
		  ALICE LINE "=> /var/mail/x <bob@partner.test> R=r T=address_file\n" LINE
			     "=> :blackhole: <bob@partner.test> R=r\n" DONE,
		  "" },
		{ "a filter on this host",
		  ALICE LINE "=> bob@partner.test R=r T=t H=localhost [127.0.0.1] C=\"250\"\n" DONE,
		  "" },
		{ "from a filter",
		  LINE "<= bob@partner.test H=localhost [127.0.0.1] P=esmtp S=3\n" STORE DONE, "" },
		{ "a message that a program forwards",
		  LINE "<= bob@partner.test H=[192.0.2.7] P=esmtp S=3 id=1@p\n" DONE STAMP
		       "1t5Jkm-0003aB-2X <= alice@home.test U=alice P=local S=3 id=1@p\n" STAMP
		       "1t5Jkm-0003aB-2X => b@partner.test " REMOTE STAMP
		       "1t5Jkm-0003aB-2X Completed\n",
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_accepted(void **state)
{
	static const struct row rows[] = {
		{ "stored", BOB STORE, ACCEPTED },
		{ "once", BOB STORE STORE DONE, ACCEPTED },
		{ "the greeting is no name",
		  LINE "<= bob@partner.test H=(mx.partner.test) [192.0.2.7] P=smtp S=1\n" STORE,
		  "exim accepted " AT " 192.0.2.7 partner.test - alice@home.test 1\n" },
		{ "null sender", LINE "<= <> H=[192.0.2.7] P=smtp S=1\n" STORE, "" },
		{ "to no one", BOB LINE "=> :blackhole: <alice@home.test> R=r\n" DONE, "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

#define FROM "H=mx.partner.test (x) [192.0.2.7] F=<bob@partner.test> "
#define REJECTED(name, person) "exim rejected " AT " 192.0.2.7 - " name " " person " -\n"

static void test_rejected(void **state)
{
	static const struct row rows[] = {
		{ "the content", LINE FROM "rejected after DATA: spam\n",
		  REJECTED("mx.partner.test", "-") },
		{ "the sender",
		  STAMP FROM "rejected RCPT <alice@home.test>: Sender verify failed\n",
		  REJECTED("mx.partner.test", "alice@home.test") },
		{ "listed, in Exim's and in Debian's words",
		  STAMP FROM
		  "rejected RCPT <a@home.test>: rejected because 192.0.2.7 is in a black "
		  "list at bl.test\n" STAMP FROM
		  "rejected RCPT <a@home.test>: 192.0.2.7 is listed at bl.test (x)\n",
		  "exim listed " AT " 192.0.2.7 - mx.partner.test a@home.test -\n"
		  "exim listed " AT " 192.0.2.7 - mx.partner.test a@home.test -\n" },
		{ "the host", STAMP "[4711] H=[192.0.2.7] rejected connection in \"connect\" ACL\n",
		  REJECTED("-", "-") },
		{ "the greeting, with TLS",
		  STAMP "H=(x) [192.0.2.7]:1 I=[192.0.2.1]:25 X=TLS1.3:E:256 CV=no DN=\"a b\" "
			"rejected EHLO or HELO x: no\n",
		  REJECTED("-", "-") },
		{ "for a while", LINE FROM "temporarily rejected after DATA: later\n", "" },
		{ "the recipient",
		  STAMP FROM "rejected RCPT <no@home.test>: Unknown user\n" STAMP FROM
			     "rejected RCPT <no@home.test>: relay not permitted\n" STAMP FROM
			     "rejected RCPT <no@home.test>\n",
		  "" },
		{ "a user",
		  STAMP "H=(x) [192.0.2.7] F=<a@home.test> A=plain:alice rejected after DATA: x\n",
		  "" },
		{ "this host", STAMP "H=(x) [127.0.0.1] F=<a@b.test> rejected after DATA: x\n",
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

/* Of these, only what is true is noted, or nothing. */
static void test_forged(void **state)
{
	static const struct row rows[] = {
		{ "a greeting that looks like a user",
		  LINE "<= bob@partner.test H=(x) [9.9.9.9] P=esmtpa A=plain:alice S=1 id=() "
		       "[192.0.2.7] P=esmtp S=3\n" STORE SEND DONE,
		  "" },
		{ "a greeting with brackets",
		  LINE "<= bob@partner.test H=([9.9.9.9]) [192.0.2.7] P=esmtp S=3\n" STORE,
		  "exim accepted " AT " 192.0.2.7 partner.test - alice@home.test 1\n" },
		{ "a greeting with a blank, with a parenthesis",
		  LINE "<= b@partner.test H=(x [9.9.9.9]) [192.0.2.7] P=esmtp S=3\n" STORE LINE
		       "<= b@partner.test H=(x(y) [192.0.2.7] P=esmtp S=3\n" STORE LINE
		       "<= b@partner.test H=(x)) [192.0.2.7] P=esmtp S=3\n" STORE,
		  "" },
		{ "a sender with a host",
		  LINE "<= \"x H=[9.9.9.9] P=esmtpa A=plain:al \\\" \"@partner.test H=(x) "
		       "[192.0.2.7] P=esmtp S=3\n" STORE SEND DONE,
		  "exim accepted " AT " 192.0.2.7 partner.test - alice@home.test 1\n" },
		{ "a sender with a backslash",
		  LINE "<= x\\ H=[9.9.9.9]@partner.test H=(x) [192.0.2.7] P=esmtp S=3\n" STORE,
		  "exim accepted " AT " 192.0.2.7 partner.test - alice@home.test 1\n" },
		{ "an identity of the client (RFC 1413)",
		  LINE "<= bob@partner.test H=(x) [192.0.2.7] U=x P=esmtpa A=plain:alice S=1 "
		       "P=esmtp S=3\n" STORE SEND DONE,
		  "" },
		{ "a certificate",
		  LINE "<= bob@partner.test H=(x) [192.0.2.7] P=esmtps X=T:E:2 CV=no DN=\"x\" "
		       "A=plain:alice S=1\" S=3\n" STORE SEND DONE,
		  "exim accepted " AT " 192.0.2.7 partner.test - alice@home.test 1\n" },
		{ "a recipient with a delivery",
		  ALICE LINE
		  "=> x@good.test R=r T=t H=mx.good.test [9.9.9.9] C=\"250 ok@"
		  "partner.test <\"x\"@partner.test> " REMOTE LINE
		  "=> x R=r T=t H=mx.good.test [9.9.9.9] C=\"250 ok@partner.test " REMOTE DONE,
		  "" },
		{ "a recipient with a blank",
		  ALICE LINE "=> a b@partner.test <\"a b\"@partner.test> " REMOTE DONE, "" },
		{ "a reply of the partner",
		  ALICE LINE "=> b@partner.test R=r T=t H=mx [192.0.2.101] C=\"250 H=x [9.9.9.9]\""
			     "\n" DONE,
		  SENT_OF("192.0.2.101", "1") },
		{ "a rejected greeting",
		  STAMP "H=(y) [9.9.9.9] F=<a@b.test> rejected after DATA: () [192.0.2.7] "
			"F=<bob@partner.test> rejected after DATA: spam\n",
		  "" },
		{ "a rejected sender",
		  STAMP "H=(y) [192.0.2.7] F=<\"> rejected after DATA: x\"@b.test> temporarily "
			"rejected after DATA: x\n",
		  "" },
		{ "a line that continues", ALICE "=> bob@partner.test " REMOTE DONE, "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

#define ARRIVAL ID " <= bob@partner.test H=mx.partner.test [192.0.2.7] P=esmtp S=3\n"
#define STORED ID " => alice <alice@home.test> R=r T=t\n"

static void test_times(void **state)
{
	static const struct row rows[] = {
		{ "zone", "2026-11-28 21:33:05 +0100 " ARRIVAL "2026-11-28 21:33:05 +0100 " STORED,
		  ACCEPTED },
		{ "milliseconds and process",
		  "2026-11-28 20:33:05.123 [42] " ARRIVAL "2026-11-28 20:33:05.999 [7] " STORED,
		  ACCEPTED },
		{ "twice, in the system's log",
		  "Nov 28 20:33:05 mx exim[42]: 2026-11-28 20:33:05 " ARRIVAL
		  "2026-11-28T20:33:05Z mx exim4[42]: 2026-11-28 20:33:05 [1] " STORED,
		  ACCEPTED },
		{ "once, in the system's log",
		  "Nov 28 20:33:05 mx exim[42]: " ARRIVAL "Nov 28 20:33:05 mx exim[4]: " STORED,
		  ACCEPTED },
		{ "wrong",
		  "2026-11-28 24:33:05 " ARRIVAL "2026-11-28 20:33:05 " STORED
		  "2026-13-28 20:33:05 " ARRIVAL "2026-11-28 20:33:05x" ARRIVAL
		  "2026-11-28 20:33:05 " STORED,
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_noted_by(EVIDENCE_FROM_EXIM, rows[i].what, rows[i].lines, rows[i].expected);
}

/* A reader of one mail server does not read lines of another. */
static void test_servers(void **state)
{
	(void)state;
	assert_noted_by(EVIDENCE_FROM_POSTFIX, "Exim", BOB STORE, "");
	assert_noted_by(EVIDENCE_FROM_EXIM, "Postfix", CLIENT SENDER LOCAL, "");
	assert_noted_by(MAIL_LOG_ANY, "both", BOB CLIENT SENDER STORE LOCAL,
			ACCEPTED ACCEPTED_LINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent),	 cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_forged),	 cmocka_unit_test(test_times),
		cmocka_unit_test(test_servers),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
