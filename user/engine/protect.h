/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protects and unprotects manual entries. */
#ifndef ENGINE_PROTECT_H
#define ENGINE_PROTECT_H

#include "engine/lookup.h"

/* Protect the entry of a prefix that the list holds; without a manual entry there will be
 * one. Only the first prefix of @change counts. Return: as engine_add(). */
int engine_protect(struct engine *engine, const struct deed *by, const struct entry_change *change,
		   struct refusal *refusal);
int engine_unprotect(struct engine *engine, const struct deed *by,
		     const struct entry_change *change, struct refusal *refusal);

#endif
