/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads Postfix's lines: which message came from whom. */
#include <string.h>

#include "maillog/domain.h"
#include "maillog/internal.h"

/* Persons have user ids from here on (UID_MIN of login.defs(5)), except for nobody. */
#define PERSON_UID_MIN 1000
#define NOBODY_UID 65534

/* ---- where a message comes from -------------------------------------------- */

/* What the line of a client has beside its address. */
struct client_fields {
	struct span user;
	struct span first_id; /* of the message, before it came from the filter */
	bool has_first_client;
	struct span first_name;
	struct prefix first_address;
};

static void scan_client_fields(struct scan *scan, struct client_fields *fields)
{
	struct span value;

	*fields = (struct client_fields) { 0 };
	while (scan_word(scan, ", ")) {
		if (scan_word(scan, "sasl_username=")) {
			if (!scan_value(scan, &fields->user))
				return;
		} else if (scan_word(scan, "orig_queue_id=")) {
			if (!scan_queue_id(scan, &fields->first_id))
				return;
		} else if (scan_word(scan, "orig_client=")) {
			fields->has_first_client =
			    scan_host(scan, &fields->first_name, &fields->first_address);
			return;
		} else if ((!scan_word(scan, "sasl_method=") && !scan_word(scan, "sasl_sender=")) ||
			   !scan_value(scan, &value)) {
			return;
		}
	}
}

static void set_client(struct message *message, const struct prefix *address,
		       const struct span *name)
{
	char domain[EVIDENCE_DOMAIN_BYTES];

	message->client = *address;
	message->origin = mail_log_is_loopback(address) ? ORIGIN_FILTER : ORIGIN_CLIENT;
	if (name->bytes && domain_read(name, domain))
		message_set_text(&message->name, domain);
}

/* smtpd(8): client=NAME[IP][, sasl_method=M, sasl_username=U][, sasl_sender=S]
 * [, orig_queue_id=ID][, orig_client=NAME[IP]]. The last two come from a filter. */
static void read_client(struct mail_log *log, const struct log_line *line, const struct span *id,
			struct scan scan)
{
	struct client_fields fields;
	struct message *message, *first = NULL;
	struct prefix address;
	struct span name;

	message = messages_add(log->messages, id, line->at_sec);
	if (!message || !scan_host(&scan, &name, &address))
		return;
	scan_client_fields(&scan, &fields);
	set_client(message, &address, &name);
	if (fields.user.bytes) {
		message->origin = ORIGIN_USER;
		mail_log_set_person(message, &fields.user);
		return;
	}
	if (message->origin == ORIGIN_FILTER && fields.first_id.bytes)
		first = messages_find(log->messages, &fields.first_id, line->at_sec);
	if (first && first != message)
		postfix_link(log, message, first);
	else if (fields.has_first_client)
		set_client(message, &fields.first_address, &fields.first_name);
}

/* pickup(8): uid=N from=<S>[ orig_id=ID]. The last one is of a message that postsuper(1) put
 * into the queue again. */
static void read_pickup(struct mail_log *log, const struct log_line *line, const struct span *id,
			struct scan scan)
{
	struct mail_address sender;
	struct message *message, *first;
	struct span first_id;
	uint32_t user;

	message = messages_add(log->messages, id, line->at_sec);
	if (!message || !scan_number(&scan, &user) || !scan_word(&scan, " from=") ||
	    !scan_address(&scan, &sender))
		return;
	message->has_null_sender = !sender.text.bytes;
	if (scan_word(&scan, " orig_id=")) {
		first = scan_queue_id(&scan, &first_id)
			    ? messages_find(log->messages, &first_id, line->at_sec)
			    : NULL;
		if (first && first != message)
			message_inherit(message, first);
		return;
	}
	/* What programs of the system send, strangers may have asked for: reports of DMARC, answers
	 * of web sites, monitoring. Nothing is noted of it. */
	if (user < PERSON_UID_MIN || user == NOBODY_UID)
		return;
	message->origin = ORIGIN_LOCAL;
	mail_log_set_person(message, &sender.text);
}

/* cleanup(8): message-id=ID. A program that forwards a client's message keeps its id. */
static void read_message_id(struct mail_log *log, const struct log_line *line,
			    const struct span *id, const struct scan *scan)
{
	struct message *message = messages_find(log->messages, id, line->at_sec);
	const uint64_t hash = text_hash(scan->at, (size_t)(scan->end - scan->at));
	uint64_t *place = &log->forwards[hash % FORWARDS];

	if (!message || scan_is_at_end(scan))
		return;
	if (message->origin == ORIGIN_CLIENT)
		*place = hash;
	else if (message->origin == ORIGIN_LOCAL && *place == hash)
		message->is_forwarded = true;
}

/* qmgr(8): from=<S>, size=N, nrcpt=N (queue active). After a delay, only the recipients that
 * are left are counted. */
static void read_sender(struct mail_log *log, const struct log_line *line, const struct span *id,
			struct scan scan)
{
	char domain[EVIDENCE_DOMAIN_BYTES];
	struct message *message;
	struct mail_address sender;
	uint32_t size, count;

	if (!scan_address(&scan, &sender) || !scan_word(&scan, ", size=") ||
	    !scan_number(&scan, &size) || !scan_word(&scan, ", nrcpt=") ||
	    !scan_number(&scan, &count))
		return;
	message = messages_find(log->messages, id, line->at_sec);
	if (!message)
		return;
	message->has_null_sender |= !sender.text.bytes;
	if (count > message->recipient_count)
		message->recipient_count = count;
	if (domain_read(&sender.domain, domain))
		message_set_text(&message->domain, domain);
}

static void read_removed(struct mail_log *log, const struct log_line *line, const struct span *id)
{
	struct message *message = messages_find(log->messages, id, line->at_sec);

	if (!message)
		return;
	if (message->origin == ORIGIN_FILTER && message->waiting)
		message->is_removed = true;
	else
		messages_remove(log->messages, message);
}

/* ---- lines ---------------------------------------------------------------- */

static bool is_agent(const struct span *service)
{
	static const char *const agents[] = { "smtp", "lmtp", "local", "virtual", "pipe" };

	for (size_t i = 0; i < sizeof(agents) / sizeof(*agents); i++)
		if (span_is(service, agents[i]))
			return true;
	return false;
}

static void read_queued(struct mail_log *log, const struct log_line *line, struct scan scan)
{
	const struct span *service = &line->service;
	struct span id;

	if (!scan_queue_id(&scan, &id) || !scan_word(&scan, ": "))
		return;
	if (is_agent(service)) {
		if (scan_word(&scan, "to="))
			postfix_read_delivery(log, line, &id, scan);
	} else if (span_is(service, "qmgr")) {
		if (scan_word(&scan, "from="))
			read_sender(log, line, &id, scan);
		else if (scan_word(&scan, "removed") && scan_is_at_end(&scan))
			read_removed(log, line, &id);
	} else if (span_is(service, "cleanup")) {
		if (scan_word(&scan, "message-id="))
			read_message_id(log, line, &id, &scan);
		else if (scan_word(&scan, "milter-reject: ") || scan_word(&scan, "reject: "))
			postfix_read_reject(log, line, &id, scan);
	} else if (span_is(service, "smtpd")) {
		if (scan_word(&scan, "client="))
			read_client(log, line, &id, scan);
		else if (scan_word(&scan, "milter-reject: ") || scan_word(&scan, "reject: "))
			postfix_read_reject(log, line, &id, scan);
	} else if (span_is(service, "pickup")) {
		if (scan_word(&scan, "uid="))
			read_pickup(log, line, &id, scan);
	}
}

void postfix_read_line(struct mail_log *log, const struct log_line *line)
{
	struct scan scan = line->message;

	mail_log_count(log, line->at_sec);
	if (span_is(&line->service, "postscreen"))
		postfix_read_postscreen(log, line, scan);
	else if (!scan_word(&scan, "NOQUEUE: "))
		read_queued(log, line, scan);
	else if (span_is(&line->service, "smtpd") &&
		 (scan_word(&scan, "reject: ") || scan_word(&scan, "milter-reject: ")))
		postfix_read_reject(log, line, NULL, scan);
}
