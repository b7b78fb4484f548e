/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the limits of the guard. */
#include <string.h>

#include "config/parts.h"

enum guard_key { GUARD_MAX_REMOVED_ENTRIES, GUARD_MAX_REMOVED_SHARE, GUARD_KEY_COUNT };

static const char *const guard_keys[] = {
	[GUARD_MAX_REMOVED_ENTRIES] = "max_removed_entries",
	[GUARD_MAX_REMOVED_SHARE] = "max_removed_share",
};
_Static_assert(sizeof(guard_keys) / sizeof(guard_keys[0]) == GUARD_KEY_COUNT, "all");

static void read_entries(struct document *document, const yaml_node_t *node, uint32_t *ret_limit)
{
	const char *key = guard_keys[GUARD_MAX_REMOVED_ENTRIES];
	const char *text = document_text(document, node, key);

	if (!text)
		return;
	if (!strcmp(text, "none"))
		*ret_limit = GUARD_NO_LIMIT;
	else if (!number_parse(text, false, ret_limit) || *ret_limit == GUARD_NO_LIMIT)
		document_error(document, node,
			       "%s: \"%.40s\" is neither a number of entries nor none", key, text);
}

void guard_read(struct document *document, const yaml_node_t *node, struct guard_limits *limits)
{
	yaml_node_t *values[GUARD_KEY_COUNT];

	*limits = (struct guard_limits) {
		.max_removed_entries = CONFIG_DEFAULT_GUARD_ENTRIES,
		.max_removed_share = CONFIG_DEFAULT_GUARD_SHARE,
	};
	if (!node ||
	    !document_mapping(document, node, "guard", guard_keys, GUARD_KEY_COUNT, values))
		return;
	if (values[GUARD_MAX_REMOVED_ENTRIES])
		read_entries(document, values[GUARD_MAX_REMOVED_ENTRIES],
			     &limits->max_removed_entries);
	if (values[GUARD_MAX_REMOVED_SHARE])
		document_number(document, values[GUARD_MAX_REMOVED_SHARE],
				guard_keys[GUARD_MAX_REMOVED_SHARE], false, 0, 100,
				&limits->max_removed_share);
}
