/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards: block entries with addresses that no block list should have. */
#ifndef CORE_HAZARD_H
#define CORE_HAZARD_H

#include "core/policy.h"
#include "core/prefix_search.h"

enum hazard_kind {
	HAZARD_RESERVED,  /* private, documentation and so on (reserved.h) */
	HAZARD_OWN,	  /* the host's */
	HAZARD_PROTECTED, /* configured as protected */
};

struct hazard {
	const struct list *list;
	const struct entry *entry;
	enum hazard_kind kind;
	struct prefix space;
	const char *reserved_kind; /* "private", … */
};

/* Beside reserved space, which is the same everywhere. */
struct hazard_spaces {
	struct prefix_array own;
	struct prefix_array protected;
};

/**
 * hazards_find() - look for such addresses in a block list
 * @list: need not be numbered; nothing is found in an allow list
 * @visit: called for each entry and space; the hazard is the walk's
 *
 * What the list's own exclusions take away does not count. Return: 0 or -ENOMEM.
 */
int hazards_find(const struct list *list, const struct hazard_spaces *spaces,
		 void (*visit)(const struct hazard *hazard, void *context), void *context);

#define HAZARD_TEXT_BYTES 160

/* What is wrong with the prefix that stands before: "is private space, 10.0.0.0/8",
 * "would block this host's own address 192.0.2.25"; returns @text. */
const char *hazard_describe(const struct hazard *hazard, char text[HAZARD_TEXT_BYTES]);

#endif
