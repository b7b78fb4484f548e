/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what the engine does, for the history (store/history.h). */
#ifndef ENGINE_RECORDS_H
#define ENGINE_RECORDS_H

#include "engine/engine.h"
#include "store/history.h"

struct feed_config;
struct feed_diff;

/* The record of a deed, begun by nobody yet; strings are those of @by, which may be NULL: the
 * engine itself. */
struct history_record engine_record(const struct deed *by, enum history_event event);

/* Count what one set has and the other has not, exclusions too, because they change verdicts.
 * Either may be NULL. */
void engine_count_changes(const struct entry_set *from, const struct entry_set *to,
			  struct history_change *change);

/* The following functions record changes that have taken effect, so a failure is only a
 * warning. */

/* What a reload has changed in config, files and feeds. */
void engine_record_reload(struct engine *engine, const struct deed *by, const struct policy *before,
			  struct lines *warnings);

/* A reload that the guard held: @why, and what it would have changed. */
void engine_record_held(struct engine *engine, const struct deed *by, const struct policy *held,
			const char *why, struct lines *warnings);

/* ipwl was detached. Return: 0 or -EIO. */
int engine_record_detach(struct engine *engine, const struct deed *by);

/* A copy of @feed that took effect. */
void engine_record_feed(struct engine *engine, const struct deed *by,
			const struct feed_config *feed, const struct feed_diff *diff,
			struct lines *warnings);

#endif
