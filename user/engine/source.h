/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry source supplies entries to lists. Start, reload and diff call all sources. Each
 * source reads its entries and adds them to the lists of the next snapshot. When that snapshot
 * is in force, or is abandoned, each source settles.
 *
 * Another source is a file with one of these, a line in sources.c and an enum source.
 */
#ifndef ENGINE_SOURCE_H
#define ENGINE_SOURCE_H

#include "engine/engine.h"
#include "feeds/report.h"

/* A snapshot in the making. */
struct source_reading {
	const char *path;      /* of the configuration */
	bool is_trial;	       /* it will not be put in force */
	struct snapshot *next; /* NULL until the configuration is read */
	struct lines *warnings;
	struct refusal *refusal;
};

/* What the main loop is told of sources. */
struct source_reports {
	struct feed_reports feeds[FEED_KIND_COUNT];
};

/* Each function may be NULL: there is nothing to do. */
struct entry_source {
	/* Read what there is and keep it until settle(). Return: 0; -ENOMEM; -ECANCELED: the
	 * refusal says why. */
	int (*read)(struct engine *engine, struct source_reading *reading);
	/* Give the lists of reading->next what was read. Return: 0 or -ENOMEM. */
	int (*fill)(struct engine *engine, struct source_reading *reading);
	/* Why entries that protect mail may be missing; to be freed. NULL: none are. Return: 0
	 * or -ENOMEM. */
	int (*lost)(const struct engine *engine, char **ret_why);
	/* The entries that were read are now in force, or are discarded. */
	void (*settle)(struct engine *engine, bool is_in_force);
	/* Return: 0 or -ENOMEM. */
	int (*report)(const struct engine *engine, struct source_reports *ret_reports);
};

/**
 * sources_read() - make the snapshot that is to be
 *
 * Exclusions of feeds inside protected entries are not in force (protected.h).
 * sources_settle() must follow, whatever is returned. The snapshot drops nothing if a source
 * has lost entries. Return: as entry_source.read().
 */
int sources_read(struct engine *engine, struct source_reading *reading);
void sources_settle(struct engine *engine, bool is_in_force);
/* @ret_reports: for source_reports_done(), whatever is returned. Return: 0 or -ENOMEM. */
int sources_report(const struct engine *engine, struct source_reports *ret_reports);
void source_reports_done(struct source_reports *reports);

#endif
