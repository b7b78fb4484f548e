/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warns of block entries with addresses that no block list should have (core/hazard.h). */
#ifndef CONFIG_HAZARDS_H
#define CONFIG_HAZARDS_H

#include "base/lines.h"
#include "config/config.h"
#include "core/hazard.h"

/* The spaces to look for on this host at present: its addresses, and configured prefixes. */
struct hazards {
	struct hazard_spaces spaces;
	struct prefix *own; /* the storage of spaces.own */
};

/* If the host's addresses cannot be read, they are left out. */
void hazards_init(struct hazards *hazards, const struct config *config);
void hazards_done(struct hazards *hazards);

/* Warn of the hazards of @list in the entries of @sources (one bit for each enum source). Each
 * warning names the place. There are a few for each file, then the number of the others. @file:
 * the file of all entries; NULL: each entry's origin is its file. Return: 0 or -ENOMEM. */
int hazards_warn(const struct hazards *hazards, const struct list *list, unsigned int sources,
		 const char *file, struct diagnostics *diagnostics);

#endif
