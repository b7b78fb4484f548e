/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes from a fuzzer's bytes. */
#ifndef FUZZ_PREFIX_BYTES_H
#define FUZZ_PREFIX_BYTES_H

#include <stdlib.h>
#include <string.h>

#include "core/prefix.h"

#define ENTRY_BYTES 4
#define ENTRIES_MAX 40

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

/* Two bytes make the ends of an address; what lies between is all 0 or all 1. */
static struct prefix prefix_from(const uint8_t bytes[ENTRY_BYTES])
{
	struct prefix address = { .family = bytes[0] & 1 };
	size_t addr_bytes;

	address.len = prefix_max_len(address.family);
	addr_bytes = address.len / 8U;
	memset(address.addr, bytes[0] & 2 ? 0xff : 0, addr_bytes);
	address.addr[0] = bytes[1];
	address.addr[addr_bytes - 1] = (uint8_t)(bytes[1] ^ bytes[2]);
	return prefix_truncate(&address, (uint8_t)(bytes[3] % (address.len + 1U)));
}

#endif
