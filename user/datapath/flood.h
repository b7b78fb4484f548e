/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shield against floods (ipwl_flood.h) does, and what it needs. Its settings are part of
 * struct datapath_change. */
#ifndef DATAPATH_FLOOD_H
#define DATAPATH_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/flood.h"
#include "core/prefix.h"

struct datapath;

struct flood_state {
	enum ipwl_flood_mode mode; /* in force: only monitor while ipwl enforces nothing */
	bool is_on;
	uint64_t since_ns; /* CLOCK_BOOTTIME when it was last switched on; 0: never */
	uint64_t outcomes[IPWL_FLOOD_OUTCOME_COUNT];
};

/* Return: 0 or -errno. */
int datapath_read_flood(const struct datapath *datapath, struct flood_state *ret_state);

/* Have SYNs to these addresses answered, and to no others. Return: 0; -ENOSPC: there are more than
 * IPWL_FLOOD_ADDRESSES_MAX, and some are not answered for; another -errno. */
int datapath_set_own_addresses(struct datapath *datapath, const struct prefix *addresses,
			       size_t count);

/* Ask the kernel whether it gives SYN cookies, by two listeners on the loopback device. */
enum flood_cookies datapath_probe_cookies(const struct datapath *datapath);

#endif
