/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status codes in replies of SMTP. */
#ifndef MAILLOG_REPLY_H
#define MAILLOG_REPLY_H

#include "maillog/scan.h"

/* A status code of RFC 3463. */
struct status_code {
	uint32_t class, subject, detail;
};

/* Read "5.7.1". */
bool scan_status_code(struct scan *scan, struct status_code *ret_code);

/* Whether it rejects for good, because of who sends or what is sent: a recipient that does not
 * exist says nothing about the sender. */
bool status_code_is_about_sender(const struct status_code *code);

#endif
