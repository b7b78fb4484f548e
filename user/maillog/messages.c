/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages by queue id: a hash table, and a list of them by age. Memory is bounded whatever the
 * log contains: each text has a maximum length. */
#include "maillog/messages.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536
/* Postfix gives a message back after five days; some sites allow it more. */
#define AGE_MAX_SEC (INT64_C(14) * 86400)

struct messages {
	struct message *buckets[BUCKETS];
	struct message *newest, *oldest;
	size_t count;
};

uint64_t text_hash(const char *text, size_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	return hash ^ hash >> 29;
}

struct messages *messages_new(void)
{
	return calloc(1, sizeof(struct messages));
}

static void message_free(struct message *message)
{
	free(message->name);
	free(message->person);
	free(message->domain);
	free(message->waiting);
	free(message);
}

void messages_free(struct messages *messages)
{
	if (!messages)
		return;
	while (messages->oldest)
		messages_remove(messages, messages->oldest);
	free(messages);
}

size_t messages_count(const struct messages *messages)
{
	return messages->count;
}

static struct message **find_bucket(struct messages *messages, const struct span *id)
{
	return &messages->buckets[text_hash(id->at, id->bytes) % BUCKETS];
}

static void unlink_age(struct messages *messages, struct message *message)
{
	*(message->newer ? &message->newer->older : &messages->newest) = message->older;
	*(message->older ? &message->older->newer : &messages->oldest) = message->newer;
}

static void link_newest(struct messages *messages, struct message *message)
{
	message->newer = NULL;
	message->older = messages->newest;
	*(messages->newest ? &messages->newest->newer : &messages->oldest) = message;
	messages->newest = message;
}

void messages_remove(struct messages *messages, struct message *message)
{
	const struct span id = { message->id, strlen(message->id) };
	struct message **place = find_bucket(messages, &id);

	while (*place != message)
		place = &(*place)->next;
	*place = message->next;
	unlink_age(messages, message);
	messages->count--;
	message_free(message);
}

struct message *messages_find(struct messages *messages, const struct span *id, int64_t now_sec)
{
	struct message *message = *find_bucket(messages, id);

	while (message && !span_is(id, message->id))
		message = message->next;
	if (!message)
		return NULL;
	if (now_sec - message->seen_sec > AGE_MAX_SEC) {
		messages_remove(messages, message);
		return NULL;
	}
	message->seen_sec = now_sec;
	unlink_age(messages, message);
	link_newest(messages, message);
	return message;
}

struct message *messages_add(struct messages *messages, const struct span *id, int64_t now_sec)
{
	struct message *message = messages_find(messages, id, now_sec);
	struct message **place;

	if (message)
		messages_remove(messages, message);
	if (id->bytes >= QUEUE_ID_BYTES)
		return NULL;
	if (messages->oldest && messages->count >= MESSAGES_MAX)
		messages_remove(messages, messages->oldest);
	message = calloc(1, sizeof(*message));
	if (!message)
		return NULL;
	memcpy(message->id, id->at, id->bytes);
	message->seen_sec = now_sec;
	place = find_bucket(messages, id);
	message->next = *place;
	*place = message;
	link_newest(messages, message);
	messages->count++;
	return message;
}

void message_set_text(char **text, const char *value)
{
	free(*text);
	*text = value && *value ? strdup(value) : NULL;
}

void message_inherit(struct message *message, struct message *first)
{
	message->origin = first->origin;
	message->client = first->client;
	message->has_null_sender |= first->has_null_sender;
	message->is_forwarded = first->is_forwarded;
	message_set_text(&message->name, first->name);
	message_set_text(&message->person, first->person);
	if (!message->domain)
		message_set_text(&message->domain, first->domain);
	if (message->recipient_count < first->recipient_count)
		message->recipient_count = first->recipient_count;
	/* A filter may split a message. It is accepted once. */
	message->is_accepted = first->is_accepted;
	first->is_accepted = true;
}

bool message_add_domain(struct message *message, const char *domain)
{
	const uint32_t hash = (uint32_t)text_hash(domain, strlen(domain));

	for (size_t i = 0; i < message->domain_count; i++)
		if (message->domains[i] == hash)
			return false;
	if (message->domain_count == MESSAGE_DOMAINS_MAX)
		return false;
	message->domains[message->domain_count++] = hash;
	return true;
}
