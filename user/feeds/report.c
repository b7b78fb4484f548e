/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates and frees reports of feeds and arriving copies. */
#include "feeds/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const feed_result_names[] = {
	[FEED_RESULT_NEW] = "new",	 [FEED_RESULT_UNCHANGED] = "unchanged",
	[FEED_RESULT_HELD] = "held",	 [FEED_RESULT_INVALID] = "invalid",
	[FEED_RESULT_FAILED] = "failed",
};
_Static_assert(sizeof(feed_result_names) / sizeof(*feed_result_names) == FEED_RESULT_COUNT, "all");

bool feed_report_matters(const struct feed_report *report)
{
	return !report->is_learned || report->has_copy;
}

void feed_report_done(struct feed_report *report)
{
	free(report->name);
	free(report->trouble);
	lines_done(&report->notes);
	lines_done(&report->held_reasons);
	free(report->url);
	free(report->etag);
	free(report->last_modified);
	*report = (struct feed_report) { 0 };
}

void feed_reports_done(struct feed_reports *reports)
{
	for (size_t i = 0; i < reports->count; i++)
		feed_report_done(&reports->items[i]);
	free(reports->items);
	*reports = (struct feed_reports) { 0 };
}

int feed_arrival_init(struct feed_arrival *arrival, enum feed_kind kind, const char *name)
{
	*arrival = (struct feed_arrival) { .kind = kind, .name = strdup(name), .body_fd = -1 };
	return arrival->name ? 0 : -ENOMEM;
}

void feed_arrival_done(struct feed_arrival *arrival)
{
	if (arrival->body_fd >= 0)
		close(arrival->body_fd);
	feed_copy_done(&arrival->copy);
	free(arrival->gone_message);
	refusal_done(&arrival->refusal);
	lines_done(&arrival->warnings);
	feed_report_done(&arrival->report);
	feed_diff_done(&arrival->diff);
	free(arrival->name);
	*arrival = (struct feed_arrival) { .body_fd = -1 };
}
