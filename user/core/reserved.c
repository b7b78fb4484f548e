/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address space that IANA's special-purpose registries (RFC 6890) reserve. */
#include "core/reserved.h"

#define IPV4(bits, ...)                                                                            \
	{                                                                                          \
		.addr = { __VA_ARGS__ }, .family = FAMILY_IPV4, .len = (bits)                      \
	}
#define IPV6(bits, ...)                                                                            \
	{                                                                                          \
		.addr = { __VA_ARGS__ }, .family = FAMILY_IPV6, .len = (bits)                      \
	}

const struct reserved_space reserved_spaces[RESERVED_COUNT] = {
	{ IPV4(8, 0), "unspecified" },
	{ IPV4(8, 10), "private" },
	{ IPV4(10, 100, 64), "carrier-grade NAT" },
	{ IPV4(8, 127), "loopback" },
	{ IPV4(16, 169, 254), "link-local" },
	{ IPV4(12, 172, 16), "private" },
	{ IPV4(24, 192, 0, 0), "reserved" },
	{ IPV4(24, 192, 0, 2), "documentation" },
	{ IPV4(16, 192, 168), "private" },
	{ IPV4(15, 198, 18), "benchmarking" },
	{ IPV4(24, 198, 51, 100), "documentation" },
	{ IPV4(24, 203, 0, 113), "documentation" },
	{ IPV4(4, 224), "multicast" },
	{ IPV4(4, 240), "reserved" },
	{ IPV6(128, 0), "unspecified" },
	{ IPV6(128, [15] = 1), "loopback" },
	{ IPV6(32, 0x20, 0x01, 0x0d, 0xb8), "documentation" },
	{ IPV6(20, 0x3f, 0xff), "documentation" },
	{ IPV6(7, 0xfc), "private" },
	{ IPV6(10, 0xfe, 0x80), "link-local" },
	{ IPV6(8, 0xff), "multicast" },
};
