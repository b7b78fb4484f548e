/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries whose time has come. */
#ifndef ENGINE_EXPIRY_H
#define ENGINE_EXPIRY_H

#include "engine/engine.h"

/* Take them out of force and off the disk; bring back those that a clock which was ahead had
 * expire. Return: 0 or -errno: not all of that is done. */
int engine_expire(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

/* Before the first snapshot: bring back what a clock that was ahead had expire. */
void engine_return_expired(struct engine *engine);

/* Delete their rows; one that stays for want of space is passed over when read. */
void engine_forget_expired(struct engine *engine);

#endif
