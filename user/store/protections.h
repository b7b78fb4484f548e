/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells any thread which manual entries are protected. It holds a copy of that part of
 * state.db. */
#ifndef STORE_PROTECTIONS_H
#define STORE_PROTECTIONS_H

#include "base/lines.h"
#include "store/state.h"

struct protections;

struct protections *protections_new(void);
/* NULL is fine. */
void protections_free(struct protections *protections);

/* Read the protections again. Return: 0; -ENOMEM or -EIO: @protections has not changed. */
int protections_load(struct protections *protections, struct state *state);

/* Move the content of @from to @protections. No other thread may use @from; it is empty
 * afterwards. */
void protections_take(struct protections *protections, struct protections *from);

bool protections_have(struct protections *protections, const char *list,
		      const struct prefix *prefix);

/* Describe a protection: "by alice at 2026-11-23T12:00:00Z: invoices". The caller frees the
 * text. NULL: the entry is not protected, or memory ran out. */
char *protections_describe(struct protections *protections, const char *list,
			   const struct prefix *prefix);

/* The protected prefixes of a list, sorted. The caller frees them. Return: 0 or -ENOMEM. */
int protections_of(struct protections *protections, const char *list, struct prefix **ret_prefixes,
		   size_t *ret_count);

#endif
