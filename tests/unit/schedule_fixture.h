/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A schedule of feeds with a fake fetcher: the linker uses these functions instead of those of
 * user/feeds/process.c.
 */
#ifndef UNIT_SCHEDULE_FIXTURE_H
#define UNIT_SCHEDULE_FIXTURE_H

#include "feeds/schedule.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/lines.h"
#include "feeds/process.h"
#include "feeds/waits.h"

#define HOUR 3600
#define RETRY_SEC 600
/* What jitter and a slow machine may add. */
#define LATER_SEC(sec) ((sec) / 10 + 300)

/* ---- in the place of the fetcher -------------------------------------------- */

struct feed_process {
	struct feed_request request;
	char url[128];
};

static const struct feed_fetcher fetcher = { .helper = { .program = "ipwl-fetch",
							 .unit = "ipwl-fetch.socket",
							 .socket_variable = "IPWL_TEST" } };
static struct feed_process *running[16];
static size_t running_count, started_count;

int feed_process_start(struct event_base *base, const struct feed_request *request,
		       struct feed_process **ret_process, char message[FEED_MESSAGE_BYTES])
{
	struct feed_process *process = calloc(1, sizeof(*process));

	(void)base;
	*message = '\0';
	assert_non_null(process);
	assert_true(running_count < sizeof(running) / sizeof(*running));
	process->request = *request;
	snprintf(process->url, sizeof(process->url), "%s", request->url);
	running[running_count++] = process;
	started_count++;
	*ret_process = process;
	return 0;
}

void feed_process_set_context(struct feed_process *process, void *context)
{
	process->request.context = context;
}

static void remove_process(const struct feed_process *process)
{
	size_t i = 0;

	while (running[i] != process)
		i++;
	memmove(&running[i], &running[i + 1], (--running_count - i) * sizeof(*running));
}

void feed_process_stop(struct feed_process *process)
{
	if (!process)
		return;
	remove_process(process);
	free(process);
}

/* The fetch of that url ends so. */
static void end_fetch(const char *url, enum fetch_result result, int64_t retry_after_sec)
{
	struct fetched fetched = { .result = result,
				   .body_fd = -1,
				   .retry_after_sec = retry_after_sec };
	struct feed_process *process = NULL;

	for (size_t i = 0; i < running_count; i++)
		if (!strcmp(running[i]->url, url))
			process = running[i];
	assert_non_null(process);
	remove_process(process);
	process->request.done(process->request.context, &fetched);
	free(process);
}

/* ---- who judges --------------------------------------------------------------- */

static struct feed_arrival arrivals[16];
static size_t arrival_count;

static int take_arrival(void *context, struct feed_arrival *arrival)
{
	assert_ptr_equal(context, arrivals);
	arrivals[arrival_count++] = *arrival;
	return 0;
}

/* ---- feeds -------------------------------------------------------------------- */

static struct feed_config configs[8];
static struct config config = { .feeds = configs };
static const struct snapshot snapshot = { .config = &config };
static char names[8][32], urls[8][64];
static struct event_base *base;
static struct feeds *feeds;

static void configure(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "feed%zu", i);
		snprintf(urls[i], sizeof(urls[i]), "https://192.0.2.1/%zu", i);
		configs[i] = (struct feed_config) { .name = names[i],
						    .url = urls[i],
						    .list_name = names[i],
						    .refresh_sec = HOUR,
						    .refresh_max_sec = HOUR };
	}
	config.feed_count = count;
}

/* What the worker knows: of each feed a copy of that age; -1: none; below: of the future. */
static struct feed_reports report(const int64_t *ages)
{
	struct feed_reports reports = { .items = calloc(config.feed_count, sizeof(*reports.items)),
					.count = config.feed_count };

	assert_non_null(reports.items);
	for (size_t i = 0; i < reports.count; i++) {
		reports.items[i].name = strdup(names[i]);
		if (ages[i] == -1)
			continue;
		reports.items[i].has_copy = true;
		reports.items[i].url = strdup(urls[i]);
		reports.items[i].checked_at_sec = time_now_sec() - ages[i];
	}
	return reports;
}

/* Let timers that are due run. */
static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static const struct feed_sharer *sharing; /* or NULL */

static void open_feeds(const int64_t *ages)
{
	const struct feed_judge judge = { .take = take_arrival, .context = arrivals };
	struct feed_reports reports = report(ages);

	assert_int_equal(
	    feeds_open(FEED_OF_URL, &fetcher, base, &judge, &snapshot, &reports, &feeds), 0);
	feed_reports_done(&reports);
	if (sharing)
		feeds_share(feeds, sharing);
	turn();
}

/* As after a reload. */
static void follow(const int64_t *ages)
{
	struct feed_reports reports = report(ages);

	feeds_follow(feeds, &snapshot, &reports);
	feed_reports_done(&reports);
}

static const struct feed_state *state_of(size_t index)
{
	return feeds_find_state(feeds, names[index]);
}

/* The next fetch is in @sec seconds, or later by the random part. */
static void assert_next(size_t index, int64_t sec)
{
	const int64_t left_sec = state_of(index)->next_at_sec - time_now_sec();

	assert_in_range(left_sec + 300, sec, sec + 300 + LATER_SEC(sec));
}

static void judge_last(enum feed_result result)
{
	struct feed_arrival *arrival = &arrivals[--arrival_count];

	arrival->result = result;
	if (result == FEED_RESULT_INVALID)
		refusal_set(&arrival->refusal, OUTCOME_INVALID, "no list");
	assert_true(feeds_finish(feeds, arrival) == (result == FEED_RESULT_NEW));
	feed_arrival_done(arrival);
}

/* One that is due is fetched when the loop looks; this makes it due. */
static void refresh_now(size_t index)
{
	const size_t before = started_count;
	const int64_t ages[] = { 10 };

	feeds_find_state(feeds, names[index])->next_at_sec = time_now_sec() - 1;
	follow(ages);
	assert_int_equal(started_count, before + 1);
}

static size_t told_count;

static void tell(const struct feed_wait *wait)
{
	assert_ptr_equal(wait->context, &told_count);
	told_count++;
}

/* ---- setup --------------------------------------------------------------------- */

static int setup(void **unused)
{
	(void)unused;
	started_count = told_count = arrival_count = 0;
	base = event_base_new();
	return base ? 0 : -1;
}

static int teardown(void **unused)
{
	(void)unused;
	feeds_close(feeds);
	feeds = NULL;
	event_base_free(base);
	assert_int_equal(running_count, 0);
	assert_int_equal(arrival_count, 0);
	return 0;
}

#define SCHEDULE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
