/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hybrid logical clock: milliseconds since 1970 and a counter of 16 bits in one number. It never
 * goes back, and it follows the clocks of other hosts that are ahead.
 *
 * It does not follow a clock that is more than FLEET_AHEAD_MAX_MS ahead: one host whose clock says
 * 2099 must not take all others with it, because their clocks would stay there for ever. A day is
 * more than time zones and wrong set-ups make, and little enough to wait for. Records of such a
 * host are accepted, and a later record of the same key is later than they are
 * (fleet_clock_after()).
 */
#ifndef FLEET_CLOCK_H
#define FLEET_CLOCK_H

#include <stdint.h>

#define FLEET_COUNTER_BITS 16
#define FLEET_AHEAD_MAX_MS ((int64_t)86400 * 1000)
/* Largest version that is read: of the year 2527. */
#define FLEET_VERSION_MAX ((int64_t)1 << 60)

struct fleet_clock {
	uint64_t last; /* version that was given or seen last */
};

/* A version later than all before. @now_ms: of the wall clock. */
uint64_t fleet_clock_next(struct fleet_clock *clock, int64_t now_ms);
/* The same, and later than @version, which a record of the same key has. */
uint64_t fleet_clock_after(struct fleet_clock *clock, int64_t now_ms, uint64_t version);
/* Another host has given this version. */
void fleet_clock_see(struct fleet_clock *clock, int64_t now_ms, uint64_t version);

/* The milliseconds of a version. */
static inline int64_t fleet_version_ms(uint64_t version)
{
	return (int64_t)(version >> FLEET_COUNTER_BITS);
}

#endif
