/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports and jobs about feeds: made, freed. */
#include "feeds/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const feed_result_names[] = {
	[FEED_RESULT_NEW] = "new",	 [FEED_RESULT_UNCHANGED] = "unchanged",
	[FEED_RESULT_HELD] = "held",	 [FEED_RESULT_INVALID] = "invalid",
	[FEED_RESULT_FAILED] = "failed",
};
_Static_assert(sizeof(feed_result_names) / sizeof(*feed_result_names) == FEED_RESULT_COUNT, "all");

void feed_report_done(struct feed_report *report)
{
	free(report->name);
	free(report->trouble);
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

struct feed_job *feed_job_new(const char *name)
{
	struct feed_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->body_fd = -1;
	job->name = strdup(name);
	if (job->name)
		return job;
	free(job);
	return NULL;
}

void feed_job_free(struct feed_job *job)
{
	if (!job)
		return;
	if (job->body_fd >= 0)
		close(job->body_fd);
	feed_copy_done(&job->copy);
	feed_report_done(&job->report);
	feed_diff_done(&job->diff);
	free(job->name);
	free(job);
}
