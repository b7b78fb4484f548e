/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of the rescue: the key `rescue:`. */
#ifndef CONFIG_RESCUE_CONFIG_H
#define CONFIG_RESCUE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"
#include "formats/trust.h"

#define RESCUE_ZONES_MAX 8
#define RESCUE_ANSWERS_MAX 16

#define RESCUE_DEFAULT_PER_SECOND 10
#define RESCUE_DEFAULT_PER_DAY 50000
#define RESCUE_DEFAULT_MIN_TIME_SEC (6 * 3600)
#define RESCUE_DEFAULT_MAX_TIME_SEC 86400
#define RESCUE_DEFAULT_RETRY_SEC 3600
#define RESCUE_DEFAULT_MAX_ENTRIES 10000

/* A DNS allow list in which sources are looked up that a block list matches. */
struct rescue_zone {
	char *name; /* of the zone, normalised; unique */
	char *list; /* the allow list that receives entries */
	/* Which answers are enough: from this level on, if the zone has those of dnswl.org … */
	enum trust min_trust;
	/* … or if min_trust is TRUST_BY_FORMAT, answers in one of these. */
	struct prefix accept[RESCUE_ANSWERS_MAX];
	size_t accept_count;
	uint32_t per_second; /* queries */
	uint32_t per_day;    /* queries in any 24 hours */
	uint32_t min_sec;    /* for which an entry is in force, whatever the TTL */
	uint32_t max_sec;
	uint32_t retry_sec; /* a source that was not rescued is not looked up again for this long */
	uint32_t max_entries;
};

struct rescue_settings {
	struct rescue_zone *zones;
	size_t count;
};

/* Find a zone by its name, or return NULL. */
const struct rescue_zone *rescue_settings_find(const struct rescue_settings *settings,
					       const char *name);

/* Whether both ask for the same. */
bool rescue_zone_is_same(const struct rescue_zone *a, const struct rescue_zone *b);

/* "list.dnswl.org (list partners, min_trust medium), …" with the settings that differ from the
 * default, to be freed. "": there is none; NULL: out of memory. */
char *rescue_settings_text(const struct rescue_settings *settings);

void rescue_settings_done(struct rescue_settings *settings);

#endif
