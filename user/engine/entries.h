/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual entries added and deleted. */
#ifndef ENGINE_ENTRIES_H
#define ENGINE_ENTRIES_H

#include "engine/lookup.h"

/**
 * engine_add() - add a manual entry, or replace the one of its list and prefix
 * @ret_found: the entry, for entry_found_done()
 * @warnings: what an administrator may not expect of it
 *
 * It is in force and on the disk when this returns. Return: 0; -ECANCELED: nothing has
 * changed, and @refusal says why.
 */
int engine_add(struct engine *engine, const struct deed *by, const struct entry_change *change,
	       struct entry_found *ret_found, struct lines *warnings, struct refusal *refusal);

/* Whether the guard holds a deletion, because many allow entries were deleted in the last
 * minute. Return: a message that the caller frees; NULL: it does not. */
char *engine_hold_deletion(const struct engine *engine, const struct list *list);

/**
 * engine_delete() - delete a manual entry
 * @ret_found: the entry that was, for entry_found_done()
 * @ret_holders: who lists the prefix all the same
 *
 * Return: as engine_add().
 */
int engine_delete(struct engine *engine, const struct deed *by, const struct entry_change *change,
		  struct entry_found *ret_found, struct lines *ret_holders,
		  struct refusal *refusal);

#endif
