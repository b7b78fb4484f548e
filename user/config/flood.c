// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and compares `flood`: the shield against floods of SYNs. */
#include <stdio.h>

#include "config/diff_collector.h"
#include "config/parts.h"

#define DEFAULT_THRESHOLD 5000
#define DEFAULT_QUIET_SEC 60

enum flood_key { FLOOD_MODE, FLOOD_THRESHOLD, FLOOD_QUIET, FLOOD_KEY_COUNT };

static const char *const flood_keys[] = {
	[FLOOD_MODE] = "mode",
	[FLOOD_THRESHOLD] = "threshold",
	[FLOOD_QUIET] = "quiet",
};
_Static_assert(sizeof(flood_keys) / sizeof(flood_keys[0]) == FLOOD_KEY_COUNT, "all");

void flood_read_config(struct document *document, const yaml_node_t *node, struct flood *flood)
{
	yaml_node_t *values[FLOOD_KEY_COUNT];
	size_t mode;

	*flood = (struct flood) { .mode = IPWL_FLOOD_OFF,
				  .threshold = DEFAULT_THRESHOLD,
				  .quiet_sec = DEFAULT_QUIET_SEC };
	if (!node ||
	    !document_mapping(document, node, "flood", flood_keys, FLOOD_KEY_COUNT, values))
		return;
	flood->mode = IPWL_FLOOD_MONITOR;
	if (values[FLOOD_MODE] && document_choice(document, values[FLOOD_MODE], "mode",
						  flood_mode_names, IPWL_FLOOD_ENFORCE + 1, &mode))
		flood->mode = (enum ipwl_flood_mode)mode;
	if (values[FLOOD_THRESHOLD])
		document_number(document, values[FLOOD_THRESHOLD], "threshold", false,
				FLOOD_THRESHOLD_MIN, FLOOD_THRESHOLD_MAX, &flood->threshold);
	document_duration(document, values[FLOOD_QUIET], "quiet", FLOOD_QUIET_MIN_SEC,
			  FLOOD_QUIET_MAX_SEC, &flood->quiet_sec);
}

void flood_compare(struct collector *settings, const struct flood *from, const struct flood *to)
{
	char texts[2][16];

	collector_add(settings, "flood.mode", flood_mode_names[from->mode],
		      flood_mode_names[to->mode]);
	snprintf(texts[0], sizeof(texts[0]), "%u", from->threshold);
	snprintf(texts[1], sizeof(texts[1]), "%u", to->threshold);
	collector_add(settings, "flood.threshold", texts[0], texts[1]);
}
