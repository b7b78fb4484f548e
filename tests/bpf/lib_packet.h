/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet frames built from a description that names only what is unusual. */
#ifndef TESTS_LIB_PACKET_H
#define TESTS_LIB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* A jumbo frame. */
#define PACKET_BYTES_MAX 9216
#define PACKET_VLANS_MAX 4
#define PACKET_EXTENSIONS_MAX 20

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_8021Q = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_8021AD = 0x88a8,
};

enum protocol {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PROTOCOL_NONE = 59,
	PROTOCOL_DESTINATION = 60,
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* All zero but source and port_to: a TCP segment without data. The *_error fields
 * are added to what would be right. */
struct recipe {
	struct prefix source;		  /* its address, and which IP it is */
	uint16_t vlans[PACKET_VLANS_MAX]; /* TPIDs, outermost first; 0 ends them */
	uint16_t more_vlans;		  /* so many tags of 802.1Q inside of these */
	uint16_t ethertype;		  /* 0: as the source's family has it */
	int version_error;
	int length_error;   /* IPv4 total length, IPv6 payload length */
	bool has_no_length; /* write 0 as that length */

	uint8_t option_words; /* IPv4 options, in 4 bytes */
	int ihl_error;

	/* Outermost first; over IPv4 the first is to be AH. */
	uint8_t extensions[PACKET_EXTENSIONS_MAX];
	uint8_t extension_count;
	uint16_t more_options;	    /* so many destination options in front of them */
	uint8_t extension_units;    /* of 8 bytes, more than an extension needs */
	int extension_length_error; /* of the last one, in its own unit */

	uint16_t fragment_offset; /* in 8 bytes */
	bool has_more_fragments;

	bool is_not_tcp; /* `protocol` holds what it is, with payload only */
	uint8_t protocol;
	uint16_t port_from, port_to;
	uint8_t flags; /* enum tcp_flag */
	uint8_t tcp_option_words;
	int doff_error;
	uint16_t payload_bytes;

	uint16_t padding_bytes; /* behind what IP knows of */
	uint16_t cut_bytes;	/* taken off the end of the frame */
};

struct packet {
	uint8_t data[PACKET_BYTES_MAX];
	size_t size;
	size_t sequence_at; /* where the sequence number of TCP is read; 0: not known */
};

/* Build the frame; what does not fit is cut off. */
void packet_build(const struct recipe *recipe, struct packet *ret_packet);

/* Give the packet a sequence number that no other has, so that a SYN begins an attempt. A packet
 * that is built has such a number. */
void packet_begin_attempt(struct packet *packet);

/* Print the bytes in hex, for a failed test. */
void packet_print(const struct packet *packet);

/* Replace the source of a whole frame without VLAN tags. */
void packet_set_source(struct packet *packet, const struct prefix *source);

#endif
