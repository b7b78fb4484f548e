/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries whose time has come. */
#ifndef ENGINE_EXPIRY_H
#define ENGINE_EXPIRY_H

#include "engine/engine.h"

/* Take them out of force and off the disk. Return: 0 or -errno: they are still in force. */
int engine_expire(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

/* Delete their rows; one that stays for want of space is passed over when read. */
void engine_forget_expired(struct engine *engine);

#endif
