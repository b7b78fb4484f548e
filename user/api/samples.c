/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/samples: what was counted lately, by verdict. */
#include "api/samples.h"

#include "api/arguments.h"
#include "api/routes.h"
#include "core/samples.h"
#include "datapath/names.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "runtime/trend.h"

/* A series as columns. Each has a number for each sample. */
struct series_columns {
	json_t *start;
	json_t *seconds;
	json_t *packets[IPWL_VERDICT_COUNT];
	json_t *connections[IPWL_VERDICT_COUNT];
};

static struct series_columns columns_new(void)
{
	struct series_columns columns = { .start = json_array(), .seconds = json_array() };

	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		columns.packets[verdict] = json_array();
		columns.connections[verdict] = json_array();
	}
	return columns;
}

static void columns_add(const struct series_columns *columns, const struct sample *sample)
{
	json_array_append_new(columns->start, json_integer(sample->start_sec));
	json_array_append_new(columns->seconds, json_integer(sample->covered_sec));
	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		const struct verdict_counts *counts = &sample->counts[verdict];

		json_array_append_new(columns->packets[verdict], json_count(counts->packets));
		json_array_append_new(columns->connections[verdict],
				      json_count(counts->connections));
	}
}

static json_t *by_verdict_json(json_t *const columns[IPWL_VERDICT_COUNT])
{
	json_t *object = json_object();

	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++)
		json_object_set_new(object, verdict_names[verdict], columns[verdict]);
	return object;
}

static json_t *series_json(const struct samples *samples, enum sample_series series,
			   int64_t now_sec)
{
	const int64_t step_sec = samples_extents[series].step_sec;
	const struct series_columns columns = columns_new();

	for (int64_t start_sec = samples_oldest_sec(series, now_sec); start_sec <= now_sec;
	     start_sec += step_sec) {
		const struct sample *sample = samples_find(samples, series, start_sec);

		if (sample)
			columns_add(&columns, sample);
	}
	return json_pack("{s:I,s:o,s:o,s:o,s:o}", "step_seconds", (json_int_t)step_sec, "start",
			 columns.start, "seconds", columns.seconds, "packets",
			 by_verdict_json(columns.packets), "connections",
			 by_verdict_json(columns.connections));
}

json_t *samples_json(const struct samples *samples, int64_t now_sec)
{
	return json_pack("{s:o,s:o}", "day", series_json(samples, SAMPLES_OF_DAY, now_sec), "week",
			 series_json(samples, SAMPLES_OF_WEEK, now_sec));
}

void control_samples(struct runtime *runtime, struct evhttp_request *request)
{
	const struct samples *samples;
	int64_t now_sec;

	if (arguments_read_query(request, NULL, 0))
		return;
	samples = trend_look(runtime->trend, &now_sec);
	http_reply(request, json_pack("{s:o,s:o}", "now", json_time(now_sec), "samples",
				      samples_json(samples, now_sec)));
}
