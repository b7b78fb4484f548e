/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is stored of attempts, for the status. */
#include "api/seen_json.h"

#include "datapath/names.h"
#include "engine/seen.h"
#include "http/http.h"
#include "runtime/runtime.h"

json_t *left_out_json(const struct seen_left_out *left_out)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "source_limit",
			 json_count(left_out->source_limit), "limit", json_count(left_out->limit),
			 "ring_full", json_count(left_out->ring_full), "rows",
			 json_count(left_out->rows), "lost", json_count(left_out->lost));
}

json_t *seen_match_json(const struct seen_match *match)
{
	char entry[PREFIX_TEXT_BYTES];

	return json_pack("{s:o,s:o}", "list", json_text(*match->list ? match->list : NULL), "entry",
			 json_text(match->has_entry ? prefix_format(&match->entry, entry) : NULL));
}

json_t *attempts_by_verdict_json(const uint64_t *of)
{
	json_t *object = json_object();

	for (int verdict = IPWL_AVERTED; verdict < IPWL_VERDICT_COUNT; verdict++)
		json_object_set_new(object, verdict_names[verdict], json_count(of[verdict]));
	return object;
}

json_t *seen_status_json(const struct runtime *runtime)
{
	const struct seen_settings *settings = &runtime->snapshot->config->seen;
	struct seen_counters counters;

	seen_read_counters(runtime->view.seen, &counters);
	return json_pack(
	    "{s:b,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o}", "reported",
	    runtime->snapshot->config->events.per_second != 0, "keep_seconds",
	    settings->keep_sec ? json_count((uint64_t)settings->keep_sec) : json_null(), "rows",
	    json_count(counters.row_count), "max_rows", json_count(settings->max_rows), "waiting",
	    json_count(counters.waiting), "failing", counters.is_failing, "attempts",
	    json_count(counters.noted), "left_out", left_out_json(&counters.left_out), "lines",
	    json_count(counters.told_lines), "untold", json_count(counters.untold));
}
