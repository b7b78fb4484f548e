/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lint over what is in force. */
#include <errno.h>
#include <string.h>

#include "daemon/lint_query.h"
#include "engine/engine.h"
#include "engine/usage.h"
#include "http/http.h"

static json_t *report_json(const struct lint_options *options, const struct lint_report *report)
{
	json_t *findings = json_array(), *totals = json_object();
	size_t total = 0, shown = 0;

	for (int check = 0; check < LINT_CHECK_COUNT; check++) {
		const struct lint_findings *of = &report->of[check];

		total += of->total;
		shown += of->count;
		json_object_set_new(totals, lint_check_names[check], json_count(of->total));
		for (size_t i = 0; i < of->count; i++)
			json_array_append_new(
			    findings, finding_json(options, (enum lint_check)check, &of->items[i]));
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "total", json_count(total), "totals", totals,
			 "counted_since", json_time(options->counted_since_sec), "findings",
			 findings, "left_out", json_count(total - shown));
}

void engine_lint(struct engine *engine, struct job *job)
{
	const struct policy *policy = engine->current->policy;
	struct lint_options options = job->lint->options;
	struct lint_report report;
	struct usage *usage = NULL;

	if (*job->lint->list_name) {
		options.list = policy_find_list(policy, job->lint->list_name);
		if (!options.list) {
			job_fail(job, OUTCOME_NOT_FOUND, "there is no list \"%s\"",
				 job->lint->list_name);
			return;
		}
	}
	options.now_sec = time_now_sec();
	options.last_hit_sec = usage_last_hit_sec;
	if (!usage_read(engine, &usage)) {
		options.context = usage;
		if (usage_since_sec(usage))
			options.counted_since_sec = usage_since_sec(usage);
		if (!lint_policy(policy, &options, &report)) {
			job->answer = report_json(&options, &report);
			lint_done(&report);
		}
	}
	usage_free(usage);
	if (!job->answer)
		job_fail(job, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}
