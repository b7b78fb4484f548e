/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads any bytes as OpenSMTPD's log, and as the texts of strangers in a log that is otherwise
 * known: a user, a command, a reply. What is noted of them is true, or nothing.
 */
#include "fuzz_maillog.h"

#define LINE "2026-11-28T20:33:05Z mx smtpd[1]: "
#define IN LINE "1a2b3c4d5e6f7081 smtp "
#define OUT LINE "1a2b3c4d5e6f7082 mta "
#define ARRIVED IN "message msgid=00c0ffee size=371 nrcpt=2 proto=ESMTP"
#define TO OUT "delivery evpid=00c0ffee00000001 from=<a@home.test> to=<b@partner.test> rcpt=<-> "
#define RELAY "source=\"192.0.2.1\" relay=\"192.0.2.101 (mx)\" delay=1s "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_user(struct mail_log *log, const char *text)
{
	count = 0;
	read_format(log, IN "connected address=192.0.2.7 host=x");
	read_format(log, IN "authentication user=%s result=permfail", text);
	read_format(log, ARRIVED);
	read_format(log, OUT "connecting address=smtp://192.0.2.101:25 host=%s", text);
	read_format(log, TO RELAY "result=\"Ok\" stat=\"%s\"", text);
	/* It is a client's message, of a sender that no line has named. */
	check(!count);
}

static void check_command(struct mail_log *log, const char *text)
{
	count = 0;
	read_format(log, IN "connected address=192.0.2.7 host=x");
	read_format(log, IN "failed-command command=\"%s\" result=\"451 4.7.1 later\"", text);
	check(count <= 1);
	check(!count || (last.kind == EVIDENCE_REJECTED && last.address.addr[3] == 7 &&
			 !*last.domain && !*last.name));
}

static void check_reply(struct mail_log *log, const char *text)
{
	count = 0;
	read_format(log, IN "connected address=198.51.100.1 host=x");
	read_format(log, IN "authentication user=alice result=ok");
	read_format(log, ARRIVED);
	read_format(log, OUT "connecting address=smtp://192.0.2.101:25 host=mx");
	read_format(log, TO RELAY "result=\"PermFail\" stat=\"%s\"", text);
	check(!count);
	read_format(log, TO RELAY "result=\"Ok\" stat=\"%s\"", text);
	check(count == 1 && last.kind == EVIDENCE_SENT && last.address.addr[3] == 101);
	check(!strcmp(last.domain, "partner.test") && !strcmp(last.person, "alice"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_OPENSMTPD, note, NULL);
	char text[QUOTED_BYTES];

	check(log != NULL);
	mail_log_set_now(log, AT_SEC + 86400);
	print(data, size, text);
	check_user(log, text);
	check_command(log, text);
	check_reply(log, text);
	read_all(log, (const char *)data, size);
	mail_log_free(log);
	return 0;
}
