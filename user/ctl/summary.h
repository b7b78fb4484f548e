/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened in a span of time: one JSON object, put together from answers of ipwld, and shown
 * as text, as HTML or as it is. ipwlctl(8) describes its members.
 */
#ifndef CTL_SUMMARY_H
#define CTL_SUMMARY_H

#include <stdint.h>

#include "ctl/client.h"
#include "ctl/writer.h"

/* How many elements of each kind are named. */
#define SUMMARY_ITEMS_MAX 20
/* Sources that are named of each block list. */
#define SUMMARY_SOURCES_MAX "5"
/* Allow entries without a hit for so long are reported, and those that expire so soon. */
#define SUMMARY_UNUSED_DAYS 90
#define SUMMARY_EXPIRING_DAYS 7
/* A feed is old if its source has not confirmed it for so long, as in contrib/ipwl-alerts.yml. */
#define SUMMARY_FEED_OLD_SEC (36 * 3600)

struct summary_span {
	int64_t since_sec;
	int64_t until_sec; /* now */
};

/* Ask ipwld. Failures are reported. @ret_summary: to be freed with json_decref(). */
enum ctl_exit summary_collect(struct client *client, const struct summary_span *span,
			      json_t **ret_summary);

/* ---- parts, without asking ----------------------------------------------------- */

/**
 * summary_connections() - what samples have counted in a span
 * @samples: SAMPLES of docs/control-api.md
 *
 * Takes the finer series if it reaches back far enough, and whole samples. Steps are put together
 * until there are at most SUMMARY_STEPS_MAX. Return: {"since", "total": {verdict: N},
 * "step_seconds", "start": [N, …], "by_verdict": {verdict: [N, …]}}; since is null if there is no
 * sample.
 */
json_t *summary_connections(const json_t *samples, const struct summary_span *span);
#define SUMMARY_STEPS_MAX 84

/* Add records of the history to {"record_count", "by": [{"author", "event", "records", "added",
 * "removed", "last_at"}, …]}, the newest first, and learned changes to {"count", "items"}. */
void summary_add_records(json_t *changes, json_t *learned, const json_t *records);

/* Append the feeds, or domains (@key of the answer), that need attention. */
void summary_add_feeds(json_t *array, const json_t *answer, const char *key);

/* ---- output ---------------------------------------------------------------------- */

/* Text or JSON. */
void summary_write(struct writer *writer, const json_t *summary);

/* One page of HTML that needs no other file. */
void summary_write_html(FILE *stream, const json_t *summary);

/* A mail with text and HTML, for `sendmail -t`. @to must be checked by summary_is_address(). */
void summary_write_mail(FILE *stream, const json_t *summary, const char *to);

/* Whether a mail header can have this address as it is. */
bool summary_is_address(const char *text);

/* A number of the summary by its path: "connections.total.allow"; 0 if it is missing. */
json_int_t summary_number(const json_t *object, const char *path);
/* The same of a text; "-" if it is missing. */
const char *summary_text(const json_t *object, const char *path);
/* The same of any member, or NULL. */
const json_t *summary_find(const json_t *object, const char *path);

#endif
