/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads any bytes as a log, and as the local part of an address in a log that is otherwise
 * known. What is noted of the first keeps the promises of evidence.h. What is noted of the
 * second is what would be noted of any other address: nothing in it is taken for a field.
 */
#include "fuzz_maillog.h"

#define HEAD "2026-11-28T21:33:05+01:00 mx postfix/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS "delay=0, delays=0/0/0/0, dsn=2.0.0, status="

static void check_recipient(struct mail_log *log, const char *local)
{
	static const char user[] = HEAD "smtpd[1]: A1B2C3: client=h[198.51.100.1], "
					"sasl_method=PLAIN, sasl_username=alice";

	count = 0;
	mail_log_line(log, user, sizeof(user) - 1);
	read_format(log,
		    HEAD "smtp[1]: A1B2C3: to=<%s@partner.test>, "
			 "relay=none, " FIELDS "bounced (x)",
		    local);
	check(!count);
	read_format(log,
		    HEAD "smtp[1]: A1B2C3: to=<x@partner.test>, orig_to=<%s@h.test>, "
			 "relay=none, " FIELDS "bounced (x)",
		    local);
	check(!count);
	read_format(log,
		    HEAD "smtp[1]: A1B2C3: to=<%s@partner.test>, "
			 "relay=mx.partner.test[192.0.2.101]:25, " FIELDS "sent (250 Ok)",
		    local);
	check(count == 1 && last.kind == EVIDENCE_SENT && last.at_sec == AT_SEC);
	check(!strcmp(last.domain, "partner.test") && !strcmp(last.person, "alice") && !*last.name);
	check(last.has_address && last.address.addr[3] == 101 &&
	      last.address.family == FAMILY_IPV4);
}

static void check_sender(struct mail_log *log, const char *local)
{
	static const char client[] = HEAD "smtpd[1]: A1B2C3: client=mx.partner.test[192.0.2.7]";

	count = 0;
	mail_log_line(log, client, sizeof(client) - 1);
	read_format(log,
		    HEAD "qmgr[1]: A1B2C3: from=<%s@partner.test>, size=1, nrcpt=2 (queue active)",
		    local);
	check(!count);
	read_format(log,
		    HEAD "local[1]: A1B2C3: to=<%s@home.test>, relay=local, " FIELDS "sent (x)",
		    local);
	check(count == 1 && last.kind == EVIDENCE_ACCEPTED && last.recipient_count == 2);
	check(!strcmp(last.domain, "partner.test") && !strcmp(last.name, "mx.partner.test"));
	check(last.has_address && last.address.addr[3] == 7);
}

static void check_rejected(struct mail_log *log, const char *local)
{
	count = 0;
	read_format(log,
		    HEAD "smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.8]: 450 4.7.1 "
			 "<%s@home.test>: Recipient address rejected: x",
		    local);
	check(!count);
	read_format(log,
		    HEAD "smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.8]: 550 5.7.1 "
			 "<%s@home.test>: Recipient address rejected: x",
		    local);
	check(count == 1 && last.kind == EVIDENCE_REJECTED && !*last.domain && !*last.name);
	check(last.address.addr[3] == 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_log *log = mail_log_new(EVIDENCE_FROM_POSTFIX, note, NULL);
	char local[QUOTED_BYTES];

	check(log != NULL);
	mail_log_set_now(log, AT_SEC + 86400);
	quote(data, size, local);
	check_recipient(log, local);
	check_sender(log, local);
	check_rejected(log, local);
	read_all(log, (const char *)data, size);
	mail_log_free(log);
	return 0;
}
