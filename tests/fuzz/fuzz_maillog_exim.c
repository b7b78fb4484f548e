/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads any bytes as Exim's log, and as the texts of strangers in a log that is otherwise known: a
 * greeting, a sender, the local part of a recipient. What is noted of them is true, or nothing.
 */
#include <pwd.h>

#include "fuzz_maillog.h"

#define STAMP "2026-11-28 20:33:05 +0000 "
#define LINE STAMP "1t5Jkm-00000000A1b-2Xyz "
#define STORE LINE "=> alice <alice@home.test> R=local T=spool"
#define SEND LINE "=> b@partner.test R=r T=t H=mx.partner.test [192.0.2.101] C=\"250 Ok\""
#define DONE LINE "Completed"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A program that asks for users is not what is tested. */
struct passwd *getpwnam(const char *name)
{
	(void)name;
	return NULL;
}

/* A client's message is only accepted, from its address. */
static void check_client(struct mail_log *log)
{
	read_format(log, STORE);
	read_format(log, SEND);
	read_format(log, DONE);
	check(count <= 1);
	check(!count || (last.kind == EVIDENCE_ACCEPTED && last.address.addr[3] == 7 &&
			 !strcmp(last.domain, "partner.test") && !*last.name));
}

static void check_arrivals(struct mail_log *log, const char *text, const char *quoted)
{
	count = 0;
	read_format(log, LINE "<= bob@partner.test H=(%s) [192.0.2.7] P=esmtp S=3 id=x@y", text);
	check_client(log);
	count = 0;
	read_format(log, LINE "<= %s@partner.test H=(x) [192.0.2.7] P=esmtp S=3 id=x@y", quoted);
	check_client(log);
	check(count == 1);
	count = 0;
	read_format(log, LINE "<= bob@partner.test H=(x) [192.0.2.7] P=esmtp S=3 id=%s", text);
	check_client(log);
}

/* Exim adds the recipient as it was, with its quotes. */
static void check_recipient(struct mail_log *log, const char *text, const char *quoted)
{
	char line[FORMATTED_BYTES];

	count = 0;
	read_format(log, LINE "<= alice@home.test H=(x) [198.51.100.1] P=esmtpa A=plain:alice S=3");
	snprintf(line, sizeof(line),
		 LINE "=> %s@partner.test <%s@partner.test> R=r T=t H=mx.partner.test "
		      "[192.0.2.101] C=\"250 Ok\"",
		 text, quoted);
	mail_log_line(log, line, strlen(line));
	read_format(log, DONE);
	check(count <= 1);
	check(!count || (last.kind == EVIDENCE_SENT && !strcmp(last.domain, "partner.test") &&
			 last.address.addr[3] == 101 && !strcmp(last.person, "alice")));
}

static void check_rejected(struct mail_log *log, const char *text, const char *quoted)
{
	count = 0;
	read_format(log, STAMP "H=(%s) [192.0.2.8] F=<a@b.test> rejected after DATA: spam", text);
	check(!count || (count == 1 && last.kind == EVIDENCE_REJECTED));
	check(!count || (last.address.addr[3] == 8 && !*last.name));
	count = 0;
	read_format(log, STAMP "H=(x) [192.0.2.8] F=<%s@b.test> temporarily rejected after DATA: x",
		    quoted);
	check(!count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_EXIM, note, NULL);
	char text[QUOTED_BYTES], quoted[QUOTED_BYTES];

	check(log != NULL);
	mail_log_set_now(log, AT_SEC + 86400);
	print(data, size, text);
	quote(data, size, quoted);
	check_arrivals(log, text, quoted);
	check_recipient(log, text, quoted);
	check_rejected(log, text, quoted);
	read_all(log, (const char *)data, size);
	mail_log_free(log);
	return 0;
}
