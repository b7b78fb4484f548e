/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual entries added and deleted. */
#ifndef ENGINE_ENTRIES_H
#define ENGINE_ENTRIES_H

#include "engine/lookup.h"

/**
 * engine_add() - add manual entries, or replace those of their list and prefixes
 * @warnings: what an administrator may not expect of them
 *
 * They are in force and on the disk when this returns. Return: 0; -ECANCELED: nothing has
 * changed, and @refusal says why.
 */
int engine_add(struct engine *engine, const struct deed *by, const struct entry_change *change,
	       struct lines *warnings, struct refusal *refusal);

/* Whether the guard holds the deletion of @count entries, because many allow entries were deleted
 * in the last minute. Return: a message that the caller frees; NULL: it does not. */
char *engine_hold_deletion(const struct engine *engine, const struct list *list, size_t count);

/* The same as a refusal, unless the change is forced. Return: 0 or -ECANCELED. */
int engine_refuse_deletions(const struct engine *engine, const struct list *list,
			    const struct entry_change *change, struct refusal *refusal);
/* Count what was deleted from an allow list, unless that was forced. */
void engine_count_deletions(struct engine *engine, const struct entry_change *change);

/**
 * engine_delete() - delete manual entries
 * @ret_holders: who lists the prefixes all the same
 *
 * Return: as engine_add().
 */
int engine_delete(struct engine *engine, const struct deed *by, const struct entry_change *change,
		  struct lines *ret_holders, struct refusal *refusal);

#endif
