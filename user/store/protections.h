/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which manual entries are protected, as state.db has it, for any thread to ask. */
#ifndef STORE_PROTECTIONS_H
#define STORE_PROTECTIONS_H

#include "base/lines.h"
#include "store/state.h"

struct protections;

struct protections *protections_new(void);
/* NULL is fine. */
void protections_free(struct protections *protections);

/* Read them anew. Return: 0, or -ENOMEM or -EIO: all is as before. */
int protections_load(struct protections *protections, struct state *state);

/* Have what @from has, which is empty then and belongs to the caller alone. */
void protections_take(struct protections *protections, struct protections *from);

bool protections_have(struct protections *protections, const char *list,
		      const struct prefix *prefix);

/* "by alice at 2026-11-23T12:00:00Z: invoices", to be freed; NULL: it is not protected, or
 * out of memory. */
char *protections_describe(struct protections *protections, const char *list,
			   const struct prefix *prefix);

/* The protected prefixes of a list, sorted; to be freed. Return: 0 or -ENOMEM. */
int protections_of(struct protections *protections, const char *list, struct prefix **ret_prefixes,
		   size_t *ret_count);

#endif
