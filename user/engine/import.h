/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list in any format as manual entries. */
#ifndef ENGINE_IMPORT_H
#define ENGINE_IMPORT_H

#include "engine/engine.h"
#include "formats/read.h"

struct import {
	char *list; /* whose entries they are to be */
	/* Where the bytes come from, name, format and skips_bad_lines; all else is the engine's to
	 * fill in. */
	struct format_input input;
	int64_t ttl_sec; /* 0: without end, where the list says nothing else */
	bool is_dry_run;
	bool is_forced; /* also if it blocks what nobody wants to block */
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

/* All of the list or nothing, by one commit and one switch. Return: 0; -ECANCELED: nothing
 * has changed, and @refusal says why. */
int engine_import(struct engine *engine, const struct deed *by, const struct import *import,
		  struct import_result *ret_result, struct lines *warnings,
		  struct refusal *refusal);

#endif
