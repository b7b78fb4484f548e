/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a summary, from answers of ipwld. Knows no connection. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/memory.h"
#include "ctl/records.h"
#include "ctl/summary.h"

/* Of the status page and of metrics, in the order in which they are drawn. */
static const char *const verdicts[] = { "allow", "averted", "unlisted", "would_block", "block" };
#define VERDICT_COUNT (sizeof(verdicts) / sizeof(*verdicts))

/* ---- members -------------------------------------------------------------------- */

const json_t *summary_find(const json_t *object, const char *path)
{
	while (path) {
		const size_t bytes = strcspn(path, ".");
		char key[64];

		snprintf(key, sizeof(key), "%.*s", (int)bytes, path);
		object = json_object_get(object, key);
		path = path[bytes] ? path + bytes + 1 : NULL;
	}
	return object;
}

json_int_t summary_number(const json_t *object, const char *path)
{
	return json_integer_value(summary_find(object, path));
}

const char *summary_text(const json_t *object, const char *path)
{
	const char *text = json_string_value(summary_find(object, path));

	return text ? text : "-";
}

static void add_number(json_t *object, const char *key, json_int_t more)
{
	json_object_set_new(object, key,
			    json_integer(json_integer_value(json_object_get(object, key)) + more));
}

/* ---- connections ----------------------------------------------------------------- */

/* Samples of one series in a span, as columns. */
struct series {
	const json_t *start;
	const json_t *connections;
	size_t first; /* in the span */
	size_t count;
	json_int_t step_sec;
};

static struct series series_of(const json_t *samples, const char *name,
			       const struct summary_span *span)
{
	const json_t *from = json_object_get(samples, name);
	struct series series = { .start = json_object_get(from, "start"),
				 .connections = json_object_get(from, "connections"),
				 .step_sec = summary_number(from, "step_seconds") };

	series.count = json_array_size(series.start);
	while (series.first < series.count &&
	       json_integer_value(json_array_get(series.start, series.first)) + series.step_sec <=
		   span->since_sec)
		series.first++;
	return series;
}

static json_int_t series_start(const struct series *series, size_t i)
{
	return json_integer_value(json_array_get(series->start, i));
}

/* Add a sample to the sums, and to the step that it lies in. */
static void add_sample(json_t *total, json_t *by_verdict, const struct series *series, size_t i,
		       size_t step)
{
	for (size_t verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		const json_t *column = json_object_get(series->connections, verdicts[verdict]);
		const json_int_t count = json_integer_value(json_array_get(column, i));
		json_t *steps = json_object_get(by_verdict, verdicts[verdict]);

		add_number(total, verdicts[verdict], count);
		json_array_set_new(
		    steps, step,
		    json_integer(json_integer_value(json_array_get(steps, step)) + count));
	}
}

/* A column of zeroes for each verdict. */
static json_t *new_columns(size_t step_count)
{
	json_t *columns = ctl_allocated(json_object());

	for (size_t verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		json_t *column = ctl_allocated(json_array());

		for (size_t i = 0; i < step_count; i++)
			json_array_append_new(column, json_integer(0));
		json_object_set_new(columns, verdicts[verdict], column);
	}
	return columns;
}

static json_t *time_or_null(json_int_t time_sec)
{
	char text[TIME_TEXT_BYTES];

	return time_sec ? json_string(time_format(time_sec, text)) : json_null();
}

json_t *summary_connections(const json_t *samples, const struct summary_span *span)
{
	const int64_t span_sec = span->until_sec - span->since_sec;
	const struct series series = series_of(samples, span_sec <= 86400 ? "day" : "week", span);
	const bool is_empty = series.first == series.count || series.step_sec <= 0;
	const json_int_t first_sec = is_empty ? 0 : series_start(&series, series.first);
	json_t *total = ctl_allocated(json_object()), *start = ctl_allocated(json_array());
	json_int_t step_sec = series.step_sec;
	size_t step_count = 0;
	json_t *columns;

	if (!is_empty) {
		const json_int_t covered_sec =
		    series_start(&series, series.count - 1) + series.step_sec - first_sec;

		while (covered_sec > step_sec * SUMMARY_STEPS_MAX)
			step_sec += series.step_sec;
		step_count = (size_t)((covered_sec + step_sec - 1) / step_sec);
	}
	columns = new_columns(step_count);
	for (size_t verdict = 0; verdict < VERDICT_COUNT; verdict++)
		json_object_set_new(total, verdicts[verdict], json_integer(0));
	for (size_t i = 0; i < step_count; i++)
		json_array_append_new(start, json_integer(first_sec + (json_int_t)i * step_sec));
	for (size_t i = series.first; !is_empty && i < series.count; i++)
		add_sample(total, columns, &series, i,
			   (size_t)((series_start(&series, i) - first_sec) / step_sec));
	return ctl_allocated(json_pack("{s:o,s:o,s:I,s:o,s:o}", "since", time_or_null(first_sec),
				       "total", total, "step_seconds", step_sec, "start", start,
				       "by_verdict", columns));
}

/* ---- history ---------------------------------------------------------------------- */

/* The sum of an author's records of an event. */
static json_t *enter_author(json_t *by, const char *author, const char *event, const json_t *record)
{
	json_t *sum;
	size_t i;

	json_array_foreach(by, i, sum) if (!strcmp(summary_text(sum, "author"), author) &&
					   !strcmp(summary_text(sum, "event"), event)) return sum;
	sum = ctl_allocated(json_pack("{s:s,s:s,s:i,s:i,s:i,s:O?}", "author", author, "event",
				      event, "records", 0, "added", 0, "removed", 0, "last_at",
				      json_object_get(record, "at")));
	json_array_append_new(by, sum);
	return sum;
}

static void add_learned(json_t *learned, const json_t *record)
{
	json_t *items = json_object_get(learned, "items");
	const json_t *change;
	size_t i;

	add_number(learned, "count", summary_number(record, "change_count"));
	json_array_foreach(json_object_get(record, "changes"), i, change)
	{
		const char *state =
		    json_is_object(json_object_get(change, "now")) ? "now.reason" : "was.reason";
		char *what;

		if (json_array_size(items) == SUMMARY_ITEMS_MAX)
			return;
		what = change_text(change);
		json_array_append_new(
		    items,
		    ctl_allocated(json_pack(
			"{s:O?,s:o,s:O?,s:o}", "at", json_object_get(record, "at"), "change",
			writer_string(what), "list", json_object_get(change, "list"), "reason",
			writer_string(json_string_value(summary_find(change, state))))));
		free(what);
	}
}

void summary_add_records(json_t *changes, json_t *learned, const json_t *records)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		char *author = record_author(record);
		json_t *sum = enter_author(json_object_get(changes, "by"), author,
					   summary_text(record, "event"), record);

		add_number(changes, "record_count", 1);
		add_number(sum, "records", 1);
		add_number(sum, "added", summary_number(record, "added"));
		add_number(sum, "removed", summary_number(record, "removed"));
		if (!strcmp(summary_text(record, "event"), "learned"))
			add_learned(learned, record);
		free(author);
	}
}

/* ---- feeds ------------------------------------------------------------------------- */

/* What is wrong with a feed; NULL: nothing. */
static const char *feed_state(const json_t *feed, const char **ret_message)
{
	const json_t *held = json_object_get(feed, "held"),
		     *fetch = summary_find(feed, "last_fetch");

	*ret_message = json_string_value(json_object_get(fetch, "message"));
	if (json_is_object(held)) {
		*ret_message =
		    json_string_value(json_array_get(json_object_get(held, "reasons"), 0));
		return "held";
	}
	if (json_is_string(json_object_get(feed, "trouble"))) {
		*ret_message = json_string_value(json_object_get(feed, "trouble"));
		return "damaged";
	}
	if (json_is_string(json_object_get(feed, "gone_since"))) {
		*ret_message = "it has no record any more";
		return "gone";
	}
	if (json_is_null(json_object_get(feed, "fetched_at")))
		return "missing";
	return summary_number(feed, "age_seconds") > SUMMARY_FEED_OLD_SEC ? "old" : NULL;
}

void summary_add_feeds(json_t *array, const json_t *answer, const char *key)
{
	const json_t *feed;
	size_t i;

	json_array_foreach(json_object_get(answer, key), i, feed)
	{
		const char *message;
		const char *state = feed_state(feed, &message);

		if (!state)
			continue;
		json_array_append_new(
		    array,
		    ctl_allocated(json_pack(
			"{s:O?,s:O?,s:s,s:O?,s:o}", "name", json_object_get(feed, "name"), "list",
			json_object_get(feed, "list"), "state", state, "checked_at",
			json_object_get(feed, "checked_at"), "message", writer_string(message))));
	}
}
