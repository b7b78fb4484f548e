/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Feeds as an entry source. */
#ifndef ENGINE_FEED_SOURCE_H
#define ENGINE_FEED_SOURCE_H

#include "engine/engine.h"

struct entry_source;
struct stored_feed;

extern const struct entry_source feed_source;

/* Read the copies of all feeds again and give @next, of the configuration in force, what they
 * have: entries that had expired by a wrong clock, too. feed_source.settle() is to follow.
 * Return: 0 or -ENOMEM. */
int feed_source_reread(struct engine *engine, struct snapshot *next);

/* A new copy of @feed is in @next: a suspension ends if it was for a damaged copy and none
 * is missing any more. */
void feed_source_resume(const struct engine *engine, const struct stored_feed *feed,
			struct snapshot *next);

#endif
