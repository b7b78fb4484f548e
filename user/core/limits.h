/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits for attempts of unlisted sources, as a person writes them (ipwl_limit.h says what
 * holds). */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#include <stdint.h>

#include "core/prefix.h"
#include "ipwl_limit.h"

struct limit {
	uint32_t per_minute; /* 0: no limit */
	uint32_t burst;	     /* attempts at once, of a source that was silent; at least 1 */
};

struct limits {
	enum ipwl_limit_mode mode;
	struct limit of[IPWL_LIMIT_COUNT];
};

#define LIMIT_PER_MINUTE_MAX 60000

/* "off", "monitor", "enforce", indexed by enum ipwl_limit_mode. */
extern const char *const limit_mode_names[IPWL_LIMITS_ENFORCE + 1];
/* "address", "network", indexed by enum ipwl_limit. */
extern const char *const limit_names[IPWL_LIMIT_COUNT];

/* The network or the address that a limit counts: a /32 or /64, a /24 or /48. */
struct prefix limit_source(enum ipwl_limit limit, const struct prefix *address);

/* For the kernel, and back. */
struct ipwl_rate limit_to_rate(const struct limit *limit);
struct limit limit_of_rate(const struct ipwl_rate *rate);

#endif
