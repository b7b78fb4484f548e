/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A format's writer, as formats.c has them; others include export.h. */
#ifndef FORMATS_LAYOUT_H
#define FORMATS_LAYOUT_H

#include "core/prefix_set.h"
#include "formats/write.h"

/* How the nodes of a set come. */
enum export_order {
	ORDER_FLAT,	     /* without holes, split around them */
	ORDER_OUTER_FIRST,   /* a prefix before what lies in it */
	ORDER_SPECIFIC_FIRST /* a prefix after what lies in it: where the first match wins */
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
	/* Any may be NULL. */
	void (*begin)(struct export_writer *writer);
	void (*write_node)(struct export_writer *writer, const struct prefix_node *node);
	void (*end)(struct export_writer *writer);
};

extern const struct export_layout export_layouts[EXPORT_FORMAT_COUNT];

#endif
