/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of mail logs: parts of Postfix's lines, and what is noted of any lines. */
#ifndef MAILLOG_FIXTURE_H
#define MAILLOG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/evidence_line.h"
#include "maillog/mail_log.h"

/* 1 December 2026. */
#define NOW_SEC 1796083200
#define HEAD "2026-11-28T21:33:05.123456+01:00 mx postfix/"
#define AT "1795897985"

#define CLIENT HEAD "smtpd[1]: A1B2C3D4: client=mx.partner.test[192.0.2.7]\n"
#define USER                                                                                       \
	HEAD "smtpd[1]: A1B2C3D4: client=home[198.51.100.1], sasl_method=PLAIN, "                  \
	     "sasl_username=alice@home.test\n"
#define SENDER HEAD "qmgr[1]: A1B2C3D4: from=<bob@Partner.test>, size=4, nrcpt=2 (queue active)\n"
#define FROM_USER HEAD "qmgr[1]: A1B2C3D4: from=<alice@home.test>, size=4, nrcpt=2 (queue active)\n"
#define LOCAL                                                                                      \
	HEAD "local[1]: A1B2C3D4: to=<alice@home.test>, relay=local, delay=0, delays=0/0/0/0, "    \
	     "dsn=2.0.0, status=sent (delivered to mailbox)\n"
#define TO(recipient) HEAD "smtp[1]: A1B2C3D4: to=" recipient ", "
#define RELAY "relay=mx.partner.test[192.0.2.101]:25, "
#define DELAYS "delay=0.08, delays=0.06/0/0.01/0, "
#define SENT "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 3D9CCA9806A)\n"
#define REMOVED HEAD "qmgr[1]: A1B2C3D4: removed\n"

#define SENT_LINE "postfix sent " AT " 192.0.2.101 partner.test - alice@home.test 2\n"
#define ACCEPTED_LINE                                                                              \
	"postfix accepted " AT " 192.0.2.7 partner.test mx.partner.test alice@home.test 2\n"

static char noted[65536];

static void note(void *context, const struct evidence *evidence)
{
	char line[EVIDENCE_LINE_BYTES];

	(void)context;
	evidence_line_write(evidence, line);
	assert_true(strlen(noted) + strlen(line) < sizeof(noted));
	strcat(noted, line);
}

/* Read the lines, each from memory of just its size. */
static void read_lines(struct mail_log *log, const char *lines)
{
	for (; *lines; lines += *lines == '\n') {
		const size_t bytes = strcspn(lines, "\n");
		char *line = malloc(bytes ? bytes : 1);

		assert_non_null(line);
		memcpy(line, lines, bytes);
		mail_log_line(log, line, bytes);
		free(line);
		lines += bytes;
	}
}

static void assert_noted_by(enum evidence_source server, const char *what, const char *lines,
			    const char *expected)
{
	struct mail_log *log = mail_log_new(server, note, NULL);

	assert_non_null(log);
	mail_log_set_now(log, NOW_SEC);
	*noted = '\0';
	read_lines(log, lines);
	if (strcmp(noted, expected) != 0)
		fail_msg("%s:\n%snoted:\n%sexpected:\n%s", what, lines, noted, expected);
	mail_log_free(log);
}

/* The lines tell whose they are. */
static inline void assert_noted(const char *what, const char *lines, const char *expected)
{
	assert_noted_by(MAIL_LOG_ANY, what, lines, expected);
}

struct row {
	const char *what, *lines, *expected;
};

static inline void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_noted(rows[i].what, rows[i].lines, rows[i].expected);
}

#endif
