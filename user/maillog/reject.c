/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads rejections. Only those for good, because of who sends or what is sent, are evidence: a
 * recipient that does not exist says nothing about the sender. */
#include <string.h>

#include "maillog/internal.h"
#include "maillog/reply.h"

/* Read "550 5.7.1 " or, if the filter has already removed the code of SMTP, "5.7.1 ". */
static bool scan_reply_codes(struct scan *scan, struct status_code *code)
{
	struct scan rest = *scan;
	uint32_t reply;

	if (scan_status_code(scan, code))
		return scan_word(scan, " ");
	if (!scan_number(&rest, &reply) || !scan_word(&rest, " "))
		return false;
	if (!scan_status_code(&rest, code) || !scan_word(&rest, " "))
		return false;
	/* A test with soft_bounce makes it 4xx. */
	if (reply < 500 || reply > 599)
		return false;
	*scan = rest;
	return true;
}

/* Skip "RCPT", "END-OF-MESSAGE" and the like. */
static bool scan_stage(struct scan *scan)
{
	const char *const start = scan->at;

	while (scan->at < scan->end && ((*scan->at >= 'A' && *scan->at <= 'Z') || *scan->at == '-'))
		scan->at++;
	return scan->at > start;
}

/* Where authenticated users connect: their addresses are those of homes and telephones. */
static bool is_submission(const struct log_line *line)
{
	return span_is(&line->instance, "submission") || span_is(&line->instance, "submissions") ||
	       span_is(&line->instance, "smtps");
}

/* Whether the recipient is what the text names first. */
static bool scan_recipient(struct scan *scan, struct mail_address *recipient)
{
	return scan_address(scan, recipient) && scan_word(scan, ": Recipient address rejected: ");
}

/* cleanup(8) rejected a header or the body. A stranger wrote what follows, and only the queue
 * id tells who. */
static void read_content_reject(struct mail_log *log, const struct log_line *line,
				const struct message *message)
{
	struct span name = { 0 };

	if (!message || message->origin != ORIGIN_CLIENT)
		return;
	if (message->name)
		name = (struct span) { message->name, strlen(message->name) };
	mail_log_refuse(log, EVIDENCE_REJECTED,
			&(struct refused) { line->at_sec, message->client, &name, NULL });
}

void postfix_read_reject(struct mail_log *log, const struct log_line *line, const struct span *id,
			 struct scan scan)
{
	const struct message *message = id ? messages_find(log->messages, id, line->at_sec) : NULL;
	struct mail_address recipient = { 0 };
	struct status_code code;
	struct prefix address;
	struct span name;
	struct scan text;
	bool is_listed, names_recipient;

	if (is_submission(line) || (message && message->origin == ORIGIN_USER))
		return;
	if (scan_word(&scan, "header ") || scan_word(&scan, "body ")) {
		read_content_reject(log, line, message);
		return;
	}
	if (!scan_stage(&scan) || !scan_word(&scan, " from ") ||
	    !scan_host(&scan, &name, &address) || !scan_word(&scan, ": ") ||
	    !scan_reply_codes(&scan, &code) || !status_code_is_about_sender(&code))
		return;
	text = scan;
	is_listed = scan_word(&text, "Service unavailable; Client host [");
	names_recipient = scan_recipient(&scan, &recipient);
	mail_log_refuse(log, is_listed ? EVIDENCE_LISTED : EVIDENCE_REJECTED,
			&(struct refused) { line->at_sec, address, &name,
					    names_recipient ? &recipient.text : NULL });
}

/* ---- postscreen ----------------------------------------------------------- */

/* Read "[IP]:PORT". */
static bool scan_peer(struct scan *scan, struct prefix *address, uint32_t *port)
{
	return scan_bracketed(scan, address) && scan_word(scan, ":") && scan_number(scan, port);
}

/*
 * postscreen writes two lines if a list names the client, and one for each recipient. Only the
 * first of a connection counts. Return the row of a peer, and in *@ret_place where it is there,
 * REFUSAL_PLACES if it is not.
 */
static uint64_t *find_refusal(struct mail_log *log, const struct prefix *address, uint32_t port,
			      uint64_t *ret_hash, size_t *ret_place)
{
	char peer[sizeof(address->addr) + sizeof(port)];
	uint64_t *row;
	size_t place = 0;

	memcpy(peer, address->addr, sizeof(address->addr));
	memcpy(peer + sizeof(address->addr), &port, sizeof(port));
	*ret_hash = text_hash(peer, sizeof(peer));
	row = log->refusals[*ret_hash % REFUSAL_ROWS];
	while (place < REFUSAL_PLACES && row[place] != *ret_hash)
		place++;
	*ret_place = place;
	return row;
}

void postfix_read_postscreen(struct mail_log *log, const struct log_line *line, struct scan scan)
{
	struct status_code code;
	struct prefix address;
	uint32_t port, rank;
	uint64_t hash, *row;
	size_t place;

	if (scan_word(&scan, "CONNECT from ")) {
		if (!scan_peer(&scan, &address, &port))
			return;
		/* A new connection may use the port of an old one. */
		row = find_refusal(log, &address, port, &hash, &place);
		if (place < REFUSAL_PLACES)
			row[place] = 0;
		return;
	}
	if (scan_word(&scan, "DNSBL rank ")) {
		if (!scan_number(&scan, &rank) || !scan_word(&scan, " for ") ||
		    !scan_peer(&scan, &address, &port))
			return;
	} else if (!scan_word(&scan, "NOQUEUE: reject: ") || !scan_stage(&scan) ||
		   !scan_word(&scan, " from ") || !scan_peer(&scan, &address, &port) ||
		   !scan_word(&scan, ": ") || !scan_reply_codes(&scan, &code) ||
		   !status_code_is_about_sender(&code)) {
		return;
	}
	row = find_refusal(log, &address, port, &hash, &place);
	if (place < REFUSAL_PLACES)
		return;
	memmove(row + 1, row, (REFUSAL_PLACES - 1) * sizeof(*row));
	row[0] = hash;
	mail_log_refuse(log, EVIDENCE_LISTED,
			&(struct refused) { line->at_sec, address, NULL, NULL });
}
