/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to a new copy of a feed. */
#ifndef ENGINE_FEEDS_H
#define ENGINE_FEEDS_H

#include "engine/engine.h"
#include "feeds/report.h"

/* Judge a fetched copy, and put it in force, hold it back or discard it. The result is in
 * @arrival. */
void engine_take_copy(struct engine *engine, struct feed_arrival *arrival);

/* Accept the copy that is held back, or find out what it would change; arrival->refusal says if
 * that was not possible. */
void engine_accept_copy(struct engine *engine, const struct deed *by, struct feed_arrival *arrival);
void engine_diff_copy(const struct engine *engine, struct feed_arrival *arrival);

#endif
