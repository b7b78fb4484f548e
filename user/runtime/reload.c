/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reloads: begun by a signal or the control socket, followed by all that depends on the
 * configuration. */
#include "runtime/reload.h"

#include <stdlib.h>

#include "base/log.h"
#include "feeds/schedule.h"
#include "runtime/sampler.h"

#define LOGGED_ERRORS_MAX 20
#define LOGGED_CHANGES_MAX 50

static void reload_log_changes(const struct job *job)
{
	const struct lines *lines = &job->changes;
	size_t i;

	log_info("reload", "%zu entries added, %zu removed", job->added_count, job->removed_count);
	for (i = 0; i < lines->count && i < LOGGED_CHANGES_MAX; i++)
		log_info("reload", "%s", lines->items[i]);
	if (lines->count > i)
		log_info("reload", "and %zu more changes", lines->count - i);
}

static void reload_log(const struct job *job)
{
	size_t i;

	for (i = 0; i < job->warnings.count && i < LOGGED_ERRORS_MAX; i++)
		log_warning("reload", "%s", job->warnings.items[i]);
	for (i = 0; i < job->details.count && i < LOGGED_ERRORS_MAX; i++)
		log_error("reload", "%s", job->details.items[i]);
	if (job->details.count > i)
		log_error("reload", "and %zu more errors", job->details.count - i);
	if (job->outcome)
		log_error("reload", "%s", job->message);
	else
		reload_log_changes(job);
}

static void reload_follow_config(struct runtime *runtime, struct job *job)
{
	const struct config *config = runtime->snapshot->config;

	runtime->is_detached = false;
	sampler_reconfigure(runtime->sampler);
	if (interfaces_configure(&runtime->interfaces, config))
		lines_add(&job->warnings, "the interfaces stay as they were: out of memory");
	runtime->follow(runtime->follow_context, config, &job->warnings);
	feeds_follow(runtime->feeds, &job->feed_reports);
}

void reload_finish(struct runtime *runtime, struct job *job)
{
	struct reload_report *report = &runtime->reload;

	if (!job->outcome)
		reload_follow_config(runtime, job);
	reload_log(job);
	report->at_sec = time_now_sec();
	report->successful = !job->outcome;
	if (report->successful)
		report->succeeded_at_sec = report->at_sec;
	lines_done(&report->errors);
	lines_done(&report->warnings);
	lines_copy(&report->errors, &job->details, RELOAD_LINES_MAX);
	lines_copy(&report->warnings, &job->warnings, RELOAD_LINES_MAX);
	if (job->outcome && (job->held || !report->errors.count))
		lines_add(&report->errors, "%s", job->message);
	free(report->held);
	report->held = job->held;
	job->held = NULL;
	runtime_notify_ready(runtime);
}
