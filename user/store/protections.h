/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells any thread which entries are protected: by this host, as a copy of that part of state.db,
 * and by other hosts of the fleet. */
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

/* ---- of other hosts ---------------------------------------------------------------- */

/* Protections by other hosts. They never change once they are given away. */
struct foreign_protections;

/* NULL: out of memory. */
struct foreign_protections *foreign_protections_new(void);
/* NULL is fine. */
void foreign_protections_unref(struct foreign_protections *foreign);
/* Return: 0 or -ENOMEM. */
int foreign_protections_add(struct foreign_protections *foreign, const char *host, const char *list,
			    const struct prefix *prefix, const char *author, const char *reason,
			    int64_t at_sec);

/* From now on these count, and no others. @foreign is taken over; NULL: there are none. */
void protections_give(struct protections *protections, struct foreign_protections *foreign);
/* Those that count now, with a reference of the caller's; NULL: there are none. */
struct foreign_protections *protections_foreign(struct protections *protections);

/* ---- ask ---------------------------------------------------------------------------- */

/* Whether this host or another one protects the entry. */
bool protections_have(struct protections *protections, const char *list,
		      const struct prefix *prefix);
/* Whether this host does. */
bool protections_have_own(struct protections *protections, const char *list,
			  const struct prefix *prefix);

/* Describe a protection: "by alice at 2026-11-23T12:00:00Z: invoices", "by bob on mx2 at …". The
 * caller frees the text. NULL: the entry is not protected, or memory ran out. */
char *protections_describe(struct protections *protections, const char *list,
			   const struct prefix *prefix);

/* The protected prefixes of a list, sorted, each once. The caller frees them. Return: 0 or -ENOMEM.
 */
int protections_of(struct protections *protections, const char *list, struct prefix **ret_prefixes,
		   size_t *ret_count);

/* ---- state.db ------------------------------------------------------------------------ */

/* Find what this host says, also in the open transaction. @visit is called if it protects the
 * entry. Return: 0, what @visit returned, or -EIO. */
int protection_find(struct state *state, const char *list, const struct prefix *prefix,
		    int (*visit)(const char *author, const char *reason, int64_t at_sec,
				 void *context),
		    void *context);
/* All entries that it protects. Return: the same. */
int protections_read(struct state *state,
		     int (*visit)(const char *list, const struct prefix *prefix, void *context),
		     void *context);

#endif
