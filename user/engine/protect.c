/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protects and unprotects manual entries: in state.db (store/manual.c), then in the policy in
 * force. */
#include "engine/protect.h"

#include <errno.h>
#include <stdlib.h>

#include "core/overrule.h"
#include "core/provenance.h"
#include "engine/internal.h"
#include "engine/records.h"
#include "store/manual.h"
#include "store/protections.h"

#define REFUSED "%s; nothing has changed"

/* Put the change in force, unless it has failed (@err). */
static int protect_end(struct engine *engine, int err, struct refusal *refusal)
{
	char error[DATAPATH_ERROR_BYTES];

	if (err)
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, state_error(engine->state));
	if (engine_switch_manual(engine, error))
		return refusal_set(refusal, OUTCOME_INTERNAL, REFUSED, error);
	return 0;
}

/* Whether a person excludes this very prefix, or only feeds do. */
static bool is_excluded(const struct list *list, const struct prefix *prefix, bool is_automatic)
{
	struct entry_cursor cursor;
	const struct entry *entry;

	entry_cursor_init(&cursor, list, prefix);
	while ((entry = entry_cursor_next(&cursor)) && !prefix_compare(&entry->prefix, prefix))
		if (entry->is_exclusion && source_is_automatic(entry->source) == is_automatic)
			return true;
	return false;
}

/* Protection needs a manual entry, so a prefix that cannot have one cannot be protected. A
 * prefix that only a feed excludes can be protected: the exclusion is then overruled. */
static int protect_check(const struct list *list, const struct prefix *prefix,
			 struct refusal *refusal)
{
	char text[PREFIX_TEXT_BYTES];

	prefix_format(prefix, text);
	if (is_excluded(list, prefix, false)) {
		holders_add(list, prefix, true, &refusal->details);
		return refusal_set(refusal, OUTCOME_CONFLICT, "%s is excluded from list \"%s\"",
				   text, list->name);
	}
	if (list_has(list, prefix, false) || is_excluded(list, prefix, true))
		return 0;
	return refusal_set(refusal, OUTCOME_NOT_FOUND, "%s is not in list \"%s\": add it first",
			   text, list->name);
}

int engine_protect(struct engine *engine, const struct deed *by, const struct entry_change *change,
		   struct refusal *refusal)
{
	const struct list *list = engine_find_list(engine, change->list, refusal);
	const struct prefix *wanted = &change->prefixes[0];
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_PROTECT) };
	const struct provenance about = { .author = by->author,
					  .added_at_sec = batch.record.at_sec };
	const struct entry entry = { .prefix = *wanted, .reason = by->reason, .about = &about };
	struct state_entry row;
	int err;

	if (!list || protect_check(list, wanted, refusal))
		return -ECANCELED;
	row = row_of_entry(list, &entry);
	err = manual_begin(&batch);
	if (!err)
		err = manual_protect(&batch, list->name, list->action, wanted,
				     engine_find_manual(list, wanted) ? NULL : &row);
	return protect_end(engine, err, refusal);
}

static int unprotect_check(const struct engine *engine, const struct list *list,
			   const struct prefix *prefix, struct refusal *refusal)
{
	char text[PREFIX_TEXT_BYTES], *by;

	if (protections_have_own(engine->protections, list->name, prefix))
		return 0;
	by = protections_describe(engine->protections, list->name, prefix);
	if (by)
		refusal_set(refusal, OUTCOME_CONFLICT,
			    "%s in list \"%s\" is protected %s: unprotect it there",
			    prefix_format(prefix, text), list->name, by);
	else
		refusal_set(refusal, OUTCOME_NOT_FOUND, "%s is not protected in list \"%s\"",
			    prefix_format(prefix, text), list->name);
	free(by);
	return -ECANCELED;
}

int engine_unprotect(struct engine *engine, const struct deed *by,
		     const struct entry_change *change, struct refusal *refusal)
{
	const struct list *list = engine_find_list(engine, change->list, refusal);
	const struct prefix *wanted = &change->prefixes[0];
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(by, HISTORY_UNPROTECT) };
	int err;

	if (!list || unprotect_check(engine, list, wanted, refusal))
		return -ECANCELED;
	err = manual_begin(&batch);
	if (!err)
		err = manual_unprotect(&batch, list->name, list->action, wanted);
	return protect_end(engine, err, refusal);
}
