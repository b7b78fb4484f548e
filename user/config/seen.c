/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `events` and `seen`: which attempts are reported, and which are remembered. */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "config/parts.h"

#define HOUR_SEC 3600
#define KEEP_SEC_MAX (90 * 24 * HOUR_SEC)
#define ROWS_MIN 1000
#define ROWS_MAX 10000000
/* More lines would fill the journal. */
#define JOURNAL_MAX 10000

/* More would only fill the ring. */
#define PER_SECOND_MAX 100000
#define PER_SOURCE_MINUTE_MAX 100000

enum events_key { EVENTS_PER_SECOND, EVENTS_PER_SOURCE_MINUTE, EVENTS_KEY_COUNT };

static const char *const events_keys[] = {
	[EVENTS_PER_SECOND] = "per_second",
	[EVENTS_PER_SOURCE_MINUTE] = "per_source_minute",
};
_Static_assert(sizeof(events_keys) / sizeof(events_keys[0]) == EVENTS_KEY_COUNT, "all");

enum seen_key { SEEN_KEEP, SEEN_MAX_ROWS, SEEN_JOURNAL_PER_MINUTE, SEEN_KEY_COUNT };

static const char *const seen_keys[] = {
	[SEEN_KEEP] = "keep",
	[SEEN_MAX_ROWS] = "max_rows",
	[SEEN_JOURNAL_PER_MINUTE] = "journal_per_minute",
};
_Static_assert(sizeof(seen_keys) / sizeof(seen_keys[0]) == SEEN_KEY_COUNT, "all");

void events_read(struct document *document, const yaml_node_t *node,
		 struct event_settings *settings)
{
	yaml_node_t *values[EVENTS_KEY_COUNT];

	*settings = (struct event_settings) {
		.per_second = EVENTS_DEFAULT_PER_SECOND,
		.per_source_minute = EVENTS_DEFAULT_PER_SOURCE_MINUTE,
	};
	if (!node ||
	    !document_mapping(document, node, "events", events_keys, EVENTS_KEY_COUNT, values))
		return;
	if (values[EVENTS_PER_SECOND])
		document_number_or_none(document, values[EVENTS_PER_SECOND],
					events_keys[EVENTS_PER_SECOND], PER_SECOND_MAX,
					&settings->per_second);
	if (values[EVENTS_PER_SOURCE_MINUTE])
		document_number(document, values[EVENTS_PER_SOURCE_MINUTE],
				events_keys[EVENTS_PER_SOURCE_MINUTE], false, 1,
				PER_SOURCE_MINUTE_MAX, &settings->per_source_minute);
}

static void read_keep(struct document *document, const yaml_node_t *node, int64_t *ret_sec)
{
	const char *text = document_text(document, node, seen_keys[SEEN_KEEP]);
	const char *refusal;
	int64_t sec = HOUR_SEC;

	if (!text)
		return;
	if (!strcmp(text, "none")) {
		*ret_sec = 0;
		return;
	}
	refusal = duration_parse(text, &sec);
	if (refusal)
		document_error(document, node, "keep: \"%.40s\" %s", text, refusal);
	else if (sec < HOUR_SEC || sec > KEEP_SEC_MAX)
		document_error(document, node,
			       "keep: must be from 1h to 90d, or none, not \"%.40s\"", text);
	else
		*ret_sec = sec;
}

void seen_read(struct document *document, const yaml_node_t *node, struct seen_settings *settings)
{
	yaml_node_t *values[SEEN_KEY_COUNT];

	*settings = (struct seen_settings) {
		.keep_sec = SEEN_DEFAULT_KEEP_SEC,
		.max_rows = SEEN_DEFAULT_MAX_ROWS,
		.journal_per_minute = SEEN_DEFAULT_JOURNAL_PER_MINUTE,
	};
	if (!node || !document_mapping(document, node, "seen", seen_keys, SEEN_KEY_COUNT, values))
		return;
	if (values[SEEN_KEEP])
		read_keep(document, values[SEEN_KEEP], &settings->keep_sec);
	if (values[SEEN_MAX_ROWS])
		document_number(document, values[SEEN_MAX_ROWS], seen_keys[SEEN_MAX_ROWS], false,
				ROWS_MIN, ROWS_MAX, &settings->max_rows);
	if (values[SEEN_JOURNAL_PER_MINUTE])
		document_number_or_none(document, values[SEEN_JOURNAL_PER_MINUTE],
					seen_keys[SEEN_JOURNAL_PER_MINUTE], JOURNAL_MAX,
					&settings->journal_per_minute);
}
