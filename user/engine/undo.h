/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reverts the changes of a record of the history. */
#ifndef ENGINE_UNDO_H
#define ENGINE_UNDO_H

#include "engine/engine.h"

/* Find the record that is to be undone: @id, or, if that is 0, the last change in effect.
 * Return: 0; -ECANCELED: there is none that can be, as @refusal says. */
int engine_find_undoable(const struct engine *engine, int64_t id, int64_t *ret_id,
			 struct refusal *refusal);

struct undo_result {
	int64_t record_id; /* of the undo; 0: it was only tried */
	size_t added_count;
	size_t removed_count;
	bool removes_allow; /* an allow entry goes */
};

/**
 * engine_undo() - make each entry what it was before a record
 * @id: from engine_find_undoable()
 *
 * All of them or none; in a dry run none. Return: 0; -ECANCELED: nothing has changed, and
 * @refusal says which entries stand in the way.
 */
int engine_undo(struct engine *engine, const struct deed *by, int64_t id, bool is_dry_run,
		struct undo_result *ret_result, struct refusal *refusal);

#endif
