/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protects and unprotects manual entries. */
#ifndef ENGINE_PROTECT_H
#define ENGINE_PROTECT_H

#include "engine/lookup.h"

/* Protect the entry of a prefix that the list holds; without a manual entry there will be
 * one. @ret_found and Return: as engine_add(). */
int engine_protect(struct engine *engine, const struct deed *by, const struct entry_change *change,
		   struct entry_found *ret_found, struct refusal *refusal);
int engine_unprotect(struct engine *engine, const struct deed *by,
		     const struct entry_change *change, struct entry_found *ret_found,
		     struct refusal *refusal);

#endif
