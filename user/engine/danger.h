/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New manual entries of a block list that would block what nobody wants to block. */
#ifndef ENGINE_DANGER_H
#define ENGINE_DANGER_H

#include "engine/engine.h"

/**
 * danger_check() - apply the guards of feeds to entries that a person adds
 * @list: to which they are added; allow lists have no dangers
 * @set: finished; the new entries and exclusions
 * @ret_dangers: a line for each entry that contains an address of this host or a part of the
 *               protected prefixes, or is very wide; empty: there are none
 *
 * Reserved space only gives warnings elsewhere: it does no harm to mail. Return: 0 or -ENOMEM.
 */
int danger_check(const struct engine *engine, const struct list *list, struct entry_set *set,
		 struct lines *ret_dangers);

/* Find the same of any entries. @config: of this host. @visit: called for each danger of each entry
 * of @set, with what is said of it after its prefix. Return: 0 or -ENOMEM. */
int danger_find(const struct config *config, const struct list *list, struct entry_set *set,
		void (*visit)(const struct entry *entry, const char *what, void *context),
		void *context);

/* Refuse because of @dangers, which are moved to the details. @what was to be added. */
int danger_refuse(const struct list *list, const char *what, struct lines *dangers,
		  struct refusal *refusal);

#endif
