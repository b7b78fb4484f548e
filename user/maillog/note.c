/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a delivery or a rejection is evidence of, whatever mail server it comes from. Hands evidence
 * on, and makes strangers' texts fit for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "maillog/domain.h"
#include "maillog/internal.h"

void mail_log_count(struct mail_log *log, int64_t at_sec)
{
	log->counts.read++;
	log->counts.last_sec = at_sec;
}

void mail_log_note(struct mail_log *log, struct evidence *evidence)
{
	evidence->source = log->source;
	if (log->is_silent)
		return;
	log->counts.evidence++;
	log->note(log->context, evidence);
}

void mail_log_copy_text(const struct span *text, char *copy, size_t copy_bytes)
{
	size_t bytes = text->bytes < copy_bytes ? text->bytes : copy_bytes - 1;

	memcpy(copy, text->at, bytes);
	copy[bytes] = '\0';
	bytes = strlen(copy);
	utf8_sanitize(copy, bytes);
}

void mail_log_set_person(struct message *message, const struct span *text)
{
	char person[EVIDENCE_PERSON_BYTES];

	mail_log_copy_text(text, person, sizeof(person));
	message_set_text(&message->person, person);
}

bool mail_log_is_loopback(const struct prefix *address)
{
	static const uint8_t ipv6[16] = { [15] = 1 };

	return address->family == FAMILY_IPV4 ? address->addr[0] == 127
					      : !memcmp(address->addr, ipv6, sizeof(ipv6));
}

/* ---- deliveries and rejections --------------------------------------------- */

static void note_sent(struct mail_log *log, struct message *message,
		      const struct delivery *delivery)
{
	struct evidence evidence = { .kind = EVIDENCE_SENT, .at_sec = delivery->at_sec };

	if (!delivery->is_remote || !*delivery->domain || message->is_forwarded ||
	    message->has_null_sender || !message_add_domain(message, delivery->domain))
		return;
	evidence.has_address = delivery->has_address;
	evidence.address = delivery->address;
	snprintf(evidence.domain, sizeof(evidence.domain), "%s", delivery->domain);
	if (message->person)
		snprintf(evidence.person, sizeof(evidence.person), "%s", message->person);
	evidence.recipient_count = message->recipient_count;
	mail_log_note(log, &evidence);
}

static void note_accepted(struct mail_log *log, struct message *message,
			  const struct delivery *delivery)
{
	struct evidence evidence = { .kind = EVIDENCE_ACCEPTED, .at_sec = delivery->at_sec };

	if (message->is_accepted || message->has_null_sender || !message->domain)
		return;
	message->is_accepted = true;
	evidence.has_address = true;
	evidence.address = message->client;
	snprintf(evidence.domain, sizeof(evidence.domain), "%s", message->domain);
	if (message->name)
		snprintf(evidence.name, sizeof(evidence.name), "%s", message->name);
	snprintf(evidence.person, sizeof(evidence.person), "%s", delivery->recipient);
	evidence.recipient_count = message->recipient_count;
	mail_log_note(log, &evidence);
}

void message_keep(struct message *message, const struct delivery *delivery, size_t max)
{
	struct delivery *waiting;

	if (message->waiting_count >= max)
		return;
	waiting = reallocarray(message->waiting, message->waiting_count + 1, sizeof(*waiting));
	if (!waiting)
		return;
	message->waiting = waiting;
	waiting[message->waiting_count++] = *delivery;
}

void mail_log_deliver(struct mail_log *log, struct message *message,
		      const struct delivery *delivery)
{
	switch (message->origin) {
	case ORIGIN_USER:
	case ORIGIN_LOCAL:
		note_sent(log, message, delivery);
		break;
	case ORIGIN_CLIENT:
		note_accepted(log, message, delivery);
		break;
	case ORIGIN_FILTER:
		message_keep(message, delivery, MESSAGE_WAITING_MAX);
		break;
	case ORIGIN_UNKNOWN:
		break;
	}
}

void mail_log_refuse(struct mail_log *log, enum evidence_kind kind, const struct refused *refused)
{
	struct evidence evidence = { .kind = kind,
				     .at_sec = refused->at_sec,
				     .has_address = true,
				     .address = refused->address };

	if (mail_log_is_loopback(&refused->address))
		return;
	if (refused->name && refused->name->bytes)
		domain_read(refused->name, evidence.name);
	if (refused->recipient)
		mail_log_copy_text(refused->recipient, evidence.person, sizeof(evidence.person));
	mail_log_note(log, &evidence);
}
