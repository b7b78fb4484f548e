/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Postfix's log: deliveries, lines that strangers forged, and joining by queue id. */
#include "maillog_fixture.h"

static void test_sent(void **state)
{
	static const struct row rows[] = {
		{ "authenticated", USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS SENT,
		  SENT_LINE },
		{ "once for each domain",
		  USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS SENT TO("<eve@PARTNER.test>")
		      RELAY DELAYS SENT,
		  SENT_LINE },
		{ "alias, open connection, TLS",
		  USER FROM_USER TO("<bob@partner.test>, orig_to=<\"b o\"@home.test>") RELAY
		  "conn_use=2, " DELAYS "tls=verified, " SENT,
		  SENT_LINE },
		{ "another instance's name",
		  USER FROM_USER "2026-11-28T20:33:05Z mx out/relay/smtp[1]: A1B2C3D4: "
				 "to=<bob@partner.test>, " RELAY DELAYS SENT,
		  SENT_LINE },
		{ "IPv6",
		  USER FROM_USER TO(
		      "<bob@partner.test>") "relay=mx.partner.test[2001:db8::101]:25, " DELAYS SENT,
		  "postfix sent " AT " 2001:db8::101 partner.test - alice@home.test 2\n" },
		{ "a relay by another port is not the domain's server",
		  USER FROM_USER TO(
		      "<bob@partner.test>") "relay=smart.host.test[192.0.2.9]:587, " DELAYS SENT,
		  "postfix sent " AT " - partner.test - alice@home.test 2\n" },
		{ "sendmail",
		  HEAD "pickup[1]: A1B2C3D4: uid=1000 from=<alice@home.test>\n" FROM_USER TO(
		      "<bob@partner.test>") RELAY DELAYS SENT,
		  SENT_LINE },
		{ "U-label",
		  USER FROM_USER TO("<j\xc3\xbcrgen@m\xc3\xbcnchen.test>") RELAY DELAYS SENT,
		  "postfix sent " AT " 192.0.2.101 xn--mnchen-3ya.test - alice@home.test 2\n" },
		{ "long queue id",
		  HEAD "smtpd[1]: 4YvQkL0Zn1z9vKX: client=h[198.51.100.1], sasl_method=LOGIN, "
		       "sasl_username=al\n" HEAD "smtp[1]: 4YvQkL0Zn1z9vKX: "
		       "to=<bob@partner.test>, " RELAY DELAYS SENT,
		  "postfix sent " AT " 192.0.2.101 partner.test - al -\n" },
		{ "recipients that are left after a delay",
		  USER FROM_USER HEAD "qmgr[1]: A1B2C3D4: from=<alice@home.test>, size=4, nrcpt=1 "
				      "(queue active)\n" TO("<bob@partner.test>") RELAY DELAYS SENT,
		  SENT_LINE },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_not_sent(void **state)
{
	static const struct row rows[] = {
		{ "unknown origin", TO("<bob@partner.test>") RELAY DELAYS SENT, "" },
		{ "not authenticated",
		  CLIENT HEAD "qmgr[1]: A1B2C3D4: from=<>, size=4, nrcpt=1 (queue active)\n" TO(
		      "<bob@partner.test>") RELAY DELAYS SENT,
		  "" },
		{ "null sender",
		  HEAD "pickup[1]: A1B2C3D4: uid=0 from=<>\n" TO("<bob@partner.test>")
		      RELAY DELAYS SENT,
		  "" },
		{ "a program of the system",
		  HEAD "pickup[1]: A1B2C3D4: uid=112 from=<opendmarc>\n" FROM_USER TO(
		      "<bob@partner.test>") RELAY DELAYS SENT,
		  "" },
		{ "nobody",
		  HEAD "pickup[1]: A1B2C3D4: uid=65534 from=<nobody>\n" FROM_USER TO(
		      "<bob@partner.test>") RELAY DELAYS SENT,
		  "" },
		{ "null sender of qmgr",
		  USER HEAD "qmgr[1]: A1B2C3D4: from=<>, size=4, nrcpt=1 (queue active)\n" TO(
		      "<bob@partner.test>") RELAY DELAYS SENT,
		  "" },
		{ "deferred",
		  USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS
		  "dsn=4.0.0, status=deferred (status=sent)\n",
		  "" },
		{ "bounced",
		  USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS
		  "dsn=5.0.0, status=bounced (status=sent)\n",
		  "" },
		{ "verification",
		  USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS
		  "dsn=2.1.5, status=deliverable (250 2.1.5 Ok)\n",
		  "" },
		{ "an id that is used again",
		  USER REMOVED TO("<bob@partner.test>") RELAY DELAYS SENT, "" },
		{ "discard",
		  USER HEAD "discard[1]: A1B2C3D4: to=<bob@partner.test>, relay=none, " DELAYS
			    "dsn=2.0.0, status=sent (x)\n",
		  "" },
		{ "pipe",
		  USER HEAD "pipe[1]: A1B2C3D4: to=<bob@partner.test>, relay=uucp, " DELAYS SENT,
		  "" },
		{ "an address as domain", USER TO("<bob@[192.0.2.1]>") RELAY DELAYS SENT, "" },
		{ "no domain", USER TO("<bob>") RELAY DELAYS SENT, "" },
		{ "another program",
		  USER "2026-11-28T21:33:05Z mx smtp[1]: A1B2C3D4: "
		       "to=<bob@partner.test>, " RELAY DELAYS SENT,
		  "" },
		{ "a message that a program forwards",
		  CLIENT HEAD "cleanup[1]: A1B2C3D4: message-id=<x@y>\n" REMOVED HEAD
			      "pickup[1]: A1B2C3D4: uid=5000 from=<bob@partner.test>\n" HEAD
			      "cleanup[1]: A1B2C3D4: message-id=<x@y>\n" TO("<alice@mail.test>")
				  RELAY DELAYS SENT,
		  "" },
		{ "a client's message that postsuper puts into the queue again",
		  CLIENT HEAD
		  "pickup[1]: B1B2C3D4: uid=0 from=<b@partner.test> orig_id=A1B2C3D4\n" HEAD
		  "smtp[1]: B1B2C3D4: to=<alice@mail.test>, " RELAY DELAYS SENT,
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

#define FORGED                                                                                     \
	", relay=mx.good.test[9.9.9.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 "

static void test_forged(void **state)
{
	static const struct row rows[] = {
		{ "a quoted local part is the recipient's",
		  USER FROM_USER TO("<\"a>" FORGED "\\\"x\"@partner.test>") RELAY DELAYS SENT,
		  SENT_LINE },
		{ "and the true status decides",
		  USER FROM_USER TO("<\"a@good.test>" FORGED "x\"@partner.test>") RELAY DELAYS
		  "dsn=5.0.0, status=bounced (no)\n",
		  "" },
		{ "a backslash before the quote",
		  USER FROM_USER TO("<\"a\\\\\\\">" FORGED "x\"@partner.test>") RELAY DELAYS SENT,
		  SENT_LINE },
		{ "a local part that looks like a field",
		  USER FROM_USER TO("<status=sent@partner.test>") RELAY DELAYS
		  "dsn=5.0.0, status=bounced (no)\n",
		  "" },
		{ "a domain that looks like a field",
		  USER FROM_USER TO("<a@good.test>" FORGED ">, relay=none, " DELAYS
				    "dsn=5.0.0, status=bounced (bad domain)\n"),
		  "" },
		{ "an open quote", USER FROM_USER TO("<\"a@partner.test>") RELAY DELAYS SENT, "" },
		{ "a quote in the domain",
		  USER FROM_USER TO("<a@\"b>" FORGED "\".test>") RELAY DELAYS SENT, "" },
		{ "the remote server's reply",
		  USER FROM_USER TO("<bob@partner.test>") RELAY DELAYS
		  "dsn=2.0.0, status=sent (250 to=<x@good.test>)\n",
		  SENT_LINE },
		{ "the alias",
		  USER FROM_USER TO("<bob@partner.test>, orig_to=<\"x>" FORGED "\"@h>")
		      RELAY DELAYS SENT,
		  SENT_LINE },
		{ "a sender that names recipients",
		  CLIENT HEAD "qmgr[1]: A1B2C3D4: from=<\"x@good.test>, size=1, nrcpt=9 (queue "
			      "active)\"@partner.test>, size=4, nrcpt=2 (queue active)\n" LOCAL,
		  ACCEPTED_LINE },
		{ "a HELO name in a rejection",
		  HEAD "smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.66]: 450 4.7.1 "
		       "<x: 550 5.7.1 from good[9.9.9.9]>: Helo command rejected; from=<> to=<>\n",
		  "" },
		{ "a header in a rejection",
		  CLIENT HEAD "cleanup[1]: A1B2C3D4: reject: header Subject: x from g[9.9.9.9]; "
			      "from=<a@b> to=<c@d> proto=SMTP helo=<x>: 5.7.1 no\n",
		  "postfix rejected " AT " 192.0.2.7 - mx.partner.test - -\n" },
		{ "a user's name",
		  HEAD "smtpd[1]: A1B2C3D4: client=h[198.51.100.1], sasl_method=PLAIN, "
		       "sasl_username=a, orig_client=g[9.9.9.9]\n" FROM_USER LOCAL,
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

static void test_accepted(void **state)
{
	static const struct row rows[] = {
		{ "local delivery", CLIENT SENDER LOCAL, ACCEPTED_LINE },
		{ "once for each message", CLIENT SENDER LOCAL LOCAL, ACCEPTED_LINE },
		{ "LMTP",
		  CLIENT SENDER HEAD "lmtp[1]: A1B2C3D4: to=<alice@home.test>, "
				     "relay=mx[private/dovecot-lmtp], " DELAYS
				     "dsn=2.0.0, status=sent (250 2.0.0 <alice> Saved)\n",
		  ACCEPTED_LINE },
		{ "LMTP on this host",
		  CLIENT SENDER HEAD "lmtp[1]: A1B2C3D4: to=<alice@home.test>, "
				     "relay=127.0.0.1[127.0.0.1]:24, " DELAYS
				     "dsn=2.0.0, status=sent (250 2.0.0 <alice> x Saved)\n",
		  ACCEPTED_LINE },
		{ "no reverse name",
		  HEAD "smtpd[1]: A1B2C3D4: client=unknown[2001:db8::7]\n" SENDER LOCAL,
		  "postfix accepted " AT " 2001:db8::7 partner.test - alice@home.test 2\n" },
		{ "bounced",
		  CLIENT SENDER HEAD "local[1]: A1B2C3D4: to=<x@home.test>, relay=local, " DELAYS
				     "dsn=5.1.1, status=bounced (unknown)\n",
		  "" },
		{ "null sender",
		  CLIENT HEAD "qmgr[1]: A1B2C3D4: from=<>, size=4, nrcpt=1 (queue active)\n" LOCAL,
		  "" },
		{ "authenticated", USER FROM_USER LOCAL, "" },
		{ "this host", HEAD "smtpd[1]: A1B2C3D4: client=localhost[::1]\n" SENDER LOCAL,
		  "" },
		{ "no address", HEAD "smtpd[1]: A1B2C3D4: client=unknown[unknown]\n" SENDER LOCAL,
		  "" },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

#define SECOND HEAD "smtpd[2]: E5F60718: client=localhost[127.0.0.1]"
#define HOP                                                                                        \
	TO("<bob@partner.test>")                                                                   \
	"relay=127.0.0.1[127.0.0.1]:10024, " DELAYS                                                \
	"dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: "       \
	"queued as E5F60718)\n"
#define SECOND_SENT HEAD "smtp[2]: E5F60718: to=<bob@partner.test>, " RELAY DELAYS SENT
#define SECOND_LOCAL                                                                               \
	HEAD "virtual[2]: E5F60718: to=<alice@home.test>, relay=virtual, " DELAYS                  \
	     "dsn=2.0.0, status=sent (delivered to maildir)\n"

static void test_filter(void **state)
{
	static const struct row rows[] = {
		{ "authenticated", USER FROM_USER SECOND "\n" HOP REMOVED SECOND_SENT, SENT_LINE },
		{ "delivered before the filter answers",
		  USER FROM_USER SECOND "\n" SECOND_SENT HEAD "qmgr[1]: E5F60718: removed\n" HOP,
		  SENT_LINE },
		{ "inbound", CLIENT SENDER SECOND "\n" HOP SECOND_LOCAL, ACCEPTED_LINE },
		{ "inbound, delivered before", CLIENT SENDER SECOND "\n" SECOND_LOCAL HOP,
		  ACCEPTED_LINE },
		{ "the filter splits a message",
		  CLIENT SENDER SECOND "\n" SECOND_LOCAL HOP SECOND "\n" SECOND_LOCAL HOP,
		  ACCEPTED_LINE },
		{ "XFORWARD with a queue id",
		  CLIENT SENDER SECOND
		  ", orig_queue_id=A1B2C3D4, orig_client=x[192.0.2.99]\n" SECOND_LOCAL,
		  ACCEPTED_LINE },
		{ "XFORWARD without one",
		  SECOND ", orig_client=mx.partner.test[192.0.2.7]\n" HEAD
			 "qmgr[1]: E5F60718: from=<bob@partner.test>, size=4, nrcpt=2 (queue "
			 "active)\n" SECOND_LOCAL,
		  ACCEPTED_LINE },
		{ "XFORWARD of an authenticated message",
		  USER FROM_USER SECOND
		  ", orig_queue_id=A1B2C3D4, orig_client=h[198.51.100.1]\n" SECOND_SENT,
		  SENT_LINE },
		{ "never answered", CLIENT SENDER SECOND "\n" SECOND_LOCAL SECOND_SENT, "" },
		{ "discarded",
		  CLIENT SENDER HEAD
		  "lmtp[1]: A1B2C3D4: to=<alice@home.test>, "
		  "relay=127.0.0.1[127.0.0.1]:10024, " DELAYS
		  "dsn=2.7.0, status=sent (250 2.7.0 Ok, discarded, id=1 - SPAM)\n",
		  "" },
		{ "another host's queue id",
		  USER FROM_USER SECOND "\n" TO("<bob@partner.test>") RELAY DELAYS
		  "dsn=2.0.0, status=sent (250 Ok: queued as E5F60718)\n" SECOND_LOCAL,
		  SENT_LINE },
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(*rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent),   cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_forged), cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
