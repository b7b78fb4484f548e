/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings of block entries with addresses that no block list should have (core/hazard.h). */
#ifndef CONFIG_HAZARDS_H
#define CONFIG_HAZARDS_H

#include "base/lines.h"
#include "config/config.h"
#include "core/hazard.h"

/* What is to be looked for on this host, now: its addresses, and what is configured. */
struct hazards {
	struct hazard_spaces spaces;
	struct prefix *own; /* of the spaces */
};

/* Addresses that cannot be found out are not looked for. */
void hazards_init(struct hazards *hazards, const struct config *config);
void hazards_done(struct hazards *hazards);

/* The hazards of @list in the entries of some sources (bits by enum source), each with its
 * place, the first few of each file, and how many more there are. @file: that they are all
 * from; NULL: as their origins say. Return: 0 or -ENOMEM. */
int hazards_warn(const struct hazards *hazards, const struct list *list, unsigned int sources,
		 const char *file, struct diagnostics *diagnostics);

#endif
