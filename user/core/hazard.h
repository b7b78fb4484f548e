/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards are block entries with addresses that no block list should hold. */
#ifndef CORE_HAZARD_H
#define CORE_HAZARD_H

#include "core/policy.h"
#include "core/prefix_search.h"

enum hazard_kind {
	HAZARD_RESERVED,  /* private, documentation and so on (reserved.h) */
	HAZARD_OWN,	  /* the host's own address */
	HAZARD_PROTECTED, /* configured as protected */
};

struct hazard {
	const struct list *list;
	const struct entry *entry;
	enum hazard_kind kind;
	struct prefix space;
	const char *reserved_kind; /* "private", … */
};

/* The spaces of this host. Reserved space is the same everywhere, so it is not here. */
struct hazard_spaces {
	struct prefix_array own;
	struct prefix_array protected;
};

/**
 * hazards_find() - find the hazards of a block list
 * @list: need not be numbered; an allow list has no hazards
 * @visit: called for each entry and space; the hazard is only valid during the call
 *
 * Addresses that the list itself excludes are ignored. Return: 0 or -ENOMEM.
 */
int hazards_find(const struct list *list, const struct hazard_spaces *spaces,
		 void (*visit)(const struct hazard *hazard, void *context), void *context);

#define HAZARD_TEXT_BYTES 160

/* Describe a hazard as the predicate of a sentence whose subject is the prefix: "is private
 * space, 10.0.0.0/8", "would block this host's own address 192.0.2.25". Returns @text. */
const char *hazard_describe(const struct hazard *hazard, char text[HAZARD_TEXT_BYTES]);

#endif
