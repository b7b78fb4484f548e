/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry source: whatever lists have entries from. Start, reload and diff walk all of
 * them: each reads what it has for the snapshot that is to be and gives its lists their
 * entries; once that snapshot is in force, or is not, each settles.
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
	struct feed_reports feeds;
};

/* Each function may be NULL: there is nothing to do. */
struct entry_source {
	/* Read what there is and keep it until settle(). Return: 0; -ENOMEM; -ECANCELED: the
	 * refusal says why. */
	int (*read)(struct engine *engine, struct source_reading *reading);
	/* Give the lists of reading->next what was read. Return: 0 or -ENOMEM. */
	int (*fill)(struct engine *engine, struct source_reading *reading);
	/* Why entries may be missing that have kept mail from being dropped; to be freed. NULL:
	 * none are. Return: 0 or -ENOMEM. */
	int (*lost)(const struct engine *engine, char **ret_why);
	/* What was read is of what is in force now, or of nothing. */
	void (*settle)(struct engine *engine, bool is_in_force);
	/* Return: 0 or -ENOMEM. */
	int (*report)(const struct engine *engine, struct source_reports *ret_reports);
};

/**
 * sources_read() - make the snapshot that is to be
 *
 * What feeds exclude of protected entries is not in force (protected.h).
 * sources_settle() is to follow, whatever is returned. Nothing is dropped by the snapshot
 * if a source has lost entries. Return: as entry_source.read().
 */
int sources_read(struct engine *engine, struct source_reading *reading);
void sources_settle(struct engine *engine, bool is_in_force);
/* Return: 0 or -ENOMEM. */
int sources_report(const struct engine *engine, struct source_reports *ret_reports);

#endif
