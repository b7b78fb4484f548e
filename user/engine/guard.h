/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard over what is in force. */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "engine/engine.h"

/**
 * engine_guard() - whether the guard holds @next
 * @ret_message: the reason, to be freed; NULL: it does not hold it
 * @examples: entries that @next would remove, protected ones first, as lines; may be NULL
 *
 * The limits are those in force. Return: 0 or -ENOMEM.
 */
int engine_guard(const struct engine *engine, const struct snapshot *next, char **ret_message,
		 struct lines *examples);

/* Warn of each block list that would lose a larger share of its entries than a reload may take
 * from the allow lists. This is no reason to hold it: no mail is lost. */
void engine_warn_block_losses(const struct engine *engine, const struct snapshot *next,
			      struct lines *warnings);

#endif
