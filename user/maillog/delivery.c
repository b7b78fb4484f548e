/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of delivery agents, one for each recipient. The remote server's reply is at
 * their end and is not read, except the queue id that a filter on this host gives. */
#include <stdlib.h>
#include <string.h>

#include "maillog/domain.h"
#include "maillog/internal.h"

#define SMTP_PORT 25

struct relay {
	struct span name;
	bool has_address;
	struct prefix address;
	uint32_t port;
};

/* Read "none", "local", "HOST[IP]:PORT" or "HOST[PATH]". */
static bool scan_relay(struct scan *scan, struct relay *relay)
{
	struct scan rest = *scan;
	struct span value;

	*relay = (struct relay) { 0 };
	if (scan_host(&rest, &relay->name, &relay->address)) {
		relay->has_address = true;
		if (scan_word(&rest, ":") && !scan_number(&rest, &relay->port))
			return false;
		*scan = rest;
		return true;
	}
	return scan_value(scan, &value);
}

/* Skip "KEY=". */
static bool scan_key(struct scan *scan)
{
	while (scan->at < scan->end && ((*scan->at >= 'a' && *scan->at <= 'z') || *scan->at == '_'))
		scan->at++;
	return scan_word(scan, "=");
}

/* Skip ", KEY=VALUE" until ", status=", and read the status. */
static bool scan_status(struct scan *scan, struct span *ret_status)
{
	struct span value;

	while (scan_word(scan, ", ")) {
		if (scan_word(scan, "status="))
			return scan_value(scan, ret_status);
		if (!scan_key(scan) || !scan_value(scan, &value))
			return false;
	}
	return false;
}

/* The reply in parentheses, at the end of the line. If it contains what looks like a second set
 * of fields, nobody knows which of them is true. */
static bool scan_reply(struct scan *scan, struct span *ret_reply)
{
	static const char relay[] = ", relay=";

	if (!scan_word(scan, " (") || scan_is_at_end(scan) || scan->end[-1] != ')')
		return false;
	*ret_reply = (struct span) { scan->at, (size_t)(scan->end - scan->at - 1) };
	return !memmem(ret_reply->at, ret_reply->bytes, relay, sizeof(relay) - 1);
}

/* The queue id in "250 2.0.0 Ok: queued as ID", which ends the reply. */
static bool read_queued_as(const struct span *reply, struct span *ret_id)
{
	static const char words[] = "queued as ";
	const char *const end = reply->at + reply->bytes;
	const char *blank = memrchr(reply->at, ' ', reply->bytes);
	struct scan scan = { blank ? blank + 1 : end, end };

	return blank && (size_t)(scan.at - reply->at) >= sizeof(words) - 1 &&
	       !memcmp(scan.at - (sizeof(words) - 1), words, sizeof(words) - 1) &&
	       scan_queue_id(&scan, ret_id) && scan_is_at_end(&scan);
}

/* ---- the second queue id --------------------------------------------------- */

void postfix_link(struct mail_log *log, struct message *second, struct message *first)
{
	struct delivery *waiting = second->waiting;
	const size_t count = second->waiting_count;

	if (second == first || second->origin != ORIGIN_FILTER || first->origin == ORIGIN_FILTER)
		return;
	second->waiting = NULL;
	second->waiting_count = 0;
	message_inherit(second, first);
	for (size_t i = 0; i < count; i++)
		mail_log_deliver(log, second, &waiting[i]);
	free(waiting);
	if (second->is_removed)
		messages_remove(log->messages, second);
}

/* ---- lines ---------------------------------------------------------------- */

/* A filter on this host accepted the message. It is no delivery. */
static void read_filter(struct mail_log *log, const struct log_line *line, struct message *message,
			const struct span *reply)
{
	struct span id;
	struct message *second;

	if (!read_queued_as(reply, &id))
		return;
	second = messages_find(log->messages, &id, line->at_sec);
	if (second)
		postfix_link(log, second, message);
}

/* Whether the filter took the message and will not send it on. */
static bool is_discarded(const struct span *reply)
{
	static const char words[] = "250 2.7.0 Ok, discarded";

	return reply->bytes >= sizeof(words) - 1 && !memcmp(reply->at, words, sizeof(words) - 1);
}

static bool is_filter(const struct log_line *line, const struct relay *relay,
		      const struct span *reply)
{
	struct span id;

	if (!relay->has_address || !mail_log_is_loopback(&relay->address))
		return false;
	/* By LMTP it may also be the server of the mailboxes. */
	return span_is(&line->service, "smtp") || read_queued_as(reply, &id) || is_discarded(reply);
}

void postfix_read_delivery(struct mail_log *log, const struct log_line *line, const struct span *id,
			   struct scan scan)
{
	struct mail_address recipient, original;
	struct delivery delivery = { .at_sec = line->at_sec };
	struct message *message;
	struct relay relay;
	struct span status, reply;

	if (!scan_address(&scan, &recipient) ||
	    (scan_word(&scan, ", orig_to=") && !scan_address(&scan, &original)) ||
	    !scan_word(&scan, ", relay=") || !scan_relay(&scan, &relay) ||
	    !scan_status(&scan, &status) || !span_is(&status, "sent") || !scan_reply(&scan, &reply))
		return;
	message = messages_find(log->messages, id, line->at_sec);
	if (!message)
		return;
	if (is_filter(line, &relay, &reply)) {
		read_filter(log, line, message, &reply);
		return;
	}
	delivery.is_remote = span_is(&line->service, "smtp") && relay.has_address;
	/* By another port, it is a relay that sends the message on. */
	delivery.has_address = delivery.is_remote && relay.port == SMTP_PORT;
	if (delivery.has_address)
		delivery.address = relay.address;
	domain_read(&recipient.domain, delivery.domain);
	mail_log_copy_text(&recipient.text, delivery.recipient, sizeof(delivery.recipient));
	mail_log_deliver(log, message, &delivery);
}
