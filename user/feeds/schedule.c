/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedule of feeds: starts fetchers, a few at a time, and gives what they bring to
 * the worker. A source that fails is asked again soon at first, then less and less
 * often; one that says when to come back is not asked before.
 */
#include "feeds/schedule.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "feeds/process.h"
#include "feeds/waits.h"
#include "runtime/runtime.h"

#define FETCHES_MAX 4
/* How long the loop looks away at most: the wall clock may be set. */
#define LOOK_SEC 30
#define RETRY_SEC 600
#define LOGGED_LINES_MAX 5

struct feeds {
	struct runtime *runtime;
	struct event *timer;
	char *program;
	struct feed_state *items;
	size_t count;
	size_t fetch_count;
	struct feed_wait *waits;
};

size_t feeds_count(const struct feeds *feeds)
{
	return feeds->count;
}

const struct feed_state *feeds_at(const struct feeds *feeds, size_t index)
{
	return &feeds->items[index];
}

struct feed_state *feeds_find_state(const struct feeds *feeds, const char *name)
{
	for (size_t i = 0; i < feeds->count; i++) {
		/* While a new configuration is followed, some have no name any more. */
		if (feeds->items[i].report.name && !strcmp(feeds->items[i].report.name, name))
			return &feeds->items[i];
	}
	return NULL;
}

static const struct feed_config *config_of(const struct feed_state *state)
{
	const struct config *config = state->feeds->runtime->snapshot->config;

	return feed_config_find(config->feeds, config->feed_count, state->report.name);
}

/* ---- when --------------------------------------------------------------- */

/* Later by up to a tenth: a thousand hosts shall not all ask in the same second. */
static int64_t jittered(int64_t sec)
{
	uint32_t random;

	evutil_secure_rng_get_bytes(&random, sizeof(random));
	return sec + (int64_t)((uint64_t)random * (uint64_t)(sec / 10) >> 32);
}

static void schedule_first(struct feed_state *state, const struct feed_config *config)
{
	const struct feed_report *report = &state->report;
	int64_t last_sec = report->checked_at_sec;

	if (report->is_held && report->held_at_sec > last_sec)
		last_sec = report->held_at_sec;
	state->next_at_sec = time_now_sec();
	/* A time in the future is of a clock that was wrong. */
	if (report->url && !strcmp(report->url, config->url) && last_sec <= state->next_at_sec)
		state->next_at_sec = jittered(last_sec + config->refresh_sec - LOOK_SEC) + LOOK_SEC;
}

/* The configuration has been read again: is it another source, or one to be asked more
 * often than before? */
static void schedule_anew(struct feed_state *state, const struct feed_config *config)
{
	const int64_t latest_sec = time_now_sec() + config->refresh_sec;
	const bool is_known = state->known_url && !strcmp(state->known_url, config->url);

	if (!is_known)
		schedule_first(state, config);
	else if (state->next_at_sec > latest_sec + config->refresh_sec / 10 &&
		 !state->failure_count)
		state->next_at_sec = latest_sec;
	if (is_known)
		return;
	free(state->known_url);
	state->known_url = strdup(config->url);
}

static void schedule_next(struct feed_state *state, int64_t retry_after_sec)
{
	const struct feed_config *config = config_of(state);
	int64_t wait_sec = config ? config->refresh_sec : RETRY_SEC;

	if (state->failure_count && state->failure_count < 16 &&
	    (int64_t)RETRY_SEC << (state->failure_count - 1) < wait_sec)
		wait_sec = (int64_t)RETRY_SEC << (state->failure_count - 1);
	if (wait_sec < retry_after_sec)
		wait_sec = retry_after_sec;
	state->next_at_sec = time_now_sec() + jittered(wait_sec);
}

/* ---- fetch -------------------------------------------------------------- */

static void run(struct feeds *feeds);

static void log_result(const struct feed_state *state, const struct lines *details)
{
	const char *name = state->report.name;

	switch (state->result) {
	case FEED_RESULT_UNCHANGED:
		log_debug("feeds", "%s: the source has no other", name);
		return;
	case FEED_RESULT_NEW:
		log_info("feeds", "%s: %s", name, state->message ? state->message : "");
		return;
	default:
		log_warning("feeds", "%s: %s: %s", name, feed_result_names[state->result],
			    state->message ? state->message : "out of memory");
	}
	for (size_t i = 1; details && i < details->count && i < LOGGED_LINES_MAX; i++)
		log_warning("feeds", "%s: %s", name, details->items[i]);
}

/* A fetch is over, whatever came of it. @message is copied. */
static void end_fetch(struct feed_state *state, enum feed_result result, const char *message,
		      const struct lines *details, int64_t retry_after_sec)
{
	struct feeds *feeds = state->feeds;
	const bool is_failure = result == FEED_RESULT_FAILED || result == FEED_RESULT_INVALID;

	state->has_result = true;
	state->result = result;
	state->result_at_sec = time_now_sec();
	free(state->message);
	state->message = message ? strdup(message) : NULL;
	state->fetch_counts[result]++;
	state->failure_count = is_failure ? state->failure_count + 1 : 0;
	state->is_judged = false;
	log_result(state, details);
	schedule_next(state, retry_after_sec);
	feed_waits_end(feeds->runtime, &feeds->waits, state->report.name);
	run(feeds);
}

static void summarise(const struct job *job, char *text, size_t text_bytes)
{
	const struct feed_job *feed = job->feed;

	*text = '\0';
	if (job->outcome)
		snprintf(text, text_bytes, "%s", job->message ? job->message : strerror(ENOMEM));
	else if (feed->result == FEED_RESULT_NEW)
		snprintf(text, text_bytes, "in force with %zu entries, %zu added, %zu removed",
			 feed->report.entry_count, feed->diff.added_count,
			 feed->diff.removed_count);
	else if (feed->result == FEED_RESULT_HELD)
		snprintf(text, text_bytes, "%s",
			 feed->report.held_reasons.count ? feed->report.held_reasons.items[0] : "");
}

/* The worker has judged it. */
static void finish_feed(struct runtime *runtime, struct job *job)
{
	struct feed_state *state = feeds_find_state(runtime->feeds, job->feed->name);
	char message[FEED_MESSAGE_BYTES];

	/* A reload may have taken it, or even brought it back. */
	if (!state || !state->is_judged)
		return;
	summarise(job, message, sizeof(message));
	for (size_t i = 0; i < job->warnings.count; i++)
		log_warning("feeds", "%s: %s", job->feed->name, job->warnings.items[i]);
	if (job->feed->report.name)
		feeds_take_report(runtime->feeds, &job->feed->report);
	end_fetch(
	    state, job->feed->result, *message ? message : NULL,
	    job->feed->result == FEED_RESULT_HELD ? &state->report.held_reasons : &job->details, 0);
	if (job->feed->result == FEED_RESULT_NEW)
		runtime_notify_ready(runtime);
}

static int copy_header(const char *text, char **ret_copy)
{
	*ret_copy = *text ? strdup(text) : NULL;
	return *text && !*ret_copy ? -ENOMEM : 0;
}

/* A job for what was fetched; takes over the body and the state's url. */
static struct job *new_job(struct feed_state *state, struct fetched *fetched)
{
	struct job *job = job_new(JOB_FEED, finish_feed, NULL);
	struct feed_copy *copy;

	if (!job)
		return NULL;
	job->feed = feed_job_new(state->report.name);
	if (!job->feed) {
		job_free(job);
		return NULL;
	}
	copy = &job->feed->copy;
	copy->fetched_at_sec = copy->checked_at_sec = time_now_sec();
	copy->url = state->url;
	state->url = NULL;
	job->feed->body_fd = fetched->body_fd;
	fetched->body_fd = -1;
	if (!copy_header(fetched->etag, &copy->etag) &&
	    !copy_header(fetched->last_modified, &copy->last_modified))
		return job;
	job_free(job);
	return NULL;
}

static void on_fetched(void *context, struct fetched *fetched)
{
	struct feed_state *state = context;
	struct feeds *feeds = state->feeds;
	struct job *job;

	state->process = NULL;
	feeds->fetch_count--;
	if (fetched->result == FETCH_HAS_FAILED) {
		end_fetch(state, FEED_RESULT_FAILED, fetched->message, NULL,
			  fetched->retry_after_sec);
		return;
	}
	job = new_job(state, fetched);
	if (!job) {
		end_fetch(state, FEED_RESULT_FAILED, strerror(ENOMEM), NULL, 0);
		return;
	}
	state->is_judged = true;
	runtime_submit_job(feeds->runtime, job);
	run(feeds);
}

static void start(struct feed_state *state, const struct feed_config *config)
{
	struct feeds *feeds = state->feeds;
	const struct feed_report *report = &state->report;
	/* Of another url they would say nothing. */
	const bool is_known = report->url && !strcmp(report->url, config->url);
	const struct feed_request request = {
		.program = feeds->program,
		.feed = config,
		.etag = is_known ? report->etag : NULL,
		.last_modified = is_known ? report->last_modified : NULL,
		.done = on_fetched,
		.context = state,
	};
	int err = -ENOMEM;

	state->is_asked = false;
	free(state->url);
	state->url = strdup(config->url);
	if (state->url && feeds->program)
		err = feed_process_start(feeds->runtime->base, &request, &state->process);
	if (err) {
		char message[FEED_MESSAGE_BYTES];

		snprintf(message, sizeof(message), "%s cannot be started: %s",
			 feeds->program ? feeds->program : "the fetcher", strerror(-err));
		end_fetch(state, FEED_RESULT_FAILED, message, NULL, 0);
		return;
	}
	feeds->fetch_count++;
}

static bool is_busy(const struct feed_state *state)
{
	return state->process || state->is_judged;
}

/* Start what is due, and sleep until something else is. */
static void run(struct feeds *feeds)
{
	const int64_t now_sec = time_now_sec();
	struct timeval sleep = { .tv_sec = LOOK_SEC };

	for (size_t i = 0; i < feeds->count && !feeds->runtime->is_stopping; i++) {
		struct feed_state *state = &feeds->items[i];
		const struct feed_config *config = config_of(state);
		int64_t left_sec = state->is_asked ? 0 : state->next_at_sec - now_sec;

		if (!config || is_busy(state))
			continue;
		if (left_sec > 0) {
			if (left_sec < sleep.tv_sec)
				sleep.tv_sec = left_sec;
		} else if (feeds->fetch_count < FETCHES_MAX) {
			start(state, config);
		}
	}
	event_add(feeds->timer, &sleep);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	run(context);
}

/* ---- configuration ------------------------------------------------------ */

static void free_state(struct feed_state *state)
{
	if (state->process)
		state->feeds->fetch_count--;
	feed_process_stop(state->process);
	feed_report_done(&state->report);
	free(state->url);
	free(state->known_url);
	free(state->message);
}

/* What goes on of @old; its process must be told of the new place. */
static void inherit(struct feed_state *old, struct feed_state *state)
{
	struct feed_report report = state->report;

	feed_report_done(&old->report);
	*state = *old;
	state->report = report;
	*old = (struct feed_state) { 0 };
	if (state->process)
		feed_process_set_context(state->process, state);
}

void feeds_follow(struct feeds *feeds, struct feed_reports *reports)
{
	struct feeds old = *feeds;
	struct feed_state *items = calloc(reports->count + 1, sizeof(*items));

	if (!items) {
		log_error("feeds", "the feeds stay as they were: %s", strerror(ENOMEM));
		return;
	}
	feeds->items = items;
	feeds->count = reports->count;
	for (size_t i = 0; i < reports->count; i++) {
		struct feed_state *before = feeds_find_state(&old, reports->items[i].name);

		items[i].feeds = feeds;
		items[i].report = reports->items[i];
		if (before)
			inherit(before, &items[i]);
	}
	reports->count = 0;
	for (size_t i = 0; i < old.count; i++) {
		if (!old.items[i].report.name)
			continue;
		feed_waits_end(feeds->runtime, &feeds->waits, old.items[i].report.name);
		free_state(&old.items[i]);
	}
	free(old.items);
	for (size_t i = 0; i < feeds->count; i++) {
		const struct feed_config *config = config_of(&items[i]);

		if (config)
			schedule_anew(&items[i], config);
	}
	run(feeds);
}

void feeds_take_report(struct feeds *feeds, struct feed_report *report)
{
	struct feed_state *state = feeds_find_state(feeds, report->name);

	if (!state)
		return;
	feed_report_done(&state->report);
	state->report = *report;
	*report = (struct feed_report) { 0 };
}

int feeds_open(struct runtime *runtime, struct feed_reports *reports, struct feeds **ret_feeds)
{
	struct feeds *feeds = calloc(1, sizeof(*feeds));

	if (!feeds)
		return -ENOMEM;
	feeds->runtime = runtime;
	feeds->program = feed_process_find_program();
	feeds->timer = event_new(runtime->base, -1, 0, on_timer, feeds);
	if (!feeds->timer) {
		free(feeds->program);
		free(feeds);
		return -ENOMEM;
	}
	*ret_feeds = feeds;
	feeds_follow(feeds, reports);
	return 0;
}

void feeds_close(struct feeds *feeds)
{
	if (!feeds)
		return;
	for (size_t i = 0; i < feeds->count; i++)
		free_state(&feeds->items[i]);
	feed_waits_free(feeds->runtime, &feeds->waits);
	event_free(feeds->timer);
	free(feeds->items);
	free(feeds->program);
	free(feeds);
}

/* ---- refresh ------------------------------------------------------------ */

int feeds_refresh(struct feeds *feeds, const char *name,
		  void (*done)(struct runtime *runtime, struct feed_wait *wait), void *context)
{
	struct feed_wait *wait;

	if (name && !feeds_find_state(feeds, name))
		return -ENOENT;
	wait = feed_wait_new(feeds, name, done, context);
	if (!wait)
		return -ENOMEM;
	wait->next = feeds->waits;
	feeds->waits = wait;
	for (size_t i = 0; i < wait->count; i++) {
		struct feed_state *state = feeds_find_state(feeds, wait->feeds[i].name);

		/* One that is on its way is as good as a new one. */
		state->is_asked = !is_busy(state);
	}
	if (!wait->count)
		feed_waits_end(feeds->runtime, &feeds->waits, NULL);
	else
		run(feeds);
	return 0;
}
