/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives versions. */
#include "fleet/clock.h"

uint64_t fleet_clock_next(struct fleet_clock *clock, int64_t now_ms)
{
	const uint64_t now = (uint64_t)now_ms << FLEET_COUNTER_BITS;

	clock->last = now > clock->last ? now : clock->last + 1;
	return clock->last;
}

uint64_t fleet_clock_after(struct fleet_clock *clock, int64_t now_ms, uint64_t version)
{
	const uint64_t next = fleet_clock_next(clock, now_ms);

	return next > version ? next : version + 1;
}

void fleet_clock_see(struct fleet_clock *clock, int64_t now_ms, uint64_t version)
{
	if (version > clock->last && fleet_version_ms(version) - now_ms <= FLEET_AHEAD_MAX_MS)
		clock->last = version;
}
