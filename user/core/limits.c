// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits as numbers of attempts, and as the times that the kernel uses. */
#include "core/limits.h"

#define MINUTE_NS 60000000000ULL
/* Two CPUs may read ticks that are so far apart. */
#define TICK_NS 10000000ULL

const char *const limit_mode_names[] = {
	[IPWL_LIMITS_OFF] = "off",
	[IPWL_LIMITS_MONITOR] = "monitor",
	[IPWL_LIMITS_ENFORCE] = "enforce",
};

const char *const limit_names[] = {
	[IPWL_LIMIT_ADDRESS] = "address",
	[IPWL_LIMIT_NETWORK] = "network",
};

struct prefix limit_source(enum ipwl_limit limit, const struct prefix *address)
{
	static const uint8_t lengths[IPWL_LIMIT_COUNT][FAMILY_COUNT] = {
		[IPWL_LIMIT_ADDRESS] = { [FAMILY_IPV4] = 32, [FAMILY_IPV6] = 64 },
		[IPWL_LIMIT_NETWORK] = { [FAMILY_IPV4] = 24, [FAMILY_IPV6] = 48 },
	};

	return prefix_truncate(address, lengths[limit][address->family]);
}

struct ipwl_rate limit_to_rate(const struct limit *limit)
{
	struct ipwl_rate rate = { .interval_ns = 0 };

	if (!limit->per_minute)
		return rate;
	rate.interval_ns = MINUTE_NS / limit->per_minute;
	rate.burst_ns = (limit->burst ? limit->burst - 1 : 0) * rate.interval_ns +
			(rate.interval_ns / 2 < TICK_NS ? rate.interval_ns / 2 : TICK_NS);
	return rate;
}

struct limit limit_of_rate(const struct ipwl_rate *rate)
{
	struct limit limit = { .per_minute = 0 };

	if (!rate->interval_ns)
		return limit;
	limit.per_minute = (uint32_t)((MINUTE_NS + rate->interval_ns / 2) / rate->interval_ns);
	limit.burst = (uint32_t)(rate->burst_ns / rate->interval_ns + 1);
	return limit;
}
