/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual allow entries that expire soon although mail comes from their senders. */
#ifndef ENGINE_EXPIRING_H
#define ENGINE_EXPIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What "soon" is, for status and the metrics. */
#define EXPIRING_SEC (7 * 86400)

struct engine;

struct expiring {
	bool is_known;
	size_t count;
	int64_t next_sec; /* when the first of them expires; 0: there is none */
};

/**
 * engine_find_expiring() - count them
 *
 * Only manual entries count: nobody renews them, whereas files and feeds bring their entries
 * again. Only entries in use count (usage.h), and none that another entry of an allow list
 * covers for longer.
 */
void engine_find_expiring(const struct engine *engine, int64_t within_sec,
			  struct expiring *ret_expiring);

#endif
