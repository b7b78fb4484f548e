/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries for sources that a DNS allow list knows (`rescue:`). They expire by themselves. */
#ifndef ENGINE_RESCUE_H
#define ENGINE_RESCUE_H

#include "engine/engine.h"
#include "rescue/judge.h"

struct entry_source;

struct rescued {
	struct prefix source; /* an address */
	uint32_t ttl_sec;
	char why[RESCUE_WHY_BYTES]; /* the answer */
	/* Set by engine_rescue(): why there is no entry, a constant; NULL: it is in force. */
	const char *refusal;
};

/**
 * engine_rescue() - put sources in force
 * @zone: that knows them
 *
 * They are allowed and on the disk when this returns, except those with a refusal: addresses that
 * are never learned (learn/never.h), and those beyond max_entries of the zone. Return: 0;
 * -ECANCELED: nothing has changed, and @refusal says why.
 */
int engine_rescue(struct engine *engine, const char *zone, struct rescued *sources, size_t count,
		  struct refusal *refusal);

extern const struct entry_source rescue_source;

#endif
