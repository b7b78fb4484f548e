/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads Exim's rejections. The log does not have their codes: it only tells temporary ones from
 * those for good. */
#include <string.h>
#include <strings.h>

#include "maillog/exim.h"

static bool begins_with(const struct scan *text, const char *words)
{
	const size_t bytes = strlen(words);

	return (size_t)(text->end - text->at) >= bytes && !strncasecmp(text->at, words, bytes);
}

/* Whether the reason for the rejection of a recipient is the sender. The administrator of the
 * mail server chooses the text: what is not known counts for nothing, because a recipient that
 * does not exist says nothing about the sender. */
static bool is_about_sender(const struct scan *reason)
{
	static const char *const beginnings[] = {
		"sender", "host",    "client", "your host", "your ip",
		"ip ",	  "blocked", "banned", "spam",	    "blacklist",
		"helo",	  "ehlo",    "spf",    "dmarc",	    "rejected because ",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (begins_with(reason, beginnings[i]))
			return true;
	return false;
}

/* The text in Exim's example of a block list, or Debian's: "IP is in a black list at",
 * "IP is listed". */
static bool is_listed(struct scan reason)
{
	struct span address;
	struct scan rest;

	scan_word(&reason, "rejected because ");
	rest = reason;
	return scan_value(&rest, &address) &&
	       (scan_word(&rest, " is in a black list at ") || scan_word(&rest, " is listed "));
}

/* "RCPT <RECIPIENT>: REASON". Return: whether it says something about the sender. */
static bool read_recipient(struct scan scan, enum evidence_kind *kind,
			   struct mail_address *recipient)
{
	if (!scan_address(&scan, recipient) || !scan_word(&scan, ": "))
		return false;
	if (is_listed(scan)) {
		*kind = EVIDENCE_LISTED;
		return true;
	}
	return is_about_sender(&scan);
}

/* What is rejected before there is a recipient, or after all of them were accepted. */
static bool is_of_sender(struct scan *scan)
{
	static const char *const stages[] = { "after DATA",	 "during MIME ACL checks",
					      "by local_scan()", "connection ",
					      "EHLO or HELO ",	 "MAIL " };

	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
		if (scan_word(scan, stages[i]))
			return true;
	return false;
}

/* Skip the fields between the host and "rejected". Return: whether a client that is not
 * authenticated is rejected for good. */
static bool skip_to_stage(struct scan *scan)
{
	struct mail_address sender;

	for (;;) {
		if (scan_word(scan, " rejected "))
			return true;
		if (scan_word(scan, " F=")) {
			if (!scan_address(scan, &sender))
				return false;
		} else if (scan_word(scan, " A=") || scan_word(scan, " U=") ||
			   scan_word(scan, " temporarily ") || !exim_skip_field(scan)) {
			return false;
		}
	}
}

/* H=HOST [I=…] [X=… CV=… DN="…"] [F=<SENDER>] [A=METHOD:USER] [temporarily ]rejected STAGE[: TEXT]
 */
void exim_read_reject(struct mail_log *log, int64_t at_sec, const struct message *message,
		      struct scan scan)
{
	enum evidence_kind kind = EVIDENCE_REJECTED;
	struct mail_address recipient = { 0 };
	struct exim_host host;

	if ((message && message->origin == ORIGIN_USER) || !exim_scan_host(&scan, &host) ||
	    !skip_to_stage(&scan))
		return;
	if (scan_word(&scan, "RCPT ")) {
		if (!read_recipient(scan, &kind, &recipient))
			return;
	} else if (!is_of_sender(&scan)) {
		return;
	}
	mail_log_refuse(log, kind,
			&(struct refused) { at_sec, host.address, &host.name,
					    recipient.text.bytes ? &recipient.text : NULL });
}
