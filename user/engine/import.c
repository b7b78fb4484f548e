/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Import: a list in any format (formats/read.c) becomes manual entries. All of it is checked before
 * any of it is put in force, by one commit and one switch of the tables for each piece. */
#include "engine/import.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "config/hazards.h"
#include "core/provenance.h"
#include "engine/danger.h"
#include "engine/internal.h"
#include "engine/lookup.h"
#include "engine/records.h"
#include "store/manual.h"
#include "store/protections.h"

/* Conflicts that are told one by one. */
#define CONFLICTS_MAX 20

/* An import under way. */
struct importing {
	struct engine *engine;
	const struct deed *by;
	const struct import *import;
	const struct list *list;
	struct import_progress *progress;
	struct import_result *result;
	struct lines *warnings;
	struct refusal *refusal;
	char outcome[96]; /* what a failure leaves in force */
};

/* ---- the list --------------------------------------------------------------- */

/* Read the list into @set. Return: 0; -EINVAL: the details say what is wrong; -ENOMEM. */
static int import_read_list(const struct importing *importing, struct entry_set *set)
{
	const struct import *import = importing->import;
	struct format_input input = import->input;
	struct diagnostics diagnostics;
	int err;

	input.now_sec = time_now_sec();
	input.action = importing->list->action;
	input.source = SOURCE_MANUAL;
	input.origin = input.author = importing->by->author;
	input.reason = importing->by->reason;
	input.added_at_sec = input.now_sec;
	input.expires_at_sec = import->ttl_sec ? input.now_sec + import->ttl_sec : 0;
	input.set = set;
	input.skipped = import->is_dry_run ? &importing->result->skipped : NULL;
	input.diagnostics = &diagnostics;
	importing->result->expires_at_sec = input.expires_at_sec;
	diagnostics_init(&diagnostics);
	err = format_read(&input, &importing->result->read);
	diagnostics_lines(&diagnostics, SIZE_MAX, &importing->refusal->details,
			  importing->warnings);
	diagnostics_done(&diagnostics);
	if (!err && format_is_cut(&importing->result->read))
		lines_add(importing->warnings,
			  "%s: the number of records differs from the number that it states: if it "
			  "was truncated, fetch it again",
			  input.name);
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

/* Warn of what no block list should have; @set: with the lines of the file. */
static int import_warn(const struct importing *importing, struct entry_set *set)
{
	const struct list *list = importing->list;
	struct list all = { .name = list->name, .action = list->action };
	struct diagnostics diagnostics;
	struct lines errors = { 0 };
	struct hazards hazards;
	int err;

	all.sets[SOURCE_CONFIG] = list->sets[SOURCE_CONFIG];
	all.sets[SOURCE_FILE] = list->sets[SOURCE_FILE];
	all.sets[SOURCE_MANUAL] = set;
	diagnostics_init(&diagnostics);
	hazards_init(&hazards, importing->engine->current->config);
	err = hazards_warn(&hazards, &all, 1U << SOURCE_MANUAL, importing->import->input.name,
			   &diagnostics);
	hazards_done(&hazards);
	diagnostics_lines(&diagnostics, SIZE_MAX, &errors, importing->warnings);
	diagnostics_done(&diagnostics);
	return err;
}

/* The entries of the list; NULL: it is refused. */
static struct entry_set *import_read_entries(const struct importing *importing)
{
	struct entry_set *set = entry_set_new(), *entries = NULL;
	int err = set ? import_read_list(importing, set) : -ENOMEM;

	if (!err) {
		entry_set_finish(set);
		entries = import_warn(importing, set) ? NULL : make_entries(set);
	}
	entry_set_unref(set);
	if (err == -EINVAL)
		refusal_set(importing->refusal, OUTCOME_INVALID, "%s has errors: %s",
			    importing->import->input.name, importing->outcome);
	else if (!entries)
		refusal_set(importing->refusal, OUTCOME_INTERNAL, "%s; %s", strerror(ENOMEM),
			    importing->outcome);
	return entries;
}

/* ---- the change ------------------------------------------------------------- */

/* Whether no entry is excluded from the list. */
static int import_check_conflicts(const struct importing *importing,
				  const struct entry_set *entries)
{
	const struct list *list = importing->list;
	struct lines *details = &importing->refusal->details;
	size_t i, count = 0;

	for (i = 0; i < entries->count; i++) {
		const struct prefix *prefix = &entries->entries[i].prefix;
		char text[PREFIX_TEXT_BYTES];

		if (!list_has(list, prefix, true) || count++ >= CONFLICTS_MAX)
			continue;
		lines_add(details, "%s is excluded by", prefix_format(prefix, text));
		holders_add(list, prefix, true, details);
	}
	if (!count)
		return 0;
	return refusal_set(importing->refusal, OUTCOME_CONFLICT,
			   "list \"%s\" excludes prefixes of %s (%zu): %s", list->name,
			   importing->import->input.name, count, importing->outcome);
}

/* Whether no protected entry would get an expiry. */
static int import_check_protected(const struct importing *importing,
				  const struct entry_set *entries)
{
	const struct list *list = importing->list;
	size_t i, count = 0;

	for (i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->entries[i];
		char text[PREFIX_TEXT_BYTES];

		if (!entry->about->expires_at_sec ||
		    !protections_have(importing->engine->protections, list->name, &entry->prefix))
			continue;
		if (count++ < CONFLICTS_MAX)
			lines_add(&importing->refusal->details, "%s is protected",
				  prefix_format(&entry->prefix, text));
	}
	if (!count)
		return 0;
	return refusal_set(importing->refusal, OUTCOME_CONFLICT,
			   "protected entries of list \"%s\" cannot expire (%zu): unprotect them, "
			   "or import without an expiry; %s",
			   list->name, count, importing->outcome);
}

/* Whether the entries block nothing that nobody wants to block. A dry run only says so. */
static int import_check_dangers(const struct importing *importing, struct entry_set *entries)
{
	struct lines dangers = { 0 };
	int err;

	if (importing->import->is_forced)
		return 0;
	err = danger_check(importing->engine, importing->list, entries, &dangers);
	if (err)
		err = refusal_set_memory(importing->refusal);
	else if (importing->import->is_dry_run && dangers.count)
		lines_add(importing->warnings, "%s: without --force, this would be refused",
			  dangers.items[0]);
	else
		err = danger_refuse(importing->list, importing->import->input.name, &dangers,
				    importing->refusal);
	lines_done(&dangers);
	return err;
}

/* Take the next entry of either set, both in order; of two that are the same the new one. */
static int merge_next(struct entry_set *set, const struct entry_set *old, size_t *i,
		      const struct entry_set *new_entries, size_t *j, struct import_result *result)
{
	const struct entry *old_entry = old && *i < old->count ? &old->entries[*i] : NULL;
	const struct entry *new_entry = *j < new_entries->count ? &new_entries->entries[*j] : NULL;
	int order = !old_entry	 ? 1
		    : !new_entry ? -1
				 : prefix_compare(&old_entry->prefix, &new_entry->prefix);

	result->replaced_count += order == 0;
	result->added_count += order > 0;
	*i += order <= 0;
	*j += order >= 0;
	return entry_set_add(set, order < 0 ? old_entry : new_entry);
}

/* The manual entries in force with the new ones among and in place of them. NULL: out of
 * memory. */
static struct entry_set *merge_entries(const struct entry_set *old,
				       const struct entry_set *new_entries,
				       struct import_result *result)
{
	struct entry_set *set = entry_set_new();
	size_t i = 0, j = 0, old_count = old ? old->count : 0;

	if (!set)
		return NULL;
	while (i < old_count || j < new_entries->count) {
		if (merge_next(set, old, &i, new_entries, &j, result)) {
			entry_set_unref(set);
			return NULL;
		}
	}
	entry_set_finish(set);
	return set;
}

/* Put the entries on disk, in a transaction that is left open. All pieces are one record. */
static int import_put_rows(const struct importing *importing, const struct entry_set *entries)
{
	struct manual_batch *batch = &importing->progress->batch;
	int err = 0;

	if (!importing->progress->done_count) {
		*batch = (struct manual_batch) {
			.state = importing->engine->state,
			.record = engine_record(importing->by, HISTORY_IMPORT),
		};
		batch->record.origin = importing->import->input.name;
		err = manual_begin(batch);
	}
	for (size_t i = 0; i < entries->count && !err; i++) {
		const struct state_entry row = row_of_entry(importing->list, &entries->entries[i]);

		err = manual_put(batch, &row);
	}
	return err;
}

static int import_entries(const struct importing *importing, const struct entry_set *entries)
{
	struct engine *engine = importing->engine;
	struct import_result counted = { .added_count = 0 };
	struct entry_set *merged =
	    merge_entries(importing->list->sets[SOURCE_MANUAL], entries, &counted);
	char error[DATAPATH_ERROR_BYTES];

	if (!merged)
		return refusal_set(importing->refusal, OUTCOME_INTERNAL, "%s; %s", strerror(ENOMEM),
				   importing->outcome);
	if (importing->import->is_dry_run || !entries->count) {
		entry_set_unref(merged);
	} else if (import_put_rows(importing, entries)) {
		entry_set_unref(merged);
		return refusal_set(importing->refusal, OUTCOME_INTERNAL, "%s; %s",
				   state_error(engine->state), importing->outcome);
	} else if (engine_switch_list(engine, importing->list->name, merged, error)) {
		return refusal_set(importing->refusal, OUTCOME_INTERNAL, "%s; %s", error,
				   importing->outcome);
	}
	importing->result->added_count += counted.added_count;
	importing->result->replaced_count += counted.replaced_count;
	importing->progress->done_count += entries->count;
	return 0;
}

/* The next entries, as a set for reading. A dry run has no pieces. */
static struct entry_set next_piece(const struct importing *importing)
{
	const struct import_progress *progress = importing->progress;
	const size_t left = progress->entries->count - progress->done_count;
	const struct import *import = importing->import;
	const size_t max = import->is_dry_run	   ? left
			   : import->piece_entries ? import->piece_entries
						   : IMPORT_PIECE_ENTRIES;

	return (struct entry_set) {
		.entries = progress->entries->entries + progress->done_count,
		.count = left < max ? left : max,
	};
}

/* Whether the entries may be in the list. Before each piece this is asked again, because another
 * task may have changed the list. */
static int import_check(const struct importing *importing, const struct entry_set *entries)
{
	int err = import_check_conflicts(importing, entries);

	return err ? err : import_check_protected(importing, entries);
}

/* Read and check all of the list. Return: 0; 1: that has taken its time, and others are next;
 * -ECANCELED. */
static int import_begin(const struct importing *importing)
{
	struct entry_set *entries = import_read_entries(importing);
	int err;

	if (!entries)
		return -ECANCELED;
	importing->progress->entries = entries;
	if (importing->import->is_dry_run)
		importing->result->entries = entry_set_ref(entries);
	err = import_check(importing, entries);
	if (!err)
		err = import_check_dangers(importing, entries);
	if (err)
		return err;
	return next_piece(importing).count < entries->count ? 1 : 0;
}

static int import_continue(const struct importing *importing)
{
	const struct import_progress *progress = importing->progress;
	const struct entry_set piece = next_piece(importing);
	int err = progress->done_count ? import_check(importing, &piece) : 0;

	if (!err)
		err = import_entries(importing, &piece);
	if (err)
		return err;
	return progress->done_count < progress->entries->count ? 1 : 0;
}

void import_result_done(struct import_result *result)
{
	lines_done(&result->skipped);
	entry_set_unref(result->entries);
	result->entries = NULL;
}

void import_progress_done(struct import_progress *progress)
{
	entry_set_unref(progress->entries);
	*progress = (struct import_progress) { 0 };
}

int engine_import_step(struct engine *engine, const struct deed *by, const struct import *import,
		       struct import_progress *progress, struct import_result *result,
		       struct lines *warnings, struct refusal *refusal)
{
	struct importing importing = {
		.engine = engine,
		.by = by,
		.import = import,
		.list = engine_find_list(engine, import->list, refusal),
		.progress = progress,
		.result = result,
		.warnings = warnings,
		.refusal = refusal,
		.outcome = "nothing was imported",
	};
	int err = 0;

	if (!importing.list)
		return -ECANCELED;
	if (progress->entries && progress->done_count)
		snprintf(importing.outcome, sizeof(importing.outcome),
			 "the first %zu of %zu %s were imported", progress->done_count,
			 progress->entries->count,
			 plural(progress->entries->count, "entry", "entries"));
	if (!progress->entries)
		err = import_begin(&importing);
	return err ? err : import_continue(&importing);
}
