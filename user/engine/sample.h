/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the counters of all rules and updates the stored hits. */
#ifndef ENGINE_SAMPLE_H
#define ENGINE_SAMPLE_H

#include <stdbool.h>

struct engine;

/* A step of the look. Return: whether it is complete. */
bool engine_sample(struct engine *engine);

/* Look at all of them at once, and write nothing. Return: 0; -ENOMEM or -EIO: hits_error() says
 * why. */
int engine_look_at_hits(struct engine *engine);

/* Look at all of them for the last time. The caller's thread must be the only one here. */
void engine_sample_all(struct engine *engine);

#endif
