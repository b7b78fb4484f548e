/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the limits for unlisted sources (ipwl_limit.h) leave to a source. The limits themselves are
 * part of struct datapath_change. */
#ifndef DATAPATH_LIMITS_H
#define DATAPATH_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

struct datapath;

/* The limits in force. */
void datapath_read_limits(const struct datapath *datapath, struct limits *ret_limits);

/* What one limit says of a source now. */
struct limit_state {
	bool has_limit;
	uint32_t left;	  /* attempts that it would admit at once */
	uint64_t wait_ns; /* if none: until it admits the next one */
};

/* Read it for an address, listed or not. Other sources that share its cells may have made it
 * less. */
struct limit_state datapath_read_limit(const struct datapath *datapath, enum ipwl_limit limit,
				       const struct prefix *address);

#endif
