/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Import: a list in any format becomes manual entries, all of it or nothing, by one
 * commit and one switch of the tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/provenance.h"
#include "daemon/import.h"
#include "engine/records.h"
#include "store/protections.h"
#include "store/state.h"

/* Conflicts that are told one by one. */
#define CONFLICTS_MAX 20

/* ---- the list --------------------------------------------------------------- */

/* Read the list into @set. Return: 0; -EINVAL: the job has the errors; -ENOMEM. */
static int read_list(struct job *job, enum action action, struct entry_set *set)
{
	struct import *import = job->import;
	const int64_t now_sec = time_now_sec();
	struct diagnostics diagnostics;
	const struct format_input input = {
		.read = import_read,
		.read_context = import,
		.name = import->name,
		.format = import->format,
		.action = action,
		.source = SOURCE_MANUAL,
		.origin = job->author,
		.reason = job->reason,
		.author = job->author,
		.added_at_sec = now_sec,
		.expires_at_sec = job->ttl_sec ? now_sec + job->ttl_sec : 0,
		.now_sec = now_sec,
		.set = set,
		.diagnostics = &diagnostics,
	};
	int err;

	import->expires_at_sec = input.expires_at_sec;
	diagnostics_init(&diagnostics);
	err = format_read(&input, &import->result);
	diagnostics_lines(&diagnostics, SIZE_MAX, &job->details, &job->warnings);
	diagnostics_done(&diagnostics);
	if (!err && format_is_cut(&import->result)) {
		lines_add(&job->details,
			  "%s: has another number of records than it says: it was "
			  "cut off or changed; fetch it again",
			  import->name);
		err = -EINVAL;
	}
	return err;
}

/* The last of each prefix counts, as if they were added one by one. Manual entries are
 * of no line of a file. */
static int add_last_ones(const struct entry_set *from, struct entry_set *to)
{
	size_t i;
	int err = 0;

	for (i = 0; i < from->count && !err; i++) {
		struct entry entry = from->entries[i];

		entry.line = 0;
		if (i + 1 == from->count ||
		    prefix_compare(&entry.prefix, &from->entries[i + 1].prefix))
			err = entry_set_add(to, &entry);
	}
	return err;
}

/* Manual entries know no exclusions: entries are split around them. NULL: no memory. */
static struct entry_set *make_entries(struct entry_set *set)
{
	struct entry_set *flat = entry_set_flatten(set);
	struct entry_set *distinct = flat ? entry_set_new() : NULL;
	int err = distinct ? add_last_ones(flat, distinct) : -ENOMEM;

	entry_set_unref(flat);
	if (err) {
		entry_set_unref(distinct);
		return NULL;
	}
	entry_set_finish(distinct);
	return distinct;
}

/* The entries of the job's list; NULL: the job has failed. */
static struct entry_set *read_entries(struct job *job, const struct list *list)
{
	struct entry_set *set = entry_set_new(), *entries = NULL;
	int err = set ? read_list(job, list->action, set) : -ENOMEM;

	if (!err) {
		entry_set_finish(set);
		entries = make_entries(set);
	}
	entry_set_unref(set);
	if (err == -EINVAL)
		job_fail(job, OUTCOME_INVALID, "%s has errors: nothing is imported",
			 job->import->name);
	else if (!entries)
		job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed", strerror(ENOMEM));
	return entries;
}

/* ---- the change ------------------------------------------------------------- */

/* Whether no entry is excluded from the list; else the job has failed. */
static bool check_conflicts(struct job *job, const struct list *list,
			    const struct entry_set *entries)
{
	size_t i, count = 0;

	for (i = 0; i < entries->count; i++) {
		const struct prefix *prefix = &entries->entries[i].prefix;
		char text[PREFIX_TEXT_BYTES];

		if (!list_has(list, prefix, true) || count++ >= CONFLICTS_MAX)
			continue;
		lines_add(&job->details, "%s is excluded by", prefix_format(prefix, text));
		holders_add(list, prefix, true, &job->details);
	}
	if (count > 0)
		job_fail(job, OUTCOME_CONFLICT,
			 "%zu prefixes of %s are excluded from list \"%s\": nothing is imported",
			 count, job->import->name, list->name);
	return count == 0;
}

/* Whether no protected entry would get an expiry; else the job has failed. */
static bool check_protected(const struct engine *engine, struct job *job,
			    const struct entry_set *entries)
{
	size_t i, count = 0;

	for (i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entries[i];
		char text[PREFIX_TEXT_BYTES];

		if (!entry->expires_at_sec ||
		    !protections_have(engine->protections, job->list_name, &entry->prefix))
			continue;
		if (count++ < CONFLICTS_MAX)
			lines_add(&job->details, "%s is protected",
				  prefix_format(&entry->prefix, text));
	}
	if (count > 0)
		job_fail(job, OUTCOME_CONFLICT,
			 "%zu entries of list \"%s\" are protected and can have no expiry: "
			 "unprotect them, or import without one; nothing is imported",
			 count, job->list_name);
	return count == 0;
}

/* The manual entries in force with the new ones among and in place of them, both in
 * order. NULL: out of memory. */
static struct entry_set *merge(const struct entry_set *old, const struct entry_set *new_entries,
			       struct import *import)
{
	struct entry_set *set = entry_set_new();
	size_t i = 0, j = 0, old_count = old ? old->count : 0;
	int err = set ? 0 : -ENOMEM;

	import->added_count = import->replaced_count = 0;
	while (!err && (i < old_count || j < new_entries->count)) {
		int order =
		    i == old_count ? 1
		    : j == new_entries->count
			? -1
			: prefix_compare(&old->entries[i].prefix, &new_entries->entries[j].prefix);

		if (order < 0) {
			err = entry_set_add(set, &old->entries[i++]);
			continue;
		}
		import->replaced_count += order == 0;
		import->added_count += order > 0;
		i += order == 0;
		err = entry_set_add(set, &new_entries->entries[j++]);
	}
	if (err) {
		entry_set_unref(set);
		return NULL;
	}
	entry_set_finish(set);
	return set;
}

/* Put the entries on disk, in a transaction that is left open, as one record. */
static int put_entries(struct engine *engine, const struct job *job, const struct list *list,
		       const struct entry_set *entries)
{
	struct manual_batch batch = { .state = engine->state,
				      .record = engine_record(job, HISTORY_IMPORT) };
	size_t i;
	int err;

	batch.record.origin = job->import->name;
	err = manual_begin(&batch);
	for (i = 0; i < entries->count && !err; i++) {
		const struct state_entry row = row_of_entry(list, &entries->entries[i]);

		err = manual_put(&batch, &row);
	}
	return err;
}

/* Takes over @merged. */
static int put_and_switch(struct engine *engine, const struct job *job, const struct list *list,
			  const struct entry_set *entries, struct entry_set *merged,
			  char error[DATAPATH_ERROR_BYTES])
{
	int err = put_entries(engine, job, list, entries);

	if (err) {
		entry_set_unref(merged);
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", state_error(engine->state));
		return err;
	}
	err = engine_switch_list(engine, list->name, merged, error);
	if (err)
		state_rollback(engine->state);
	return err;
}

static void import_entries(struct engine *engine, struct job *job, const struct list *list,
			   const struct entry_set *entries)
{
	struct entry_set *merged = merge(list->sets[SOURCE_MANUAL], entries, job->import);
	char error[DATAPATH_ERROR_BYTES] = "out of memory";

	if (merged && (job->import->is_dry_run || entries->count == 0)) {
		entry_set_unref(merged);
		return;
	}
	if (!merged || put_and_switch(engine, job, list, entries, merged, error))
		job_fail(job, OUTCOME_INTERNAL, "%s; nothing has changed", error);
}

void engine_import(struct engine *engine, struct job *job)
{
	const struct list *list = policy_find_list(engine->current->policy, job->list_name);
	struct entry_set *entries;

	if (!list) {
		job_fail(job, OUTCOME_NOT_FOUND, "there is no list \"%s\"", job->list_name);
		return;
	}
	entries = read_entries(job, list);
	if (entries && check_conflicts(job, list, entries) && check_protected(engine, job, entries))
		import_entries(engine, job, list, entries);
	entry_set_unref(entries);
}
