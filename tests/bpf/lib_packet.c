/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds frames from recipes. Checksums are left out, because nothing reads them. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib_packet.h"

#define ETHERNET_BYTES 14
#define IPV4_SOURCE_AT (ETHERNET_BYTES + 12)
#define IPV6_SOURCE_AT (ETHERNET_BYTES + 8)

static void put(struct packet *packet, const void *bytes, size_t count)
{
	size_t room = sizeof(packet->data) - packet->size;

	if (count > room)
		count = room;
	memcpy(packet->data + packet->size, bytes, count);
	packet->size += count;
}

static void put_fill(struct packet *packet, uint8_t value, size_t count)
{
	while (count--)
		put(packet, &value, 1);
}

static void put_8(struct packet *packet, unsigned int value)
{
	put(packet, &(uint8_t) { (uint8_t)value }, 1);
}

static void put_16(struct packet *packet, unsigned int value)
{
	put_8(packet, value >> 8);
	put_8(packet, value);
}

static void put_32(struct packet *packet, unsigned int value)
{
	put_16(packet, value >> 16);
	put_16(packet, value);
}

static void put_ethernet(struct packet *packet, const struct recipe *recipe)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	uint16_t ethertype = recipe->ethertype;

	if (!ethertype)
		ethertype = recipe->source.family == FAMILY_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
	put(packet, macs, sizeof(macs));
	for (int i = 0; i < PACKET_VLANS_MAX && recipe->vlans[i]; i++) {
		put_16(packet, recipe->vlans[i]);
		put_16(packet, 100U + (unsigned int)i);
	}
	for (int i = 0; i < recipe->more_vlans; i++) {
		put_16(packet, ETHERTYPE_8021Q);
		put_16(packet, 0);
	}
	put_16(packet, ethertype);
}

/* An odd multiplier: no number returns before all have been there. */
static uint32_t next_sequence(void)
{
	static _Atomic uint32_t count;

	return ++count * 2654435761U;
}

void packet_begin_attempt(struct packet *packet)
{
	uint32_t sequence = next_sequence();

	if (packet->sequence_at && packet->sequence_at + sizeof(sequence) <= packet->size)
		memcpy(packet->data + packet->sequence_at, &sequence, sizeof(sequence));
}

static void put_tcp(struct packet *packet, const struct recipe *recipe)
{
	int doff = 5 + recipe->tcp_option_words + recipe->doff_error;

	put_16(packet, recipe->port_from);
	put_16(packet, recipe->port_to);
	put_32(packet, next_sequence());
	put_32(packet, recipe->flags & TCP_ACK ? 2000 : 0);
	put_8(packet, (unsigned int)doff << 4);
	put_8(packet, recipe->flags);
	put_16(packet, 64240); /* window */
	put_32(packet, 0);     /* checksum, urgent pointer */
	put_fill(packet, 1, recipe->tcp_option_words * 4U);
}

/* TCP, or the payload of whatever else it is. */
static void put_transport(struct packet *packet, const struct recipe *recipe)
{
	if (!recipe->is_not_tcp)
		put_tcp(packet, recipe);
	put_fill(packet, 'x', recipe->payload_bytes);
}

static void put_transport_of(struct packet *packet, const struct recipe *recipe,
			     const struct packet *transport)
{
	if (!recipe->is_not_tcp && !recipe->ihl_error && !recipe->extension_length_error)
		packet->sequence_at = packet->size + 4;
	put(packet, transport->data, transport->size);
}

static uint8_t transport_protocol(const struct recipe *recipe)
{
	return recipe->is_not_tcp ? recipe->protocol : PROTOCOL_TCP;
}

static void put_extension(struct packet *packet, const struct recipe *recipe, uint8_t type,
			  uint8_t next, int length_error)
{
	unsigned int more_bytes = recipe->extension_units * 8U;

	put_8(packet, next);
	if (type == PROTOCOL_FRAGMENT) {
		put_8(packet, 0);
		put_16(packet, (unsigned int)recipe->fragment_offset << 3 |
				   (recipe->has_more_fragments ? 1 : 0));
		put_32(packet, 4711);
	} else if (type == PROTOCOL_AH) {
		/* RFC 4302: in 4 bytes, minus 2; 12 bytes of ICV */
		put_8(packet, (unsigned int)((int)((24 + more_bytes) / 4 - 2) + length_error));
		put_16(packet, 0);
		put_fill(packet, 0x5a, 20 + more_bytes);
	} else {
		put_8(packet, (unsigned int)((int)recipe->extension_units + length_error));
		put_fill(packet, 0, 6 + more_bytes); /* Pad1 options */
	}
}

/* What is in the IP header's field. */
static uint8_t first_protocol(const struct recipe *recipe)
{
	if (recipe->more_options)
		return PROTOCOL_DESTINATION;
	return recipe->extension_count ? recipe->extensions[0] : transport_protocol(recipe);
}

static void put_more_options(struct packet *packet, const struct recipe *recipe)
{
	uint8_t behind =
	    recipe->extension_count ? recipe->extensions[0] : transport_protocol(recipe);

	for (int left = recipe->more_options - 1; left >= 0; left--) {
		put_8(packet, left ? PROTOCOL_DESTINATION : behind);
		put_fill(packet, 0, 7); /* its length, Pad1 options */
	}
}

static void put_extensions(struct packet *packet, const struct recipe *recipe)
{
	put_more_options(packet, recipe);
	for (int i = 0; i < recipe->extension_count; i++) {
		bool is_last = i + 1 == recipe->extension_count;

		put_extension(packet, recipe, recipe->extensions[i],
			      is_last ? transport_protocol(recipe) : recipe->extensions[i + 1],
			      is_last ? recipe->extension_length_error : 0);
	}
}

static void put_ipv4(struct packet *packet, const struct recipe *recipe,
		     const struct packet *transport)
{
	unsigned int ihl = 5U + recipe->option_words;
	struct packet extensions = { .size = 0 };
	int length;
	unsigned int fragment =
	    (recipe->fragment_offset & 0x1fffU) | (recipe->has_more_fragments ? 0x2000U : 0);

	if (recipe->extension_count && recipe->extensions[0] == PROTOCOL_AH)
		put_extensions(&extensions, recipe);
	length = (int)(ihl * 4 + extensions.size + transport->size) + recipe->length_error;

	put_8(packet, (unsigned int)(4 + recipe->version_error) << 4 |
			  (((unsigned int)((int)ihl + recipe->ihl_error)) & 15));
	put_8(packet, 0);
	put_16(packet, recipe->has_no_length ? 0 : (unsigned int)length);
	put_16(packet, 4711);
	put_16(packet, fragment);
	put_8(packet, 64);
	put_8(packet, extensions.size ? first_protocol(recipe) : transport_protocol(recipe));
	put_16(packet, 0);
	put(packet, recipe->source.addr, 4);
	put(packet, (uint8_t[]) { 203, 0, 113, 25 }, 4);
	put_fill(packet, 1, recipe->option_words * 4U);
	put(packet, extensions.data, extensions.size);
	put_transport_of(packet, recipe, transport);
}

static void put_ipv6(struct packet *packet, const struct recipe *recipe,
		     const struct packet *transport)
{
	static const uint8_t destination[16] = { 0x20, 1, 0xd, 0xb8, [15] = 25 };
	struct packet extensions = { .size = 0 };
	int length;

	put_extensions(&extensions, recipe);
	length = (int)(extensions.size + transport->size) + recipe->length_error;

	put_8(packet, (unsigned int)(6 + recipe->version_error) << 4);
	put_8(packet, 0);
	put_16(packet, 0);
	put_16(packet, recipe->has_no_length ? 0 : (unsigned int)length);
	put_8(packet, first_protocol(recipe));
	put_8(packet, 64);
	put(packet, recipe->source.addr, 16);
	put(packet, destination, 16);
	put(packet, extensions.data, extensions.size);
	put_transport_of(packet, recipe, transport);
}

void packet_build(const struct recipe *recipe, struct packet *ret_packet)
{
	struct packet transport = { .size = 0 };
	struct packet packet = { .size = 0 };

	put_transport(&transport, recipe);
	put_ethernet(&packet, recipe);
	if (recipe->source.family == FAMILY_IPV4)
		put_ipv4(&packet, recipe, &transport);
	else
		put_ipv6(&packet, recipe, &transport);
	put_fill(&packet, 0, recipe->padding_bytes);
	packet.size -= recipe->cut_bytes < packet.size ? recipe->cut_bytes : packet.size;
	*ret_packet = packet;
}

void packet_print(const struct packet *packet)
{
	fprintf(stderr, "packet of %zu bytes:", packet->size);
	for (size_t i = 0; i < packet->size; i++)
		fprintf(stderr, "%s%02x", i % 32 ? " " : "\n\t", packet->data[i]);
	fprintf(stderr, "\n");
}

void packet_set_source(struct packet *packet, const struct prefix *source)
{
	if (source->family == FAMILY_IPV4)
		memcpy(packet->data + IPV4_SOURCE_AT, source->addr, 4);
	else
		memcpy(packet->data + IPV6_SOURCE_AT, source->addr, 16);
}
