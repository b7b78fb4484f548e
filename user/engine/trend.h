/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's part in remembering samples: it has the file. */
#ifndef ENGINE_TREND_H
#define ENGINE_TREND_H

#include "core/look.h"

struct engine;

/* Read the samples of earlier runs, and the last look. What cannot be read is logged. */
void engine_load_samples(struct engine *engine, struct samples *samples, struct look *last);

/* Keep samples and the last look. Return: whether they are on the disk. */
bool engine_keep_samples(struct engine *engine, const struct placed_sample *samples, size_t count,
			 const struct look *last);

#endif
