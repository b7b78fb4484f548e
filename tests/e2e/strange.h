/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that are hard to read and that Linux may deliver all the same: headers in any
 * number, tags, fragments cut anywhere, lengths that lie, and mutants of all these.
 */
#ifndef TESTS_E2E_STRANGE_H
#define TESTS_E2E_STRANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRANGE_FRAMES_MAX 8
#define STRANGE_FRAME_BYTES 9100

/* In which list the source is. The prefixes are those of test_barrage.py. */
enum sender { SENDER_ALLOWED, SENDER_AVERTED, SENDER_BLOCKED, SENDER_UNLISTED, SENDER_COUNT };

/* What is strange about it. The answer tells, as it goes back to STRANGE_PORT(shape). */
enum shape {
	SHAPE_PLAIN,
	SHAPE_HEADERS,	    /* IP options, or up to 11 extension headers */
	SHAPE_MANY_HEADERS, /* 17 extension headers and more: Linux 7.1 takes no more than 12 */
	SHAPE_FAR,	    /* the ports behind 4 KiB of headers */
	SHAPE_ONE_TAG,
	SHAPE_TAGS, /* three and more */
	SHAPE_VLAN, /* to a VLAN, among tags 0 */
	SHAPE_FRAGMENTS,
	SHAPE_PORTLESS, /* fragments, no port in the first */
	SHAPE_ATOMIC,
	SHAPE_LENGTHLESS, /* hop-by-hop options and no payload length */
	SHAPE_PADDED,
	SHAPE_COUNT,
};

#define STRANGE_PORT(shape) (1024 + (unsigned int)(shape)*1024)

struct strange_frame {
	size_t size;
	uint8_t data[STRANGE_FRAME_BYTES];
};

struct strange_packet {
	enum sender sender;
	enum shape shape;
	bool is_ipv6, is_mutant;
	unsigned int frame_count;
	struct strange_frame frames[STRANGE_FRAMES_MAX];
};

/* What packets are made for. */
struct strange_target {
	uint8_t mac[6];
	uint8_t ipv4[4];
	uint8_t ipv6[16];
	size_t frame_bytes_max;
	uint16_t vlan;
};

/* Make a packet, the same for the same seed and number. The number is its TCP sequence
 * number, too. */
void strange_make(uint64_t seed, uint32_t number, const struct strange_target *target,
		  struct strange_packet *ret_packet);

/* The sender whose prefix has this address (4 or 16 bytes), or SENDER_COUNT. */
enum sender strange_sender_of(const uint8_t *address, size_t bytes);

#endif
