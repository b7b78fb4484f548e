/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what is remembered of changes and hits, and for how long. */
#include "base/duration.h"
#include "config/parts.h"

#define DAY_SEC 86400
#define KEEP_SEC_MIN DAY_SEC
#define SAMPLE_SEC_MAX DAY_SEC

enum history_key { HISTORY_KEEP, HISTORY_SAMPLE, HISTORY_KEY_COUNT };

static const char *const history_keys[] = {
	[HISTORY_KEEP] = "keep",
	[HISTORY_SAMPLE] = "sample",
};
_Static_assert(sizeof(history_keys) / sizeof(history_keys[0]) == HISTORY_KEY_COUNT, "all");

static void read_duration(struct document *document, const yaml_node_t *node, const char *key,
			  int64_t *ret_sec)
{
	const char *text = document_text(document, node, key);
	const char *refusal = text ? duration_parse(text, ret_sec) : NULL;

	if (refusal)
		document_error(document, node, "%s: \"%.40s\" %s", key, text, refusal);
}

void history_settings_read(struct document *document, const yaml_node_t *node,
			   struct history_settings *settings)
{
	yaml_node_t *values[HISTORY_KEY_COUNT];

	*settings = (struct history_settings) { .keep_sec = HISTORY_DEFAULT_KEEP_SEC,
						.sample_sec = HISTORY_DEFAULT_SAMPLE_SEC };
	if (!node ||
	    !document_mapping(document, node, "history", history_keys, HISTORY_KEY_COUNT, values))
		return;
	if (values[HISTORY_KEEP])
		read_duration(document, values[HISTORY_KEEP], "keep", &settings->keep_sec);
	if (settings->keep_sec < KEEP_SEC_MIN)
		document_error(document, values[HISTORY_KEEP], "keep: less than a day: write 400d");
	if (values[HISTORY_SAMPLE])
		read_duration(document, values[HISTORY_SAMPLE], "sample", &settings->sample_sec);
	if (settings->sample_sec > SAMPLE_SEC_MAX)
		document_error(document, values[HISTORY_SAMPLE], "sample: over a day: write 5m");
}
