// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and compares `limits`: how many attempts a minute unlisted sources may make. */
#include <stdio.h>

#include "config/diff_collector.h"
#include "config/parts.h"

#define ADDRESS_DEFAULT_PER_MINUTE 30
#define NETWORK_DEFAULT_PER_MINUTE 120
#define BURST_MAX 60000

enum limits_key {
	LIMITS_MODE,
	LIMITS_ADDRESS_PER_MINUTE,
	LIMITS_ADDRESS_BURST,
	LIMITS_NETWORK_PER_MINUTE,
	LIMITS_NETWORK_BURST,
	LIMITS_KEY_COUNT,
};

static const char *const limits_keys[] = {
	[LIMITS_MODE] = "mode",
	[LIMITS_ADDRESS_PER_MINUTE] = "address_per_minute",
	[LIMITS_ADDRESS_BURST] = "address_burst",
	[LIMITS_NETWORK_PER_MINUTE] = "network_per_minute",
	[LIMITS_NETWORK_BURST] = "network_burst",
};
_Static_assert(sizeof(limits_keys) / sizeof(limits_keys[0]) == LIMITS_KEY_COUNT, "all");

static void limit_read(struct document *document, yaml_node_t *const values[],
		       enum limits_key per_minute, enum limits_key burst, struct limit *limit)
{
	if (values[per_minute])
		document_number_or_none(document, values[per_minute], limits_keys[per_minute],
					LIMIT_PER_MINUTE_MAX, &limit->per_minute);
	/* By default as many as in a minute. */
	limit->burst = limit->per_minute;
	if (!values[burst])
		return;
	if (!limit->per_minute)
		document_error(document, values[burst], "%s: there is no limit: remove this key",
			       limits_keys[burst]);
	else
		document_number(document, values[burst], limits_keys[burst], false, 1, BURST_MAX,
				&limit->burst);
}

void limits_read_config(struct document *document, const yaml_node_t *node, struct limits *limits)
{
	yaml_node_t *values[LIMITS_KEY_COUNT];
	size_t mode;

	*limits = (struct limits) { .mode = IPWL_LIMITS_OFF };
	if (!node ||
	    !document_mapping(document, node, "limits", limits_keys, LIMITS_KEY_COUNT, values))
		return;
	limits->mode = IPWL_LIMITS_MONITOR;
	limits->of[IPWL_LIMIT_ADDRESS].per_minute = ADDRESS_DEFAULT_PER_MINUTE;
	limits->of[IPWL_LIMIT_NETWORK].per_minute = NETWORK_DEFAULT_PER_MINUTE;
	if (values[LIMITS_MODE] &&
	    document_choice(document, values[LIMITS_MODE], "mode", limit_mode_names,
			    IPWL_LIMITS_ENFORCE + 1, &mode))
		limits->mode = (enum ipwl_limit_mode)mode;
	limit_read(document, values, LIMITS_ADDRESS_PER_MINUTE, LIMITS_ADDRESS_BURST,
		   &limits->of[IPWL_LIMIT_ADDRESS]);
	limit_read(document, values, LIMITS_NETWORK_PER_MINUTE, LIMITS_NETWORK_BURST,
		   &limits->of[IPWL_LIMIT_NETWORK]);
}

/* ---- differences ------------------------------------------------------------- */

/* @key: constant */
static void compare_number(struct collector *settings, const char *key, uint32_t from, uint32_t to)
{
	const uint32_t numbers[] = { from, to };
	char texts[2][16];

	for (int i = 0; i < 2; i++) {
		if (numbers[i])
			snprintf(texts[i], sizeof(texts[i]), "%u", numbers[i]);
		else
			snprintf(texts[i], sizeof(texts[i]), "none");
	}
	collector_add(settings, key, texts[0], texts[1]);
}

void limits_compare(struct collector *settings, const struct limits *from, const struct limits *to)
{
	static const char *const keys[IPWL_LIMIT_COUNT][2] = {
		[IPWL_LIMIT_ADDRESS] = { "limits.address_per_minute", "limits.address_burst" },
		[IPWL_LIMIT_NETWORK] = { "limits.network_per_minute", "limits.network_burst" },
	};

	collector_add(settings, "limits.mode", limit_mode_names[from->mode],
		      limit_mode_names[to->mode]);
	for (int i = 0; i < IPWL_LIMIT_COUNT; i++) {
		const struct limit *before = &from->of[i], *after = &to->of[i];

		compare_number(settings, keys[i][0], before->per_minute, after->per_minute);
		/* By default, it follows. */
		if (before->burst != before->per_minute || after->burst != after->per_minute)
			compare_number(settings, keys[i][1], before->burst, after->burst);
	}
}
