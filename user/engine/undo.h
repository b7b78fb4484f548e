/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reverts the changes of a record of the history. */
#ifndef ENGINE_UNDO_H
#define ENGINE_UNDO_H

#include "engine/engine.h"

/* Find the record that is to be undone: @id, or, if that is 0, the last change in effect.
 * Return: 0; -ECANCELED: there is none that can be, as @refusal says. */
int engine_find_undoable(const struct engine *engine, int64_t id, int64_t *ret_id,
			 struct refusal *refusal);

/* Which changes are to be undone together. */
struct undo_span {
	int64_t since_sec;
	const char *author; /* those of this user only; NULL: of all */
	int64_t through_id; /* no later record than this one; 0: all */
};

/* The undoable records of a span, the newest first. */
struct undo_records {
	int64_t *ids;
	size_t count;
};

/* Find the changes of a span that are in effect and can be undone. Undos are not among them.
 * Return: 0; -ECANCELED: there are none, or they cannot be read, as @refusal says. */
int engine_find_span(const struct engine *engine, const struct undo_span *span,
		     struct undo_records *ret_records, struct refusal *refusal);
void undo_records_done(struct undo_records *records);

struct undo_result {
	int64_t record_id;    /* of the undo; 0: it was only tried */
	size_t skipped_count; /* entries that would have expired by now */
	size_t added_count;
	size_t removed_count;
	bool removes_allow; /* an allow entry goes */
};

/**
 * engine_undo() - make each entry what it was before some records
 * @records: from engine_find_undoable() or engine_find_span(), the newest first
 *
 * All of them or none, in one transaction; in a dry run none. If several entries are concerned,
 * those that would have expired by now do not stand in the way, and do not return. Return: 0;
 * -ECANCELED: nothing has changed, and @refusal says which entries stand in the way.
 */
int engine_undo(struct engine *engine, const struct deed *by, const struct undo_records *records,
		bool is_dry_run, struct undo_result *ret_result, struct refusal *refusal);

#endif
