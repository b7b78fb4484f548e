/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the status codes of replies. */
#include "maillog/reply.h"

bool scan_status_code(struct scan *scan, struct status_code *ret_code)
{
	struct scan rest = *scan;

	if (!scan_number(&rest, &ret_code->class) || !scan_word(&rest, ".") ||
	    !scan_number(&rest, &ret_code->subject) || !scan_word(&rest, ".") ||
	    !scan_number(&rest, &ret_code->detail))
		return false;
	*scan = rest;
	return true;
}

/* Security and policy (7), the content (6), the protocol (5), and the sender's address (1.7 and
 * 1.8). The other codes are about the recipient, the mailbox and the mail system. */
bool status_code_is_about_sender(const struct status_code *code)
{
	return code->class == 5 &&
	       (code->subject >= 5 ||
		(code->subject == 1 && (code->detail == 7 || code->detail == 8)));
}
