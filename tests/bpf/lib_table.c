/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of packets; without its recipe, a row fits a line. */
/* clang-format off */
#include "lib_table.h"

#define V4 ROW_IPV4
#define V6 ROW_IPV6
#define NOT_IP ROW_NOT_IP
#define OPENS true
#define DOES_NOT false

#define MAIL .port_from = 40000, .port_to = 25
#define SYN MAIL, .flags = TCP_SYN
#define DATA MAIL, .flags = TCP_ACK | TCP_PSH, .payload_bytes = 60
#define NOT_TCP(number, bytes) .is_not_tcp = true, .protocol = (number), .payload_bytes = (bytes)
#define FIRST .has_more_fragments = true
/* IP and the frame end behind the first @bytes of the TCP header. */
#define ONLY_BYTES(bytes) .length_error = (bytes) - 20, .cut_bytes = 20 - (bytes)
/* The same for an extension header of @whole bytes that nothing follows. */
#define ONLY_BYTES_OF(whole, bytes) \
	.length_error = (bytes) - (whole), .cut_bytes = (whole) - (bytes)
#define CHAIN(...) \
	.extensions = { __VA_ARGS__ }, .extension_count = sizeof((uint8_t[]){ __VA_ARGS__ })
#define ALL_KINDS PROTOCOL_HOP_BY_HOP, PROTOCOL_DESTINATION, PROTOCOL_ROUTING, \
	PROTOCOL_FRAGMENT, PROTOCOL_AH, PROTOCOL_DESTINATION
#define FOUR PROTOCOL_DESTINATION, PROTOCOL_ROUTING, PROTOCOL_DESTINATION, PROTOCOL_AH
#define SIXTEEN FOUR, FOUR, FOUR, FOUR

const struct row verdict_rows[] = {
	/* ---- Who sends it ---- */
	{ "SYN of an allowed source", V4 | V6, ALLOWED, IPWL_ALLOW, OPENS, { SYN } },
	{ "SYN of a source in both", V4 | V6, IN_BOTH, IPWL_AVERTED, OPENS, { SYN } },
	{ "SYN of a blocked source", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN } },
	{ "SYN of an unlisted source", V4 | V6, UNKNOWN, IPWL_UNLISTED, OPENS, { SYN } },

	/* ---- Connections ---- */
	{ "data", V4 | V6, BLOCKED, IPWL_BLOCK, DOES_NOT, { DATA } },
	{ "SYN and ACK", V4 | V6, ALLOWED, IPWL_ALLOW, DOES_NOT,
	  { MAIL, .flags = TCP_SYN | TCP_ACK } },
	{ "RST", V4 | V6, ALLOWED, IPWL_ALLOW, DOES_NOT, { MAIL, .flags = TCP_RST } },
	{ "SYN and FIN", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { MAIL, .flags = TCP_SYN | TCP_FIN } },
	{ "no flag", V4 | V6, BLOCKED, IPWL_BLOCK, DOES_NOT, { MAIL } },

	/* ---- Ports ---- */
	{ "port 1", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { .port_to = 1, .flags = TCP_SYN } },
	{ "port 465", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { .port_to = 465, .flags = TCP_SYN } },
	{ "port 587", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { .port_to = 587, .flags = TCP_SYN } },
	{ "port 65535", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { .port_to = 65535, .flags = TCP_SYN } },
	{ "port 0", V4 | V6, BLOCKED, IPWL_OTHER, OPENS, { .port_to = 0, .flags = TCP_SYN } },
	{ "port 24", V4 | V6, BLOCKED, IPWL_OTHER, OPENS, { .port_to = 24, .flags = TCP_SYN } },
	{ "port 26", V4 | V6, BLOCKED, IPWL_OTHER, OPENS, { .port_to = 26, .flags = TCP_SYN } },
	{ "port 443", V4 | V6, BLOCKED, IPWL_OTHER, OPENS, { .port_to = 443, .flags = TCP_SYN } },
	{ "port 6400", V4 | V6, BLOCKED, IPWL_OTHER, OPENS, { .port_to = 6400, .flags = TCP_SYN } },
	{ "an answer from port 25", V4 | V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { .port_from = 25, .port_to = 40000, .flags = TCP_ACK | TCP_SYN } },
	{ "port 25 to port 25", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { .port_from = 25, .port_to = 25, .flags = TCP_SYN } },

	/* ---- Other protocols ---- */
	{ "UDP", V4 | V6, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_UDP, 20) } },
	{ "ICMP", V4 | V6, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_ICMP, 20) } },
	{ "ESP", V4 | V6, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_ESP, 20) } },
	{ "no next header", V6, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_NONE, 0) } },
	{ "no next header, with data", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_NONE, 20) } },
	{ "AH over IPv4", V4, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_AH, 44) } },
	{ "hop-by-hop's number over IPv4", V4, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_HOP_BY_HOP, 44) } },
	{ "UDP without a header", V4, BLOCKED, IPWL_OTHER, DOES_NOT, { NOT_TCP(PROTOCOL_UDP, 0) } },
	{ "ARP", V4 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT, { SYN, .ethertype = ETHERTYPE_ARP } },
	{ "an 802.3 length", V4 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT, { SYN, .ethertype = 40 } },
	{ "an unknown ethertype", V6 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { SYN, .ethertype = 0x9100 } },

	/* ---- VLAN tags ---- */
	{ "one 802.1Q tag", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, .vlans = { ETHERTYPE_8021Q } } },
	{ "one 802.1ad tag", V4 | V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, .vlans = { ETHERTYPE_8021AD } } },
	{ "802.1ad around 802.1Q", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q } } },
	{ "802.1Q twice", V4 | V6, IN_BOTH, IPWL_AVERTED, OPENS,
	  { SYN, .vlans = { ETHERTYPE_8021Q, ETHERTYPE_8021Q } } },
	{ "three tags", V4 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { SYN, .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q, ETHERTYPE_8021Q } } },
	{ "four tags", V6 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { SYN, .vlans = { ETHERTYPE_8021Q, ETHERTYPE_8021Q, ETHERTYPE_8021Q, ETHERTYPE_8021Q } } },
	{ "ARP in a VLAN", V4 | NOT_IP, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { SYN, .vlans = { ETHERTYPE_8021Q }, .ethertype = ETHERTYPE_ARP } },
	{ "a tag cut off", V4 | NOT_IP, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .vlans = { ETHERTYPE_8021Q }, .cut_bytes = 41 } },
	{ "a second tag cut off", V4 | NOT_IP, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q }, .cut_bytes = 41 } },

	/* ---- Lengths and padding ---- */
	{ "padding", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, .padding_bytes = 6 } },
	{ "much padding", V4 | V6, ALLOWED, IPWL_ALLOW, DOES_NOT, { DATA, .padding_bytes = 900 } },
	{ "IP longer than the frame", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .length_error = 1 } },
	{ "frame a byte too short", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { DATA, .cut_bytes = 1 } },
	{ "TCP header longer than IP, behind it padding", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .length_error = -1, .padding_bytes = 20 } },
	{ "TCP options behind the end of IP", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .tcp_option_words = 3, .length_error = -4 } },
	{ "no TCP header, but padding like one", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .length_error = -20 } },
	{ "a TCP header of 16 bytes", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .doff_error = -1 } },
	{ "a TCP header of no bytes", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .doff_error = -5 } },
	{ "a TCP header longer than the segment", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .doff_error = 1 } },
	{ "TCP options", V4 | V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, .tcp_option_words = 10 } },
	{ "a TCP header of 60 bytes, all there is", V4 | V6, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { MAIL, .doff_error = 10, .payload_bytes = 40 } },
	{ "a version higher by 1", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .version_error = 1 } },
	{ "a version lower by 4", V4 | V6, BLOCKED, IPWL_MALFORMED, DOES_NOT, { SYN, .version_error = -4 } },

	/* ---- IPv4 headers ---- */
	{ "options", V4, BLOCKED, IPWL_BLOCK, OPENS, { SYN, .option_words = 1 } },
	{ "all the options there can be", V4, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, .option_words = 10 } },
	{ "a header of 16 bytes", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT, { SYN, .ihl_error = -1 } },
	{ "a header of no bytes", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT, { SYN, .ihl_error = -5 } },
	{ "a header longer than the packet", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .length_error = -1, .ihl_error = 5 } },
	{ "a header as long as the packet", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .ihl_error = 5 } },
	{ "total length 0", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT, { SYN, .has_no_length = true } },
	{ "total length 19", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT, { SYN, .length_error = -21 } },

	/* ---- IPv4 fragments ---- */
	{ "first fragment", V4, BLOCKED, IPWL_BLOCK, OPENS, { SYN, FIRST, .payload_bytes = 4 } },
	{ "first fragment of 8 bytes", V4, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { SYN, FIRST, ONLY_BYTES(8) } },
	{ "first fragment of 8 bytes, with padding", V4, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { SYN, FIRST, .length_error = -12 } },
	{ "first fragment of 16 bytes, which has the flags", V4, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, FIRST, ONLY_BYTES(16) } },
	{ "first fragment of 14 bytes", V4, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, FIRST, ONLY_BYTES(14) } },
	{ "first fragment of 13 bytes", V4, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { SYN, FIRST, ONLY_BYTES(13) } },
	{ "first fragment of 7 bytes", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, FIRST, ONLY_BYTES(7) } },
	{ "first fragment, its TCP options in the next", V4, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, FIRST, .doff_error = 3 } },
	{ "first fragment to another port", V4, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { .port_to = 80, .flags = TCP_SYN, FIRST, ONLY_BYTES(8) } },
	{ "first fragment of UDP", V4, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), FIRST } },
	{ "later fragment", V4, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { SYN, FIRST, .fragment_offset = 1 } },
	{ "last fragment", V4, ALLOWED, IPWL_FRAGMENT, DOES_NOT, { SYN, .fragment_offset = 8191 } },
	{ "later fragment of UDP", V4, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 0), .fragment_offset = 185 } },
	{ "later fragment of no bytes", V4, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), .fragment_offset = 185 } },
	{ "later fragment cut off", V4, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .fragment_offset = 3, .cut_bytes = 1 } },

	/* ---- IPv6 extension headers ---- */
	{ "hop-by-hop options", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, CHAIN(PROTOCOL_HOP_BY_HOP) } },
	{ "hop-by-hop options, long", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, CHAIN(PROTOCOL_HOP_BY_HOP), .extension_units = 5 } },
	{ "hop-by-hop options behind the end", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_HOP_BY_HOP), .extension_length_error = 200 } },
	{ "hop-by-hop options cut off", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_HOP_BY_HOP), ONLY_BYTES_OF(8, 7) } },
	{ "hop-by-hop options and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(PROTOCOL_HOP_BY_HOP) } },
	{ "a routing header", V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, CHAIN(PROTOCOL_ROUTING) } },
	{ "a routing header, long", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, CHAIN(PROTOCOL_ROUTING), .extension_units = 5 } },
	{ "a routing header behind the end", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_ROUTING), .extension_length_error = 200 } },
	{ "a routing header cut off", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_ROUTING), ONLY_BYTES_OF(8, 7) } },
	{ "a routing header and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(PROTOCOL_ROUTING) } },
	{ "destination options", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, CHAIN(PROTOCOL_DESTINATION) } },
	{ "destination options, long", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, CHAIN(PROTOCOL_DESTINATION), .extension_units = 5 } },
	{ "destination options behind the end", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_DESTINATION), .extension_length_error = 200 } },
	{ "destination options cut off", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_DESTINATION), ONLY_BYTES_OF(8, 7) } },
	{ "destination options and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(PROTOCOL_DESTINATION) } },
	{ "AH", V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, CHAIN(PROTOCOL_AH) } },
	{ "AH, long", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, CHAIN(PROTOCOL_AH), .extension_units = 5 } },
	{ "AH a unit too long", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_AH), .extension_length_error = 1 } },
	{ "AH behind the end", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_AH), .extension_length_error = 200 } },
	{ "AH cut off", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_AH), ONLY_BYTES_OF(24, 23) } },
	{ "AH and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(PROTOCOL_AH) } },
	{ "an atomic fragment", V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, CHAIN(PROTOCOL_FRAGMENT) } },
	{ "an atomic fragment cut off", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_FRAGMENT), ONLY_BYTES_OF(8, 7) } },
	{ "an atomic fragment and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(PROTOCOL_FRAGMENT) } },
	{ "all extension headers", V6, IN_BOTH, IPWL_AVERTED, OPENS, { SYN, CHAIN(ALL_KINDS) } },
	{ "hop-by-hop options that are not the first", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, CHAIN(PROTOCOL_DESTINATION, PROTOCOL_HOP_BY_HOP) } },
	{ "ESP behind destination options", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_DESTINATION, PROTOCOL_ESP) } },
	{ "16 extension headers", V6, BLOCKED, IPWL_BLOCK, OPENS, { SYN, CHAIN(SIXTEEN) } },
	{ "16 extension headers, each of them long", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, CHAIN(SIXTEEN), .extension_units = 4 } },
	{ "17 extension headers", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(SIXTEEN, PROTOCOL_DESTINATION) } },
	{ "16 extension headers and UDP", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), CHAIN(SIXTEEN) } },

	/* ---- IPv6 fragments ---- */
	{ "first fragment", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), .payload_bytes = 4 } },
	{ "first fragment of 8 bytes", V6, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), ONLY_BYTES(8) } },
	{ "first fragment of 14 bytes", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), ONLY_BYTES(14) } },
	{ "first fragment of 7 bytes", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), ONLY_BYTES(7) } },
	{ "first fragment, its TCP options in the next", V6, ALLOWED, IPWL_ALLOW, OPENS,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), .doff_error = 3 } },
	{ "atomic fragment with half a TCP header", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_FRAGMENT), ONLY_BYTES(8) } },
	{ "first fragment with destination options behind", V6, BLOCKED, IPWL_BLOCK, DOES_NOT,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT, PROTOCOL_DESTINATION), ONLY_BYTES(8) } },
	{ "later fragment", V6, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { SYN, FIRST, CHAIN(PROTOCOL_FRAGMENT), .fragment_offset = 1 } },
	{ "last fragment", V6, ALLOWED, IPWL_FRAGMENT, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_FRAGMENT), .fragment_offset = 8191 } },
	{ "later fragment behind a routing header", V6, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_ROUTING, PROTOCOL_FRAGMENT), .fragment_offset = 9 } },
	{ "later fragment of no bytes", V6, BLOCKED, IPWL_FRAGMENT, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_FRAGMENT), .fragment_offset = 9 } },

	/* ---- IPv6 payload length 0 ---- */
	{ "TCP that the header knows nothing of", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, .has_no_length = true } },
	{ "UDP that the header knows nothing of", V6, BLOCKED, IPWL_OTHER, DOES_NOT,
	  { NOT_TCP(PROTOCOL_UDP, 8), .has_no_length = true } },
	{ "destination options that the header knows nothing of", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { SYN, CHAIN(PROTOCOL_DESTINATION), .has_no_length = true } },
	{ "jumbogram", V6, BLOCKED, IPWL_BLOCK, OPENS,
	  { SYN, CHAIN(PROTOCOL_HOP_BY_HOP), .has_no_length = true } },
	{ "jumbogram with data", V6, ALLOWED, IPWL_ALLOW, DOES_NOT,
	  { DATA, CHAIN(PROTOCOL_HOP_BY_HOP, PROTOCOL_ROUTING), .has_no_length = true } },
	{ "jumbogram without payload", V6, BLOCKED, IPWL_MALFORMED, DOES_NOT,
	  { NOT_TCP(PROTOCOL_TCP, 0), CHAIN(PROTOCOL_HOP_BY_HOP), .has_no_length = true } },
};

const size_t verdict_row_count = sizeof(verdict_rows) / sizeof(verdict_rows[0]);
