/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes strange packets: TCP first, then what is around it, then its fragments. */
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "strange.h"
#include "strange_bytes.h"

#define MAIL_PORT 25
#define OTHER_PORT 80
#define SYN 2
#define TCP_BYTES_MAX 200
#define IP6_BYTES 40
#define FRAGMENT_BYTES 8
#define PIECES_MAX 4

/* ---- addresses ----------------------------------------------------------------- */

static const uint8_t prefixes4[SENDER_COUNT][3] = {
	[SENDER_ALLOWED] = { 198, 51, 100 },
	[SENDER_AVERTED] = { 100, 64, 7 },
	[SENDER_BLOCKED] = { 203, 0, 113 },
	[SENDER_UNLISTED] = { 198, 18, 0 },
};

/* Behind 2001:db8:. */
static const uint8_t prefixes6[SENDER_COUNT][2] = {
	[SENDER_ALLOWED] = { 0x00, 0x0a },
	[SENDER_AVERTED] = { 0x00, 0x0c },
	[SENDER_BLOCKED] = { 0x0b, 0xad },
	[SENDER_UNLISTED] = { 0x00, 0x09 },
};

static const uint8_t documentation[4] = { 0x20, 0x01, 0x0d, 0xb8 };

enum sender strange_sender_of(const uint8_t *address, size_t bytes)
{
	for (enum sender sender = 0; sender < SENDER_COUNT; sender++) {
		if (bytes == 4 && !memcmp(address, prefixes4[sender], 3))
			return sender;
		if (bytes == 16 && !memcmp(address, documentation, 4) &&
		    !memcmp(address + 4, prefixes6[sender], 2))
			return sender;
	}
	return SENDER_COUNT;
}

/* ---- one packet ------------------------------------------------------------------ */

struct making {
	const struct strange_target *target;
	struct strange_packet *packet;
	uint32_t number;
	uint8_t source[16], destination[16];
	size_t address_bytes;
	struct bytes outside;  /* headers in front of a fragment header */
	struct bytes inside;   /* headers behind it, and TCP */
	uint8_t first;	       /* the type of the outermost header */
	uint8_t inside_first;  /* of the first one inside */
	uint8_t *outside_next; /* where the last one outside says what is next */
	uint8_t tcp[TCP_BYTES_MAX];
	size_t tcp_bytes;
};

static void draw_addresses(struct making *making)
{
	const struct strange_target *target = making->target;

	making->address_bytes = making->packet->is_ipv6 ? 16 : 4;
	if (making->packet->is_ipv6) {
		memcpy(making->source, documentation, 4);
		memcpy(making->source + 4, prefixes6[making->packet->sender], 2);
		making->source[15] = (uint8_t)(1 + draw(250));
		memcpy(making->destination, target->ipv6, 16);
	} else {
		memcpy(making->source, prefixes4[making->packet->sender], 3);
		making->source[3] = (uint8_t)(1 + draw(250));
		memcpy(making->destination, target->ipv4, 4);
	}
}

static void make_tcp(struct making *making)
{
	struct bytes tcp = { .size = 0 };
	size_t option_words = chance(30) ? draw(11) : 0;
	size_t payload_bytes = chance(30) ? draw(60) : 0;
	uint32_t pseudo;

	put_number(&tcp, STRANGE_PORT(making->packet->shape) + draw(1024), 2);
	put_number(&tcp, chance(90) ? MAIL_PORT : OTHER_PORT, 2);
	put_number(&tcp, making->number, 4);
	put_number(&tcp, 0, 4);
	put_number(&tcp, (5 + option_words) << 4, 1);
	put_number(&tcp, chance(90) ? SYN : draw(256), 1);
	put_number(&tcp, 64240, 2);
	put_number(&tcp, 0, 4);
	put_fill(&tcp, 1, option_words * 4);
	put_random(&tcp, payload_bytes);
	pseudo = sum(making->source, making->address_bytes, IPPROTO_TCP + (uint32_t)tcp.size);
	pseudo = sum(making->destination, making->address_bytes, pseudo);
	store_16(tcp.data + 16, fold(sum(tcp.data, tcp.size, pseudo)));
	memcpy(making->tcp, tcp.data, tcp.size);
	making->tcp_bytes = tcp.size;
}

/* Options that the stack skips: PadN, or some that it does not know. It takes no more than
 * 8 options in one header, nor more than 7 bytes of padding. */
static void put_options(struct bytes *to, size_t bytes)
{
	while (bytes > 0) {
		size_t option = bytes > 257 ? 250 : bytes;

		put_number(to, option <= 7 ? 1 : 0x1e, 1);
		put_number(to, option - 2, 1);
		put_fill(to, 0, option - 2);
		bytes -= option;
	}
}

/* An extension header of 8 * @units bytes that says that @next follows. */
static void put_extension(struct bytes *to, uint8_t type, uint8_t next, size_t units)
{
	static const uint8_t routings[] = { 0, 1, 5, 253 };

	put_number(to, next, 1);
	put_number(to, units - 1, 1);
	if (type == IPPROTO_ROUTING) {
		put_number(to, routings[draw(4)], 1);
		put_number(to, 0, 1); /* no segment left */
		put_random(to, 8 * units - 4);
	} else {
		put_options(to, 8 * units - 2);
	}
}

/* A chain of headers, the type of the first of which is returned; what follows it is
 * @next, at the place that is returned, too. */
static uint8_t put_chain(struct bytes *to, size_t count, size_t units, bool has_hop_by_hop,
			 uint8_t next, uint8_t **ret_next)
{
	uint8_t types[1200];

	count = count < sizeof(types) ? count : sizeof(types);
	for (size_t i = 0; i < count; i++)
		types[i] = chance(80) ? IPPROTO_DSTOPTS : IPPROTO_ROUTING;
	if (count > 0 && has_hop_by_hop)
		types[0] = IPPROTO_HOPOPTS;
	for (size_t i = 0; i < count; i++) {
		size_t at = to->size;

		put_extension(to, types[i], i + 1 < count ? types[i + 1] : next, units);
		*ret_next = to->data + at;
	}
	return count > 0 ? types[0] : next;
}

/* How many headers, of how many units, a shape has outside and inside of fragments. */
static void draw_chains(struct making *making, size_t *ret_outside, size_t *ret_inside,
			size_t *ret_units)
{
	*ret_outside = *ret_inside = 0;
	*ret_units = 1 + (chance(20) ? draw(20) : 0);
	switch (making->packet->shape) {
	case SHAPE_HEADERS:
		*ret_outside = 1 + draw(11);
		break;
	case SHAPE_MANY_HEADERS:
		*ret_units = 1;
		*ret_outside = 17 + draw(100);
		break;
	case SHAPE_FAR:
		*ret_units = 130 + draw(60);
		*ret_outside = 4;
		break;
	case SHAPE_LENGTHLESS:
		*ret_outside = 1 + draw(3);
		break;
	case SHAPE_PORTLESS:
		*ret_outside = draw(3);
		*ret_inside = 2 + draw(6);
		break;
	case SHAPE_FRAGMENTS:
	case SHAPE_ATOMIC:
		*ret_outside = draw(3);
		*ret_inside = draw(3);
		break;
	default:
		break;
	}
}

static void make_chains(struct making *making)
{
	enum shape shape = making->packet->shape;
	size_t outside, inside, units;
	uint8_t *ignored;

	draw_chains(making, &outside, &inside, &units);
	making->inside_first =
	    put_chain(&making->inside, inside, units, false, IPPROTO_TCP, &ignored);
	put(&making->inside, making->tcp, making->tcp_bytes);
	making->outside_next = &making->first;
	making->first =
	    put_chain(&making->outside, outside, units, shape == SHAPE_LENGTHLESS || chance(30),
		      making->inside_first, &making->outside_next);
}

/* ---- frames ----------------------------------------------------------------------- */

static struct bytes *begin_frame(struct making *making, struct bytes *frame)
{
	static const uint8_t source[6] = { 2, 0, 0, 0, 0, 1 };
	enum shape shape = making->packet->shape;
	size_t tags = 0, vlan_at = SIZE_MAX;

	frame->size = 0;
	put(frame, making->target->mac, 6);
	put(frame, source, 6);
	if (shape == SHAPE_ONE_TAG)
		tags = 1 + draw(2);
	else if (shape == SHAPE_TAGS)
		tags = chance(90) ? 3 + draw(20) : 3 + draw(300);
	else if (shape == SHAPE_VLAN)
		tags = 1 + draw(5), vlan_at = draw((uint32_t)tags);
	for (size_t i = 0; i < tags; i++) {
		/* The VLAN is one of 802.1Q; priority tags may be of either kind. */
		put_number(frame, i == vlan_at || chance(80) ? ETH_P_8021Q : ETH_P_8021AD, 2);
		put_number(frame, draw(8) << 13 | (i == vlan_at ? making->target->vlan : 0U), 2);
	}
	put_number(frame, making->packet->is_ipv6 ? ETH_P_IPV6 : ETH_P_IP, 2);
	return frame;
}

static void end_frame(struct making *making, const struct bytes *frame)
{
	struct strange_packet *packet = making->packet;
	struct strange_frame *to;

	if (packet->frame_count == STRANGE_FRAMES_MAX)
		return;
	to = &packet->frames[packet->frame_count++];
	to->size = frame->size;
	memcpy(to->data, frame->data, frame->size);
}

static void put_ip6_header(struct making *making, struct bytes *frame, uint8_t next, size_t payload)
{
	put_number(frame, 6U << 28 | draw(1 << 20), 4);
	put_number(frame, making->packet->shape == SHAPE_LENGTHLESS ? 0 : payload, 2);
	put_number(frame, next, 1);
	put_number(frame, 64, 1);
	put(frame, making->source, 16);
	put(frame, making->destination, 16);
}

static void put_ip4_header(struct making *making, struct bytes *frame, size_t payload, uint16_t id,
			   uint16_t fragment)
{
	size_t option_words = making->packet->shape == SHAPE_HEADERS ? draw(11) : 0;
	size_t at = frame->size, header_bytes = 20 + option_words * 4;

	put_number(frame, 4 << 4 | (5 + option_words), 1);
	put_number(frame, draw(256), 1);
	put_number(frame, header_bytes + payload, 2);
	put_number(frame, id, 2);
	put_number(frame, fragment, 2);
	put_number(frame, 64, 1);
	put_number(frame, IPPROTO_TCP, 1);
	put_number(frame, 0, 2);
	put(frame, making->source, 4);
	put(frame, making->destination, 4);
	put_fill(frame, 1, option_words * 4);
	store_16(frame->data + at + 10, fold(sum(frame->data + at, header_bytes, 0)));
}

/* One piece of what is inside; offset and count are multiples of 8 but for the last's end.
 * @id 0: no fragment. */
static void make_piece(struct making *making, size_t offset, size_t count, uint32_t id)
{
	bool is_last = offset + count == making->inside.size;
	static struct bytes frame;

	begin_frame(making, &frame);
	if (!making->packet->is_ipv6) {
		put_ip4_header(making, &frame, count, (uint16_t)id,
			       (uint16_t)(offset / 8 | (is_last ? 0 : 0x2000)));
	} else {
		*making->outside_next = id ? IPPROTO_FRAGMENT : making->inside_first;
		put_ip6_header(making, &frame, making->first,
			       making->outside.size + (id ? FRAGMENT_BYTES : 0) + count);
		put(&frame, making->outside.data, making->outside.size);
		if (id) {
			put_number(&frame, making->inside_first, 1);
			put_number(&frame, chance(30) ? draw(256) : 0, 1);
			put_number(&frame, offset | (is_last ? 0 : 1), 2);
			put_number(&frame, id, 4);
		}
	}
	put(&frame, making->inside.data + offset, count);
	if (making->packet->shape == SHAPE_PADDED)
		put_random(&frame, 1 + draw(60));
	end_frame(making, &frame);
}

static void swap_frames(struct strange_packet *packet)
{
	struct strange_frame *a = &packet->frames[draw(packet->frame_count)];
	struct strange_frame *b = &packet->frames[draw(packet->frame_count)];
	static struct strange_frame saved;

	saved = *a;
	*a = *b;
	*b = saved;
}

/* Cut what is inside anywhere, or in front of the ports; sometimes send a piece twice, a
 * piece that overlaps, or all in another order. */
static void make_fragments(struct making *making)
{
	size_t total = making->inside.size, headers = total - making->tcp_bytes;
	size_t first_limit = making->packet->shape == SHAPE_PORTLESS ? headers : total - 1;
	uint32_t id = 1 + draw(UINT32_MAX - 1);
	size_t offset = 0;

	for (int piece = 0; piece < PIECES_MAX && offset < total; piece++) {
		size_t limit = piece == 0 ? first_limit : total;
		size_t units = (limit - offset) / 8;
		size_t count = units ? 8 * (1 + draw((uint32_t)units)) : limit - offset;

		if (piece > 0 && (piece + 1 == PIECES_MAX || chance(50)))
			count = total - offset;
		make_piece(making, offset, count, id);
		offset += count;
	}
	if (chance(5))
		make_piece(making, 0, 8, id);
	if (chance(5))
		make_piece(making, 8 * draw((uint32_t)total / 8), 8, id);
	if (chance(40))
		swap_frames(making->packet);
}

/* ---- mutants ------------------------------------------------------------------------ */

/* Rather in the headers than in what is behind. Half of them have a right IPv4 checksum. */
static void mutate(struct strange_frame *frame)
{
	for (uint32_t changes = 1 + draw(3); changes > 0; changes--) {
		uint32_t window = (uint32_t)frame->size - 12;
		uint32_t at = 12 + draw(window < 70 || chance(10) ? window : 70);

		frame->data[at] =
		    chance(50) ? (uint8_t)draw(256) : frame->data[at] ^ (uint8_t)(1U << draw(8));
	}
	if (chance(10))
		frame->size = 14 + draw((uint32_t)frame->size - 13);
	if (chance(50) && frame->size >= 34 && frame->data[12] == 8 && frame->data[13] == 0) {
		size_t bytes = (frame->data[14] & 15U) * 4;

		store_16(frame->data + 24, 0);
		if (14 + bytes <= frame->size)
			store_16(frame->data + 24, fold(sum(frame->data + 14, bytes, 0)));
	}
}

static enum shape draw_shape(bool is_ipv6)
{
	static const enum shape shapes4[] = { SHAPE_PLAIN, SHAPE_HEADERS, SHAPE_ONE_TAG,
					      SHAPE_TAGS,  SHAPE_VLAN,	  SHAPE_FRAGMENTS,
					      SHAPE_PADDED };

	return is_ipv6 ? (enum shape)draw(SHAPE_COUNT) : shapes4[draw(7)];
}

void strange_make(uint64_t seed, uint32_t number, const struct strange_target *target,
		  struct strange_packet *ret_packet)
{
	static struct making making;
	enum shape shape;

	draw_from(seed ^ (uint64_t)number << 32 ^ number);
	making = (struct making) { .target = target, .packet = ret_packet, .number = number };
	ret_packet->frame_count = 0;
	ret_packet->sender = (enum sender)draw(SENDER_COUNT);
	ret_packet->is_ipv6 = chance(70);
	ret_packet->shape = shape = draw_shape(ret_packet->is_ipv6);
	ret_packet->is_mutant = chance(25);
	draw_addresses(&making);
	make_tcp(&making);
	make_chains(&making);
	if (shape == SHAPE_FRAGMENTS || shape == SHAPE_PORTLESS)
		make_fragments(&making);
	else
		make_piece(&making, 0, making.inside.size,
			   shape == SHAPE_ATOMIC ? 1 + draw(UINT32_MAX - 1) : 0);
	for (unsigned int i = 0; i < ret_packet->frame_count; i++) {
		struct strange_frame *frame = &ret_packet->frames[i];

		if (ret_packet->is_mutant && (i == 0 || chance(30)))
			mutate(frame);
		if (frame->size > target->frame_bytes_max)
			frame->size = target->frame_bytes_max;
	}
}
