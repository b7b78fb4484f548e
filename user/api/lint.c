/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/lint: unusual entries in the lists in force (core/lint.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/finding.h"
#include "api/request.h"
#include "api/routes.h"
#include "config/hazards.h"
#include "engine/lookup.h"
#include "engine/usage.h"
#include "http/http.h"

#define LINT_UNUSED_SEC (90 * 86400)
#define LINT_EXPIRING_SEC (7 * 86400)
#define LINT_MIN_LEN_IPV4 8
#define LINT_MIN_LEN_IPV6 19
/* Default and maximum number of findings of each check. */
#define LINT_FINDINGS 100
#define LINT_FINDINGS_MAX 1000

struct lint_task {
	struct api_task task;
	char *list_name; /* NULL: all */
	struct lint_options options;
};

/* ---- the request ---------------------------------------------------------- */

/* "redundant, conflict, unused, expiring, wide or space" */
static void name_checks(char *text, size_t text_bytes)
{
	size_t bytes = 0;

	*text = '\0';
	for (int check = 0; check < LINT_CHECK_COUNT && bytes < text_bytes; check++)
		bytes += (size_t)snprintf(text + bytes, text_bytes - bytes, "%s%s",
					  check == 0			  ? ""
					  : check == LINT_CHECK_COUNT - 1 ? " or "
									  : ", ",
					  lint_check_names[check]);
}

static int lint_choose_checks(struct evhttp_request *request, const char *name, bool *checks)
{
	bool is_known = !name;
	char names[256];

	for (int check = 0; check < LINT_CHECK_COUNT; check++) {
		checks[check] = !name || !strcmp(name, lint_check_names[check]);
		is_known |= checks[check];
	}
	if (is_known)
		return 0;
	name_checks(names, sizeof(names));
	http_reply_errorf(request, OUTCOME_INVALID, "unknown check \"%s\": the checks are %s", name,
			  names);
	return -EINVAL;
}

static int lint_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct lint_task *task = (struct lint_task *)base;
	struct lint_options *options = &task->options;
	int64_t limit = LINT_FINDINGS, ipv4 = LINT_MIN_LEN_IPV4, ipv6 = LINT_MIN_LEN_IPV6;
	char *check = NULL;
	const struct argument arguments[] = {
		{ .name = "list", .ret_text = &task->list_name },
		{ .name = "check", .ret_text = &check },
		{ .name = "unused_seconds", .ret_number = &options->unused_sec, .max = UINT32_MAX },
		{ .name = "expiring_seconds",
		  .ret_number = &options->expiring_sec,
		  .max = UINT32_MAX },
		{ .name = "ipv4_length", .ret_number = &ipv4, .max = 32 },
		{ .name = "ipv6_length", .ret_number = &ipv6, .max = 128 },
		ARGUMENT_LIMIT(&limit, 0, LINT_FINDINGS_MAX),
	};
	int err;

	options->unused_sec = LINT_UNUSED_SEC;
	options->expiring_sec = LINT_EXPIRING_SEC;
	options->counted_since_sec = runtime->started_at_sec;
	err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));
	if (!err)
		err = lint_choose_checks(request, check, options->checks);
	free(check);
	options->min_len[FAMILY_IPV4] = (uint8_t)ipv4;
	options->min_len[FAMILY_IPV6] = (uint8_t)ipv6;
	options->limit = (size_t)limit;
	return err;
}

/* ---- the answer ----------------------------------------------------------- */

static json_t *lint_report_json(const struct lint_options *options,
				const struct lint_report *report)
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

static void lint_run(struct api_task *base, struct engine *engine)
{
	struct lint_task *task = (struct lint_task *)base;
	struct lint_options *options = &task->options;
	struct lint_report report;
	struct hazards hazards;
	struct usage *usage;

	if (task->list_name) {
		options->list = engine_find_list(engine, task->list_name, &base->refusal);
		if (!options->list)
			return;
	}
	if (usage_read(engine, &usage))
		return;
	hazards_init(&hazards, engine_snapshot(engine)->config);
	options->spaces = hazards.spaces;
	options->now_sec = time_now_sec();
	options->last_hit_sec = usage_last_hit_sec;
	options->context = usage;
	if (usage_since_sec(usage))
		options->counted_since_sec = usage_since_sec(usage);
	if (!lint_policy(engine_snapshot(engine)->policy, options, &report)) {
		base->answer = lint_report_json(options, &report);
		lint_done(&report);
	}
	hazards_done(&hazards);
	usage_free(usage);
}

static void lint_free(struct api_task *base)
{
	struct lint_task *task = (struct lint_task *)base;

	free(task->list_name);
}

const struct api_command lint_command = {
	.task_bytes = sizeof(struct lint_task),
	.read = lint_read,
	.run = lint_run,
	.free = lint_free,
};
