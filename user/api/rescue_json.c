/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rescue as JSON: each zone, and what became of sources. */
#include "api/rescue_json.h"

#include "api/learn_json.h"
#include "http/http.h"
#include "runtime/rescue.h"

static json_t *counts_json(const uint64_t *counts, const char *const *names, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, names[i], json_count(counts[i]));
	return object;
}

static json_t *zone_json(const struct rescue_status *status)
{
	return json_pack(
	    "{s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "zone", status->zone, "list",
	    status->list, "up", status->is_up, "problem", json_text_or_null(status->problem),
	    "checked_at", json_time(status->checked_at_sec), "entries", json_count(status->entries),
	    "waiting", json_count(status->waiting), "queries", json_count(status->queries),
	    "queries_left", json_count(status->left_today), "sources",
	    counts_json(status->results, rescue_result_names, RESCUE_RESULT_COUNT), "left_out",
	    counts_json(status->skips, rescue_skip_names, RESCUE_SKIP_COUNT));
}

json_t *rescue_status_json(const struct rescue *rescue)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rescue_count(rescue); i++) {
		struct rescue_status status;

		rescue_get_status(rescue, i, &status);
		json_array_append_new(array, zone_json(&status));
	}
	return array;
}
