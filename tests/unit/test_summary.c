/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a summary: samples put together, records and feeds. */
#include "ctl/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1795510800 /* a multiple of 600 */

/* SAMPLES with as many samples in `week` and `day`, up to now; each counted 2 blocked and 1
 * allowed connections. */
static json_t *samples_of(size_t day_count, size_t week_count)
{
	const struct {
		const char *name;
		json_int_t step_sec;
		size_t count;
	} series[] = { { "day", 60, day_count }, { "week", 600, week_count } };
	json_t *samples = json_object();

	for (size_t i = 0; i < 2; i++) {
		json_t *start = json_array(), *block = json_array(), *allow = json_array();

		for (size_t k = 0; k < series[i].count; k++) {
			json_array_append_new(start,
					      json_integer(NOW - (json_int_t)(series[i].count - k) *
								     series[i].step_sec));
			json_array_append_new(block, json_integer(2));
			json_array_append_new(allow, json_integer(1));
		}
		json_object_set_new(samples, series[i].name,
				    json_pack("{s:I,s:o,s:{s:o,s:o}}", "step_seconds",
					      series[i].step_sec, "start", start, "connections",
					      "block", block, "allow", allow));
	}
	return samples;
}

static json_int_t sum_of(const json_t *array)
{
	const json_t *number;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(array, i, number) sum += json_integer_value(number);
	return sum;
}

static void check(size_t day_count, size_t week_count, int64_t span_sec, json_int_t samples,
		  json_int_t step_sec)
{
	const struct summary_span span = { .since_sec = NOW - span_sec, .until_sec = NOW };
	json_t *all = samples_of(day_count, week_count);
	json_t *found = summary_connections(all, &span);
	const size_t steps = json_array_size(json_object_get(found, "start"));

	assert_int_equal(summary_number(found, "total.block"), 2 * samples);
	assert_int_equal(summary_number(found, "total.allow"), samples);
	assert_int_equal(summary_number(found, "total.averted"), 0);
	assert_int_equal(sum_of(summary_find(found, "by_verdict.block")), 2 * samples);
	assert_int_equal(json_array_size(summary_find(found, "by_verdict.unlisted")), steps);
	assert_in_range(steps, samples ? 1 : 0, SUMMARY_STEPS_MAX);
	assert_int_equal(summary_number(found, "step_seconds"), step_sec);
	assert_int_equal(json_is_null(json_object_get(found, "since")), !samples);
	json_decref(found);
	json_decref(all);
}

static void test_connections(void **unused)
{
	(void)unused;
	check(0, 0, 86400, 0, 60);
	check(10, 10, 86400, 10, 60);
	check(10, 10, 7 * 86400, 10, 600);
	/* The sample that the time lies in counts as a whole. */
	check(1440, 1008, 86400, 1440, 1080);
	check(1440, 1008, 86400 - 30, 1440, 1080);
	check(1440, 1008, 86400 - 60, 1439, 1080);
	check(1440, 1008, 7 * 86400, 1008, 7200);
	check(1440, 1008, 30 * 86400, 1008, 7200);
	check(1440, 1008, 120, 2, 60);
}

static void test_gap(void **unused)
{
	const struct summary_span span = { .since_sec = NOW - 3600, .until_sec = NOW };
	json_t *samples =
	    json_pack("{s:{s:i,s:[I,I],s:{s:[i,i]}}}", "day", "step_seconds", 60, "start",
		      (json_int_t)NOW - 600, (json_int_t)NOW - 60, "connections", "averted", 3, 4);
	json_t *found = summary_connections(samples, &span);

	(void)unused;
	assert_int_equal(json_array_size(json_object_get(found, "start")), 10);
	assert_int_equal(
	    json_integer_value(json_array_get(summary_find(found, "by_verdict.averted"), 0)), 3);
	assert_int_equal(
	    json_integer_value(json_array_get(summary_find(found, "by_verdict.averted"), 9)), 4);
	assert_int_equal(summary_number(found, "total.averted"), 7);
	json_decref(found);
	json_decref(samples);
}

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

static void test_records(void **unused)
{
	json_t *changes = parse("{\"record_count\": 0, \"by\": []}");
	json_t *learned = parse("{\"count\": 0, \"items\": []}");
	json_t *records = parse(
	    "[{\"event\": \"add\", \"author\": \"alice\", \"via\": null, \"added\": 2,"
	    "  \"removed\": 1, \"at\": \"T2\"},"
	    " {\"event\": \"add\", \"author\": \"alice\", \"via\": \"sudo\", \"added\": 1,"
	    "  \"removed\": 0, \"at\": \"T1\"},"
	    " {\"event\": \"add\", \"author\": \"alice\", \"via\": null, \"added\": 5,"
	    "  \"removed\": 0, \"at\": \"T0\"},"
	    " {\"event\": \"learned\", \"author\": null, \"added\": 1, \"removed\": 1,"
	    "  \"change_count\": 2, \"at\": \"T0\", \"changes\": ["
	    "  {\"prefix\": \"192.0.2.7/32\", \"list\": \"partners\", \"added\": 1, \"removed\": 0,"
	    "   \"was\": null, \"now\": {\"reason\": \"a reply\"}},"
	    "  {\"prefix\": \"192.0.2.8/32\", \"list\": \"partners\", \"added\": 0, \"removed\": 1,"
	    "   \"was\": {\"reason\": \"idle\"}, \"now\": null}]}]");
	const json_t *by = json_object_get(changes, "by");

	(void)unused;
	summary_add_records(changes, learned, records);
	summary_add_records(changes, learned, NULL);
	assert_int_equal(summary_number(changes, "record_count"), 4);
	assert_int_equal(json_array_size(by), 3);
	assert_string_equal(summary_text(json_array_get(by, 0), "author"), "alice");
	assert_string_equal(summary_text(json_array_get(by, 0), "last_at"), "T2");
	assert_int_equal(summary_number(json_array_get(by, 0), "added"), 7);
	assert_int_equal(summary_number(json_array_get(by, 0), "records"), 2);
	assert_string_equal(summary_text(json_array_get(by, 1), "author"), "alice (sudo)");
	assert_string_equal(summary_text(json_array_get(by, 2), "author"), "-");
	assert_int_equal(summary_number(learned, "count"), 2);
	by = json_object_get(learned, "items");
	assert_string_equal(summary_text(json_array_get(by, 0), "change"), "+192.0.2.7/32");
	assert_string_equal(summary_text(json_array_get(by, 0), "reason"), "a reply");
	assert_string_equal(summary_text(json_array_get(by, 1), "change"), "-192.0.2.8/32");
	assert_string_equal(summary_text(json_array_get(by, 1), "reason"), "idle");
	json_decref(changes);
	json_decref(learned);
	json_decref(records);
}

static void check_feed(const char *feed, const char *state, const char *message)
{
	json_t *answer = json_pack("{s:[o]}", "feeds", parse(feed)), *array = json_array();

	summary_add_feeds(array, answer, "domains");
	assert_int_equal(json_array_size(array), 0);
	summary_add_feeds(array, answer, "feeds");
	assert_int_equal(json_array_size(array), state ? 1 : 0);
	if (state) {
		assert_string_equal(summary_text(json_array_get(array, 0), "state"), state);
		assert_string_equal(summary_text(json_array_get(array, 0), "message"), message);
	}
	json_decref(answer);
	json_decref(array);
}

static void test_feeds(void **unused)
{
	(void)unused;
	check_feed("{\"name\": \"a\", \"fetched_at\": \"T\", \"age_seconds\": 129600}", NULL, "");
	check_feed("{\"name\": \"a\", \"fetched_at\": \"T\", \"age_seconds\": 129601}", "old", "-");
	check_feed("{\"name\": \"a\", \"fetched_at\": null, \"age_seconds\": null,"
		   " \"last_fetch\": {\"message\": \"404\"}}",
		   "missing", "404");
	check_feed("{\"name\": \"a\", \"fetched_at\": \"T\", \"age_seconds\": 1,"
		   " \"held\": {\"reasons\": [\"it shrank\", \"x\"]}}",
		   "held", "it shrank");
	check_feed("{\"name\": \"a\", \"fetched_at\": \"T\", \"age_seconds\": 1, \"held\": null,"
		   " \"trouble\": \"bad copy\"}",
		   "damaged", "bad copy");
	check_feed("{\"name\": \"a\", \"fetched_at\": \"T\", \"age_seconds\": 1,"
		   " \"gone_since\": \"T\"}",
		   "gone", "it has no record any more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_feeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
