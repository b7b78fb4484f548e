/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list in any format as manual entries. A long one is put in force piece by piece, so that other
 * tasks need not wait for all of it. */
#ifndef ENGINE_IMPORT_H
#define ENGINE_IMPORT_H

#include "engine/engine.h"
#include "formats/read.h"
#include "store/manual.h"

#define IMPORT_PIECE_ENTRIES 10000

struct import {
	char *list; /* whose entries they are to be */
	/* Where the bytes come from, name, format and skips_bad_lines; all else is the engine's to
	 * fill in. */
	struct format_input input;
	int64_t ttl_sec; /* 0: without end, where the list says nothing else */
	bool is_dry_run;
	bool is_forced;	      /* also if it blocks what nobody wants to block */
	size_t piece_entries; /* so many are put in force at a time; 0: IMPORT_PIECE_ENTRIES */
};

struct import_result {
	struct format_result read;
	int64_t expires_at_sec; /* where the list says nothing else; 0: never */
	size_t added_count;
	size_t replaced_count;
	/* Of a dry run, to be freed with import_result_done(). */
	struct lines skipped;	   /* records that are no entries */
	struct entry_set *entries; /* what would be in force; or NULL */
};

void import_result_done(struct import_result *result);

/* An import under way; zeroed before the first step. */
struct import_progress {
	struct entry_set *entries; /* of the list, once it is read */
	size_t done_count;	   /* so many of them are in force */
	struct manual_batch batch; /* all pieces are one record of the history */
};

void import_progress_done(struct import_progress *progress);

/**
 * engine_import_step() - import a list, or the next piece of it
 *
 * The first step reads and checks all of the list: unless it is faultless, nothing changes. Each
 * piece is one commit and one switch.
 *
 * Return: 0: the import is complete; 1: there must be another step; -ECANCELED: @refusal says why,
 * and how much of the list is in force.
 */
int engine_import_step(struct engine *engine, const struct deed *by, const struct import *import,
		       struct import_progress *progress, struct import_result *result,
		       struct lines *warnings, struct refusal *refusal);

#endif
