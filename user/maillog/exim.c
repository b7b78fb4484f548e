/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads Exim's main log: which message came from whom, and what became of it. Exim does not quote
 * the local parts of recipients, nor the greeting of a client. If such a text contains what looks
 * like another field, nobody knows which of them is true, and the line is no evidence.
 */
#include "maillog/exim.h"

#include <pwd.h>
#include <string.h>

#include "maillog/domain.h"

#define SMTP_PORT 25
/* Persons have user ids from here on (UID_MIN of login.defs(5)), except for nobody. */
#define PERSON_UID_MIN 1000
#define NOBODY_UID 65534
#define USER_BYTES 64

/* ---- arrivals --------------------------------------------------------------- */

static bool is_person(const struct span *user)
{
	char name[USER_BYTES];
	const struct passwd *entry;

	if (user->bytes >= sizeof(name))
		return false;
	memcpy(name, user->at, user->bytes);
	name[user->bytes] = '\0';
	entry = getpwnam(name);
	return entry && entry->pw_uid >= PERSON_UID_MIN && entry->pw_uid != NOBODY_UID;
}

/* What follows the protocol: who was authenticated, and the message id. */
static void scan_rest(struct scan *scan, struct span *ret_user, struct span *ret_id)
{
	struct span value;

	*ret_user = *ret_id = (struct span) { 0 };
	while (!scan_is_at_end(scan)) {
		if (!ret_user->bytes && scan_word(scan, " A=")) {
			if (!exim_scan_token(scan, &value))
				return;
			*ret_user = value;
		} else if (scan_word(scan, " id=")) {
			exim_scan_token(scan, ret_id);
			return;
		} else if (!exim_skip_field(scan)) {
			return;
		}
	}
}

/* The user in "login_server:alice@home.test". Without a name, it is the sender. */
static void set_user(struct message *message, const struct span *authenticated,
		     const struct span *sender)
{
	const char *colon = memchr(authenticated->at, ':', authenticated->bytes);
	struct span user = *sender;

	if (colon && colon + 1 < authenticated->at + authenticated->bytes)
		user = (struct span) { colon + 1, (size_t)(authenticated->at +
							   authenticated->bytes - colon - 1) };
	message->origin = ORIGIN_USER;
	mail_log_set_person(message, &user);
}

/* A client by SMTP. */
static void read_client(struct message *message, const struct exim_host *host,
			const struct span *protocol, const struct span *user,
			const struct span *sender)
{
	char name[EVIDENCE_DOMAIN_BYTES];

	/* esmtpa and esmtpsa; only Exim writes this word. */
	if (protocol->at[protocol->bytes - 1] == 'a') {
		if (user->bytes)
			set_user(message, user, sender);
		return;
	}
	/* What a filter on this host gives back has lost its origin. */
	if (mail_log_is_loopback(&host->address))
		return;
	message->origin = ORIGIN_CLIENT;
	message->client = host->address;
	if (host->name.bytes && domain_read(&host->name, name))
		message_set_text(&message->name, name);
}

/* A program that forwards a client's message keeps its id. */
static void note_message_id(struct mail_log *log, struct message *message, const struct span *id)
{
	const uint64_t hash = text_hash(id->at, id->bytes);
	uint64_t *place = &log->forwards[hash % FORWARDS];

	if (!id->bytes)
		return;
	if (message->origin == ORIGIN_CLIENT)
		*place = hash;
	else if (message->origin == ORIGIN_LOCAL && *place == hash)
		message->is_forwarded = true;
}

/* SENDER [R=ID] [H=HOST] [I=[IP]:PORT] [U=USER] [Ci=ID] P=PROTOCOL … [A=METHOD:USER] … [id=ID].
 * With R=, the message is a bounce or an automatic answer. */
static void read_arrival(struct mail_log *log, int64_t at_sec, const struct span *id,
			 struct scan scan)
{
	struct message *message = messages_add(log->messages, id, at_sec);
	struct span protocol, value, local_user = { 0 }, user, message_id;
	struct exim_host host = { 0 };
	struct mail_address sender;
	char domain[EVIDENCE_DOMAIN_BYTES];
	bool has_host;

	if (!message || !exim_scan_sender(&scan, &sender) || scan_word(&scan, " R="))
		return;
	message->has_null_sender = !sender.text.bytes;
	if (domain_read(&sender.domain, domain))
		message_set_text(&message->domain, domain);
	scan_word(&scan, " DS");
	if (!scan_word(&scan, " "))
		return;
	has_host = exim_scan_host(&scan, &host);
	if (has_host && !scan_word(&scan, " "))
		return;
	if (has_host && scan_word(&scan, "I=") &&
	    (!exim_scan_token(&scan, &value) || !scan_word(&scan, " ")))
		return;
	/* Of a client, it is what the client says of itself (RFC 1413): any text. */
	if (!has_host && (!scan_word(&scan, "U=") || !exim_scan_token(&scan, &local_user) ||
			  !scan_word(&scan, " ")))
		return;
	if (scan_word(&scan, "Ci=") && (!exim_scan_token(&scan, &value) || !scan_word(&scan, " ")))
		return;
	if (!scan_word(&scan, "P=") || !exim_scan_token(&scan, &protocol))
		return;
	scan_rest(&scan, &user, &message_id);
	if (has_host) {
		read_client(message, &host, &protocol, &user, &sender.text);
	} else if (protocol.bytes >= strlen("local") &&
		   !memcmp(protocol.at, "local", strlen("local")) && is_person(&local_user)) {
		message->origin = ORIGIN_LOCAL;
		mail_log_set_person(message, &local_user);
	}
	note_message_id(log, message, &message_id);
}

/* ---- deliveries ------------------------------------------------------------- */

/* Read " KEY=VALUE". */
static bool scan_field(struct scan *scan, const char *key, struct span *ret_value)
{
	struct scan rest = *scan;

	if (!scan_word(&rest, key) || !exim_scan_token(&rest, ret_value))
		return false;
	*scan = rest;
	return true;
}

/* Read the server in " H=NAME [IP]:PORT". */
static bool scan_server(struct scan *scan, struct prefix *ret_address, uint32_t *ret_port)
{
	struct span name;

	*ret_port = SMTP_PORT;
	if (!scan_field(scan, " H=", &name))
		return false;
	scan_word(scan, " DS");
	return scan_word(scan, " ") && scan_bracketed(scan, ret_address) &&
	       (!scan_word(scan, ":") || scan_number(scan, ret_port));
}

static bool ends_with(const struct span *text, const char *end)
{
	const size_t bytes = strlen(end);

	return text->bytes >= bytes && !memcmp(text->at + text->bytes - bytes, end, bytes);
}

/* RECIPIENT [<ORIGINAL>] [F=<SENDER>] [Q=QUEUE] [P=<RETURN PATH>] R=ROUTER T=TRANSPORT [S=N]
 * [H=HOST [IP]] …. Return: whether it is a delivery, not a file, a pipe or nothing at all. */
static bool scan_delivery(struct scan *scan, struct delivery *delivery)
{
	struct mail_address original = { 0 }, other;
	struct span recipient, value, transport;
	struct scan rest = *scan;
	const char *at;
	uint32_t port;

	/* There is always this field. If there are two, one may be part of a recipient. */
	at = memmem(rest.at, (size_t)(rest.end - rest.at), " T=", strlen(" T="));
	if (!at || memmem(at + 1, (size_t)(rest.end - at - 1), " T=", strlen(" T=")))
		return false;
	if (!exim_scan_token(&rest, &recipient))
		return false;
	if (scan_word(&rest, " <")) {
		rest.at--;
		if (!scan_address(&rest, &original))
			return false;
	}
	if (scan_word(&rest, " F=") && !scan_address(&rest, &other))
		return false;
	scan_field(&rest, " Q=", &value);
	if (scan_word(&rest, " P=") && !scan_address(&rest, &other))
		return false;
	scan_field(&rest, " R=", &value);
	if (!scan_field(&rest, " T=", &transport))
		return false;
	scan_field(&rest, " S=", &value);
	delivery->is_remote = scan_server(&rest, &delivery->address, &port);
	/* By another port or to a smarthost, it is a relay that sends the message on. */
	delivery->has_address =
	    delivery->is_remote && port == SMTP_PORT && !ends_with(&transport, "smarthost");
	at = memrchr(recipient.at, '@', recipient.bytes);
	if (at)
		domain_read(
		    &(struct span) { at + 1, (size_t)(recipient.at + recipient.bytes - at - 1) },
		    delivery->domain);
	mail_log_copy_text(original.text.bytes ? &original.text : &recipient, delivery->recipient,
			   sizeof(delivery->recipient));
	return true;
}

/* What users sent counts when the message has left the queue: only then is it known how many
 * recipients it had. */
static void read_delivery(struct mail_log *log, int64_t at_sec, struct message *message,
			  struct scan scan)
{
	struct delivery delivery = { .at_sec = at_sec };

	message->recipient_count++;
	if (!scan_delivery(&scan, &delivery))
		return;
	/* A filter on this host is no destination. */
	if (delivery.is_remote && mail_log_is_loopback(&delivery.address))
		return;
	if (message->origin == ORIGIN_CLIENT) {
		mail_log_deliver(log, message, &delivery);
		return;
	}
	for (size_t i = 0; i < message->waiting_count; i++)
		if (!strcmp(message->waiting[i].domain, delivery.domain))
			return;
	if (message->origin != ORIGIN_UNKNOWN && delivery.is_remote)
		message_keep(message, &delivery, MESSAGE_DOMAINS_MAX);
}

static void read_completed(struct mail_log *log, struct message *message)
{
	for (size_t i = 0; i < message->waiting_count; i++)
		mail_log_deliver(log, message, &message->waiting[i]);
	messages_remove(log->messages, message);
}

/* ---- lines ------------------------------------------------------------------ */

static bool scan_alphanumerics(struct scan *scan, size_t count)
{
	struct scan rest = *scan;

	for (; count; count--, rest.at++)
		if (rest.at == rest.end ||
		    !((*rest.at >= '0' && *rest.at <= '9') ||
		      (*rest.at >= 'A' && *rest.at <= 'Z') || (*rest.at >= 'a' && *rest.at <= 'z')))
			return false;
	*scan = rest;
	return true;
}

/* Read an id with a blank: "1t5Jkm-00000000A1b-2Xyz " or, before Exim 4.97, "1t5Jkm-0003aB-2X ". */
static bool scan_id(struct scan *scan, struct span *ret_id)
{
	static const size_t lengths[][3] = { { 6, 6, 2 }, { 6, 11, 4 } };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct scan rest = *scan;

		if (!scan_alphanumerics(&rest, lengths[i][0]) || !scan_word(&rest, "-") ||
		    !scan_alphanumerics(&rest, lengths[i][1]) || !scan_word(&rest, "-") ||
		    !scan_alphanumerics(&rest, lengths[i][2]))
			continue;
		*ret_id = (struct span) { scan->at, (size_t)(rest.at - scan->at) };
		if (!scan_word(&rest, " "))
			continue;
		*scan = rest;
		return true;
	}
	return false;
}

static bool scan_arrow(struct scan *scan)
{
	return scan_word(scan, "=> ") || scan_word(scan, "-> ") || scan_word(scan, ">> ");
}

static void read_message(struct mail_log *log, int64_t at_sec, const struct span *id,
			 struct scan scan)
{
	struct message *message;

	if (scan_word(&scan, "<= ")) {
		read_arrival(log, at_sec, id, scan);
		return;
	}
	message = messages_find(log->messages, id, at_sec);
	if (!message)
		exim_read_reject(log, at_sec, NULL, scan);
	else if (scan_arrow(&scan))
		read_delivery(log, at_sec, message, scan);
	else if (scan_word(&scan, "** "))
		message->recipient_count++;
	else if (scan_word(&scan, "Completed"))
		read_completed(log, message);
	else
		exim_read_reject(log, at_sec, message, scan);
}

/* In the system's log, the line of Exim has its own time, unless syslog_timestamp is off. */
static void skip_time(struct mail_log *log, struct scan *scan)
{
	struct scan rest = *scan;
	int64_t at_sec;

	if (log_time_read(&log->clock, &rest, &at_sec) && scan_word(&rest, " "))
		*scan = rest;
}

/* With the log selector pid. */
static void skip_process(struct scan *scan)
{
	struct scan rest = *scan;
	uint32_t pid;

	if (scan_word(&rest, "[") && scan_number(&rest, &pid) && scan_word(&rest, "] "))
		*scan = rest;
}

void exim_read_line(struct mail_log *log, int64_t at_sec, struct scan scan)
{
	struct span id;

	mail_log_count(log, at_sec);
	scan_word(&scan, " ");
	skip_time(log, &scan);
	skip_process(&scan);
	if (scan_id(&scan, &id))
		read_message(log, at_sec, &id, scan);
	else
		exim_read_reject(log, at_sec, NULL, scan);
}
