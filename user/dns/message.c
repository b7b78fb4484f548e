/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes queries and reads answers. Every length in an answer is a stranger's. */
#include "dns/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 12
#define CLASS_IN 1
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define TYPE_OPT 41
#define EDNS_BYTES 1232
#define ALIASES_MAX 8
#define FLAG_RESPONSE 0x80 /* third byte */
#define FLAG_TRUNCATED 0x02
#define FLAG_RECURSION_DESIRED 0x01
#define FLAG_AUTHENTICATED 0x20 /* fourth byte */

enum rcode {
	RCODE_OK,
	RCODE_FORMAT,
	RCODE_SERVER,
	RCODE_NO_DOMAIN,
	RCODE_NOT_IMPLEMENTED,
	RCODE_REFUSED
};

struct message {
	const uint8_t *bytes;
	size_t count;
};

/* A record of an answer. */
struct resource {
	char owner[DNS_NAME_BYTES];
	unsigned int type;
	uint32_t ttl_sec;
	size_t data; /* position */
	size_t data_bytes;
	size_t next; /* position of what comes after it */
};

static unsigned int number16(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

static uint32_t number32(const uint8_t *bytes)
{
	return (uint32_t)number16(bytes) << 16 | number16(bytes + 2);
}

static size_t put16(uint8_t *bytes, unsigned int number)
{
	bytes[0] = (uint8_t)(number >> 8);
	bytes[1] = (uint8_t)number;
	return 2;
}

size_t dns_message_query(const char *name, enum dns_type type, uint16_t id, bool has_edns,
			 uint8_t ret_query[DNS_QUERY_BYTES_MAX])
{
	size_t bytes = HEADER_BYTES;

	memset(ret_query, 0, DNS_QUERY_BYTES_MAX);
	put16(ret_query, id);
	ret_query[2] = FLAG_RECURSION_DESIRED;
	ret_query[3] = FLAG_AUTHENTICATED;
	put16(ret_query + 4, 1);
	bytes += dns_name_encode(name, ret_query + bytes);
	bytes += put16(ret_query + bytes, type);
	bytes += put16(ret_query + bytes, CLASS_IN);
	if (!has_edns)
		return bytes;
	/* OPT (RFC 6891): the root, the type, the size, and zeros. */
	put16(ret_query + 10, 1);
	put16(ret_query + bytes + 1, TYPE_OPT);
	put16(ret_query + bytes + 3, EDNS_BYTES);
	return bytes + 11;
}

bool dns_message_is_format_error(const uint8_t *message, size_t bytes)
{
	return bytes >= HEADER_BYTES && (message[3] & 0xf) == RCODE_FORMAT;
}

/* ---- parts of answers ------------------------------------------------------- */

/* Read the question. Return: the position after it; 0: it is not the one that was asked. */
static size_t read_question(const struct message *message, const char *name, enum dns_type type)
{
	char asked[DNS_NAME_BYTES];
	const size_t bytes = dns_name_decode(message->bytes, message->count, HEADER_BYTES, asked);
	const size_t end = HEADER_BYTES + bytes + 4;

	if (!bytes || end > message->count || number16(message->bytes + 4) != 1 ||
	    strcmp(asked, name) != 0 || number16(message->bytes + end - 4) != type ||
	    number16(message->bytes + end - 2) != CLASS_IN)
		return 0;
	return end;
}

static bool read_resource(const struct message *message, size_t position, struct resource *resource)
{
	const size_t bytes =
	    dns_name_decode(message->bytes, message->count, position, resource->owner);
	const uint8_t *fixed = message->bytes + position + bytes;

	if (!bytes || position + bytes + 10 > message->count)
		return false;
	resource->type = number16(fixed);
	resource->ttl_sec = number32(fixed + 4);
	/* RFC 2181, section 8. */
	if (resource->ttl_sec > INT32_MAX)
		resource->ttl_sec = 0;
	resource->data = position + bytes + 10;
	resource->data_bytes = number16(fixed + 8);
	resource->next = resource->data + resource->data_bytes;
	if (number16(fixed + 2) != CLASS_IN)
		resource->type = TYPE_OPT;
	return resource->next <= message->count;
}

/* Read a name that fills the data of a resource from @offset to its end. */
static bool read_data_name(const struct message *message, const struct resource *resource,
			   size_t offset, char ret_name[DNS_NAME_BYTES])
{
	size_t bytes;

	if (resource->data_bytes <= offset)
		return false;
	bytes = dns_name_decode(message->bytes, message->count, resource->data + offset, ret_name);
	return bytes == resource->data_bytes - offset;
}

static void shorten_ttl(struct dns_answer *answer, uint32_t ttl_sec)
{
	if (ttl_sec < answer->ttl_sec)
		answer->ttl_sec = ttl_sec;
}

/* ---- data --------------------------------------------------------------------- */

/* Join the strings of a TXT record. */
static int take_text(const struct message *message, const struct resource *resource,
		     struct dns_item *item)
{
	const size_t end = resource->next;
	size_t position = resource->data;

	item->text = malloc(resource->data_bytes + 1);
	if (!item->text)
		return -ENOMEM;
	while (position < end) {
		const size_t bytes = message->bytes[position++];

		if (bytes > end - position)
			return -EBADMSG;
		memcpy(item->text + item->text_bytes, message->bytes + position, bytes);
		item->text_bytes += bytes;
		position += bytes;
	}
	item->text[item->text_bytes] = '\0';
	return 0;
}

static int take_exchange(const struct message *message, const struct resource *resource,
			 struct dns_item *item)
{
	char name[DNS_NAME_BYTES];

	if (!read_data_name(message, resource, 2, name))
		return -EBADMSG;
	item->text = strdup(name);
	item->text_bytes = strlen(name);
	return item->text ? 0 : -ENOMEM;
}

static int take_address(const struct message *message, const struct resource *resource,
			enum family family, struct dns_item *item)
{
	const uint8_t len = prefix_max_len(family);

	if (resource->data_bytes != len / 8U)
		return -EBADMSG;
	item->address = (struct prefix) { .family = (uint8_t)family, .len = len };
	memcpy(item->address.addr, message->bytes + resource->data, resource->data_bytes);
	return 0;
}

static int add_item(const struct message *message, const struct resource *resource,
		    struct dns_answer *answer)
{
	const size_t count = answer->item_count;
	struct dns_item *item;

	if (!(count & (count - 1))) {
		struct dns_item *items =
		    reallocarray(answer->items, count ? 2 * count : 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		answer->items = items;
	}
	item = &answer->items[answer->item_count++];
	*item = (struct dns_item) { .text = NULL };
	shorten_ttl(answer, resource->ttl_sec);
	switch (resource->type) {
	case DNS_TXT:
		return take_text(message, resource, item);
	case DNS_MX:
		return take_exchange(message, resource, item);
	default:
		return take_address(message, resource,
				    resource->type == DNS_A ? FAMILY_IPV4 : FAMILY_IPV6, item);
	}
}

/* ---- sections ----------------------------------------------------------------- */

/* Look for the alias of @name among the answers from @position on, and replace it. */
static int follow_alias(const struct message *message, size_t position, char name[DNS_NAME_BYTES],
			struct dns_answer *answer)
{
	struct resource resource;

	for (unsigned int i = number16(message->bytes + 6); i > 0; i--) {
		if (!read_resource(message, position, &resource))
			return -EBADMSG;
		position = resource.next;
		if (resource.type != TYPE_CNAME || strcmp(resource.owner, name) != 0)
			continue;
		if (!read_data_name(message, &resource, 0, name))
			return -EBADMSG;
		shorten_ttl(answer, resource.ttl_sec);
		return 1;
	}
	return 0;
}

static int read_answers(const struct message *message, size_t position, const char *asked,
			enum dns_type type, struct dns_answer *answer, size_t *ret_end)
{
	char name[DNS_NAME_BYTES];
	struct resource resource;
	int err = 1;

	snprintf(name, sizeof(name), "%s", asked);
	for (int i = 0; err == 1; i++)
		err = i == ALIASES_MAX ? -EBADMSG : follow_alias(message, position, name, answer);
	for (unsigned int i = number16(message->bytes + 6); !err && i > 0; i--) {
		if (!read_resource(message, position, &resource))
			return -EBADMSG;
		position = resource.next;
		if (resource.type == type && !strcmp(resource.owner, name))
			err = add_item(message, &resource, answer);
	}
	*ret_end = position;
	return err;
}

/* The time for which there is no record: the smaller one of the SOA's TTL and its last number. */
static void read_absence(const struct message *message, size_t position, struct dns_answer *answer)
{
	struct resource resource;

	for (unsigned int i = number16(message->bytes + 8); i > 0; i--) {
		if (!read_resource(message, position, &resource))
			return;
		position = resource.next;
		if (resource.type != TYPE_SOA || resource.data_bytes < 20)
			continue;
		shorten_ttl(answer, resource.ttl_sec);
		shorten_ttl(answer, number32(message->bytes + resource.next - 4));
	}
}

/* ---- whole messages ------------------------------------------------------------- */

static const char *describe_code(unsigned int code)
{
	switch (code) {
	case RCODE_SERVER:
		return "the resolver found no valid answer (SERVFAIL)";
	case RCODE_REFUSED:
		return "the resolver refuses to answer (REFUSED)";
	case RCODE_NOT_IMPLEMENTED:
		return "the resolver does not know this kind of query (NOTIMP)";
	default:
		return "the resolver answered with an error";
	}
}

static void fail(struct dns_answer *answer, const char *reason)
{
	dns_answer_done(answer);
	answer->reason = reason;
}

/* Read an answer that is no error. Return: 0, -EBADMSG or -ENOMEM. */
static int read_valid(const struct message *message, const char *name, enum dns_type type,
		      struct dns_answer *answer)
{
	const bool is_no_domain = (message->bytes[3] & 0xf) == RCODE_NO_DOMAIN;
	size_t position = read_question(message, name, type);
	int err = position ? 0 : -EBADMSG;

	answer->ttl_sec = UINT32_MAX;
	answer->is_authenticated = message->bytes[3] & FLAG_AUTHENTICATED;
	if (!err)
		err = read_answers(message, position, name, type, answer, &position);
	if (err)
		return err;
	answer->status = is_no_domain	      ? DNS_ANSWER_NO_DOMAIN
			 : answer->item_count ? DNS_ANSWER_RECORDS
					      : DNS_ANSWER_EMPTY;
	if (is_no_domain && answer->item_count)
		return -EBADMSG;
	if (answer->status != DNS_ANSWER_RECORDS)
		read_absence(message, position, answer);
	return 0;
}

int dns_message_read(const uint8_t *data, size_t bytes, const char *name, enum dns_type type,
		     struct dns_answer *ret_answer)
{
	const struct message message = { data, bytes };
	struct dns_answer answer = { .status = DNS_ANSWER_FAILED };
	int err;

	if (bytes < HEADER_BYTES || !(data[2] & FLAG_RESPONSE)) {
		fail(&answer, "the answer is malformed");
	} else if ((data[3] & 0xf) != RCODE_OK && (data[3] & 0xf) != RCODE_NO_DOMAIN) {
		fail(&answer, describe_code(data[3] & 0xf));
	} else if (data[2] & FLAG_TRUNCATED) {
		fail(&answer, "the answer is truncated");
	} else {
		err = read_valid(&message, name, type, &answer);
		if (err)
			fail(&answer, "the answer is malformed");
		if (err == -ENOMEM)
			return err;
	}
	*ret_answer = answer;
	return 0;
}
