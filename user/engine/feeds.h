/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a new copy of a feed. */
#ifndef ENGINE_FEEDS_H
#define ENGINE_FEEDS_H

#include "engine/engine.h"
#include "feeds/report.h"

/* Judge what was fetched and take it, keep it back or leave it. What came of it is in
 * @arrival. */
void engine_take_copy(struct engine *engine, struct feed_arrival *arrival);

/* Take the copy that is held back, or tell what it would change; arrival->refusal says
 * whether that could be done. */
void engine_accept_copy(struct engine *engine, const struct deed *by, struct feed_arrival *arrival);
void engine_diff_copy(const struct engine *engine, struct feed_arrival *arrival);

#endif
