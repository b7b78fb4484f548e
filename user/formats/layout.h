/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writers of formats, as in writers.c. Other files include write.h. */
#ifndef FORMATS_LAYOUT_H
#define FORMATS_LAYOUT_H

#include "core/prefix_set.h"
#include "formats/write.h"

/* The order in which the nodes of a set are written. */
enum export_order {
	ORDER_FLAT,	      /* without holes; prefixes are split around them */
	ORDER_ROUTES,	      /* the same; a block list without the addresses of allow lists */
	ORDER_OUTER_FIRST,    /* a prefix before those inside it */
	ORDER_SPECIFIC_FIRST, /* a prefix after those inside it: the first match wins */
	ORDER_ENTRIES	      /* entries instead of a set (entries.h) */
};

struct export_writer {
	const struct export *export;
	FILE *stream;
	size_t count; /* nodes written so far */
	size_t family_counts[FAMILY_COUNT];
};

struct export_layout {
	enum export_order order;
	bool has_comments; /* lines that begin with # */
	/* Each of these may be NULL. */
	void (*begin)(struct export_writer *writer);
	void (*write_node)(struct export_writer *writer, const struct prefix_node *node);
	void (*end)(struct export_writer *writer);
};

extern const struct export_layout export_layouts[EXPORT_FORMAT_COUNT];

#endif
