/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets of headers in Ethernet frames. */
#include "ctl/frame.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/if_ether.h>

#define VLAN_TAG_BYTES 4
#define VLAN_TAGS_MAX 2
#define IPV4_BYTES 20
#define IPV4_SOURCE 12
#define IPV4_PROTOCOL 9
#define IPV6_BYTES 40
#define IPV6_SOURCE 8
#define IPV6_NEXT_HEADER 6
#define TCP_BYTES 20
/* More extension headers than a packet has in practice. */
#define EXTENSIONS_BYTES 256

static unsigned int read_frame_be16(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

/* Where the network header is, and its protocol; 0: not in these bytes. */
static size_t find_network(const uint8_t *frame, size_t bytes, unsigned int *ret_protocol)
{
	size_t offset = FRAME_ETHERNET_BYTES;
	unsigned int protocol;

	if (bytes < offset)
		return 0;
	protocol = read_frame_be16(frame + offset - 2);
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		if (protocol != ETH_P_8021Q && protocol != ETH_P_8021AD)
			break;
		offset += VLAN_TAG_BYTES;
		if (bytes < offset)
			return 0;
		protocol = read_frame_be16(frame + offset - 2);
	}
	*ret_protocol = protocol;
	return offset;
}

bool frame_source(const uint8_t *frame, size_t bytes, struct prefix *ret_source)
{
	struct prefix source = { .family = FAMILY_IPV4, .len = 32 };
	unsigned int protocol = 0;
	size_t offset = find_network(frame, bytes, &protocol);

	if (!offset)
		return false;
	if (protocol == ETH_P_IP && bytes >= offset + IPV4_BYTES) {
		memcpy(source.addr, frame + offset + IPV4_SOURCE, 4);
	} else if (protocol == ETH_P_IPV6 && bytes >= offset + IPV6_BYTES) {
		source.family = FAMILY_IPV6;
		source.len = 128;
		memcpy(source.addr, frame + offset + IPV6_SOURCE, 16);
	} else {
		return false;
	}
	*ret_source = source;
	return true;
}

static bool is_extension(uint8_t header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_DSTOPTS || header == IPPROTO_FRAGMENT || header == IPPROTO_AH;
}

static bool has_ipv4_headers(const uint8_t *packet, size_t bytes)
{
	size_t wanted;

	if (bytes < IPV4_BYTES)
		return false;
	wanted = (packet[0] & 0x0fU) * 4;
	if (packet[IPV4_PROTOCOL] == IPPROTO_TCP)
		wanted += TCP_BYTES;
	/* The packet may be shorter than a whole TCP header. */
	return bytes >= wanted || bytes >= read_frame_be16(packet + 2);
}

static bool has_ipv6_headers(const uint8_t *packet, size_t bytes)
{
	size_t wanted = IPV6_BYTES;

	if (bytes < wanted)
		return false;
	if (packet[IPV6_NEXT_HEADER] == IPPROTO_TCP)
		wanted += TCP_BYTES;
	else if (is_extension(packet[IPV6_NEXT_HEADER]))
		wanted += EXTENSIONS_BYTES;
	return bytes >= wanted || bytes >= IPV6_BYTES + read_frame_be16(packet + 4);
}

bool frame_is_judgeable(const uint8_t *frame, size_t bytes)
{
	unsigned int protocol = 0;
	size_t offset = find_network(frame, bytes, &protocol);

	if (!offset)
		return false;
	if (protocol == ETH_P_IP)
		return has_ipv4_headers(frame + offset, bytes - offset);
	if (protocol == ETH_P_IPV6)
		return has_ipv6_headers(frame + offset, bytes - offset);
	return true;
}
