/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads OpenSMTPD's lines. Sessions and messages have ids of their own; a delivery names the
 * session with the other server, and the message in the first half of its envelope's id. The
 * reverse names in the log are not verified, and are not read.
 */
#include <string.h>

#include "maillog/domain.h"
#include "maillog/internal.h"
#include "maillog/reply.h"

#define SMTP_PORT 25
#define SESSION_ID_BYTES 16
#define MESSAGE_ID_BYTES 8

struct opensmtpd_line {
	int64_t at_sec;
	struct span session;
};

/* ---- fields ----------------------------------------------------------------- */

static bool scan_id(struct scan *scan, size_t bytes, struct span *ret_id)
{
	struct scan rest = *scan;

	while (rest.at < rest.end &&
	       ((*rest.at >= '0' && *rest.at <= '9') || (*rest.at >= 'a' && *rest.at <= 'f')))
		rest.at++;
	if ((size_t)(rest.at - scan->at) != bytes)
		return false;
	*ret_id = (struct span) { scan->at, bytes };
	*scan = rest;
	return true;
}

/* Read characters until one of these or the end. */
static struct span scan_until(struct scan *scan, const char *stops)
{
	struct span text = { scan->at, 0 };

	while (scan->at < scan->end && *scan->at && !strchr(stops, *scan->at))
		scan->at++;
	text.bytes = (size_t)(scan->at - text.at);
	return text;
}

/* Read "192.0.2.1" or "[2001:db8::1]", until one of these characters. */
static bool scan_ip(struct scan *scan, const char *stops, struct prefix *ret_address)
{
	struct scan rest = *scan;
	struct prefix address;
	struct span text;

	if (rest.at < rest.end && *rest.at == '[')
		return scan_bracketed(scan, ret_address);
	text = scan_until(&rest, stops);
	if (prefix_parse(text.at, text.bytes, &address, NULL) ||
	    address.len != prefix_max_len(address.family))
		return false;
	*ret_address = address;
	*scan = rest;
	return true;
}

/* Read "evpid=ID", of which the first half is the id of the message. */
static bool scan_envelope(struct scan *scan, struct span *ret_message)
{
	struct span id;

	if (!scan_word(scan, "evpid=") || !scan_id(scan, SESSION_ID_BYTES, &id))
		return false;
	*ret_message = (struct span) { id.at, MESSAGE_ID_BYTES };
	return true;
}

/* ---- sessions with clients -------------------------------------------------- */

/* "address=IP host=NAME", or "address=local". */
static void read_connected(struct mail_log *log, const struct opensmtpd_line *line,
			   struct scan scan)
{
	struct message *session = messages_add(log->messages, &line->session, line->at_sec);
	struct prefix address;

	if (!session || !scan_word(&scan, "address=") || !scan_ip(&scan, " ", &address) ||
	    mail_log_is_loopback(&address))
		return;
	session->origin = ORIGIN_CLIENT;
	session->client = address;
}

/* "user=NAME result=ok". A client that fails may have any name. */
static void read_authentication(struct mail_log *log, const struct opensmtpd_line *line,
				struct scan scan)
{
	struct message *session = messages_find(log->messages, &line->session, line->at_sec);
	struct span user;

	if (!session || !scan_word(&scan, "user="))
		return;
	user = scan_until(&scan, " ");
	if (!user.bytes || !scan_word(&scan, " result=ok") || !scan_is_at_end(&scan))
		return;
	session->origin = ORIGIN_USER;
	mail_log_set_person(session, &user);
}

/* "msgid=ID size=N nrcpt=N proto=ESMTP" */
static void read_message(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	struct message *message;
	const struct message *session;
	struct span id;
	uint32_t size, count;

	if (!scan_word(&scan, "msgid=") || !scan_id(&scan, MESSAGE_ID_BYTES, &id) ||
	    !scan_word(&scan, " size=") || !scan_number(&scan, &size) ||
	    !scan_word(&scan, " nrcpt=") || !scan_number(&scan, &count))
		return;
	message = messages_add(log->messages, &id, line->at_sec);
	session = messages_find(log->messages, &line->session, line->at_sec);
	if (!message || !session)
		return;
	message->origin = session->origin;
	message->client = session->client;
	message->recipient_count = count;
	message_set_text(&message->person, session->person);
}

/* "evpid=ID from=<SENDER> to=<RECIPIENT>" */
static void read_envelope(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	char domain[EVIDENCE_DOMAIN_BYTES];
	struct mail_address sender;
	struct message *message;
	struct span id;

	if (!scan_envelope(&scan, &id) || !scan_word(&scan, " from=") ||
	    !scan_address(&scan, &sender))
		return;
	message = messages_find(log->messages, &id, line->at_sec);
	if (!message)
		return;
	message->has_null_sender = !sender.text.bytes;
	if (domain_read(&sender.domain, domain))
		message_set_text(&message->domain, domain);
}

/* Without a code of RFC 3463, the answer to RCPT is about the recipient, and those that begin
 * with 50 are about the syntax. */
static bool is_about_sender(struct scan reply, bool is_recipient)
{
	struct status_code code;
	uint32_t number;

	if (!scan_number(&reply, &number) || number < 500 || number > 599 ||
	    !scan_word(&reply, " "))
		return false;
	if (scan_status_code(&reply, &code))
		return status_code_is_about_sender(&code);
	return !is_recipient && (number == 550 || number == 554);
}

/* "command="TEXT" result="550 TEXT"". The client writes the command, which concerns only itself. */
static void read_failed(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	static const char end[] = "\" result=\"";
	const struct message *session = messages_find(log->messages, &line->session, line->at_sec);
	const char *stop;
	bool is_recipient;

	if (!session || session->origin != ORIGIN_CLIENT || !scan_word(&scan, "command=\""))
		return;
	stop = memmem(scan.at, (size_t)(scan.end - scan.at), end, sizeof(end) - 1);
	if (!stop)
		return;
	is_recipient = (size_t)(stop - scan.at) >= strlen("RCPT") &&
		       !strncasecmp(scan.at, "RCPT", strlen("RCPT"));
	scan.at = stop + sizeof(end) - 1;
	if (is_about_sender(scan, is_recipient))
		mail_log_refuse(log, EVIDENCE_REJECTED,
				&(struct refused) { line->at_sec, session->client, NULL, NULL });
}

static void forget_session(struct mail_log *log, const struct opensmtpd_line *line)
{
	struct message *session = messages_find(log->messages, &line->session, line->at_sec);

	if (session)
		messages_remove(log->messages, session);
}

static void read_client(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	if (scan_word(&scan, "connected "))
		read_connected(log, line, scan);
	else if (scan_word(&scan, "authentication "))
		read_authentication(log, line, scan);
	else if (scan_word(&scan, "message "))
		read_message(log, line, scan);
	else if (scan_word(&scan, "envelope "))
		read_envelope(log, line, scan);
	else if (scan_word(&scan, "failed-command "))
		read_failed(log, line, scan);
	else if (scan_word(&scan, "disconnected "))
		forget_session(log, line);
}

/* ---- deliveries ------------------------------------------------------------- */

/* "address=smtp+tls://IP:PORT host=NAME". By LMTP it is the server of the mailboxes. */
static void read_connecting(struct mail_log *log, const struct opensmtpd_line *line,
			    struct scan scan)
{
	struct message *session = messages_add(log->messages, &line->session, line->at_sec);
	struct prefix address;
	uint32_t port;

	if (!session || !scan_word(&scan, "address=") ||
	    (!scan_word(&scan, "smtp://") && !scan_word(&scan, "smtp+tls://") &&
	     !scan_word(&scan, "smtp+notls://") && !scan_word(&scan, "smtps://")) ||
	    !scan_ip(&scan, ":", &address) || !scan_word(&scan, ":") || !scan_number(&scan, &port))
		return;
	session->client = address;
	session->port = port;
}

/* "evpid=ID from=<SENDER> to=<RECIPIENT> ". Return: the message, or NULL. */
static struct message *scan_delivery(struct mail_log *log, const struct opensmtpd_line *line,
				     struct scan *scan, struct delivery *delivery)
{
	struct mail_address sender, recipient;
	struct span id;

	if (!scan_envelope(scan, &id) || !scan_word(scan, " from=") ||
	    !scan_address(scan, &sender) || !scan_word(scan, " to=") ||
	    !scan_address(scan, &recipient) || !scan_word(scan, " "))
		return NULL;
	delivery->at_sec = line->at_sec;
	domain_read(&recipient.domain, delivery->domain);
	mail_log_copy_text(&recipient.text, delivery->recipient, sizeof(delivery->recipient));
	return messages_find(log->messages, &id, line->at_sec);
}

/* "rcpt=<ADDRESS> source="IP" relay="IP (NAME)" delay=TIME result="Ok" stat="REPLY"" */
static void read_sent(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	const struct message *session;
	struct delivery delivery = { 0 };
	struct message *message = scan_delivery(log, line, &scan, &delivery);
	struct mail_address original;

	if (!message || !scan_word(&scan, "rcpt=") || !scan_address(&scan, &original) ||
	    !scan_word(&scan, " source=\""))
		return;
	scan_until(&scan, "\"");
	if (!scan_word(&scan, "\" relay=\"") || !scan_ip(&scan, " ", &delivery.address))
		return;
	scan_until(&scan, "\"");
	if (!scan_word(&scan, "\" delay="))
		return;
	scan_until(&scan, " ");
	if (!scan_word(&scan, " result=\"Ok\" "))
		return;
	session = messages_find(log->messages, &line->session, line->at_sec);
	/* A filter on this host is no destination. */
	if (!session || mail_log_is_loopback(&delivery.address))
		return;
	delivery.is_remote = session->port;
	/* By another port, it is a relay that sends the message on. */
	delivery.has_address = session->port == SMTP_PORT;
	mail_log_deliver(log, message, &delivery);
}

/* "[rcpt=<ADDRESS> ]user=NAME delay=TIME result=Ok stat=TEXT" */
static void read_stored(struct mail_log *log, const struct opensmtpd_line *line, struct scan scan)
{
	struct delivery delivery = { 0 };
	struct message *message = scan_delivery(log, line, &scan, &delivery);
	struct mail_address original;

	if (!message || (scan_word(&scan, "rcpt=") &&
			 (!scan_address(&scan, &original) || !scan_word(&scan, " "))))
		return;
	if (!scan_word(&scan, "user="))
		return;
	scan_until(&scan, " ");
	if (!scan_word(&scan, " delay="))
		return;
	scan_until(&scan, " ");
	if (scan_word(&scan, " result=Ok "))
		mail_log_deliver(log, message, &delivery);
}

/* ---- lines ------------------------------------------------------------------ */

void opensmtpd_read_line(struct mail_log *log, int64_t at_sec, struct scan scan)
{
	struct opensmtpd_line line = { .at_sec = at_sec };

	mail_log_count(log, at_sec);
	if (!scan_id(&scan, SESSION_ID_BYTES, &line.session))
		return;
	if (scan_word(&scan, " smtp "))
		read_client(log, &line, scan);
	else if (scan_word(&scan, " mta connecting "))
		read_connecting(log, &line, scan);
	else if (scan_word(&scan, " mta delivery "))
		read_sent(log, &line, scan);
	else if (scan_word(&scan, " mta disconnected "))
		forget_session(log, &line);
	else if (scan_word(&scan, " mda delivery "))
		read_stored(log, &line, scan);
}
