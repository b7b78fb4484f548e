/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedule of feeds. Starts a few fetchers at a time (feeds/timing.c says when), and gives
 * fetched copies to the worker.
 */
#include "feeds/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/plural.h"
#include "feeds/schedule_internal.h"
#include "feeds/timing.h"

#define FETCHES_MAX 4
/* Check the schedule at least this often, because the wall clock may be set. */
#define LOOK_SEC 30
#define LOGGED_LINES_MAX 5

size_t feeds_count(const struct feeds *feeds)
{
	return feeds->count;
}

uint64_t feeds_result_count(const struct feeds *feeds, enum feed_result result)
{
	return feeds->result_counts[result];
}

const struct feed_state *feeds_at(const struct feeds *feeds, size_t index)
{
	return &feeds->items[index];
}

struct feed_state *feeds_find_state(const struct feeds *feeds, const char *name)
{
	for (size_t i = 0; i < feeds->count; i++) {
		/* While a new configuration is applied, some items have lost their name. */
		if (feeds->items[i].report.name && !strcmp(feeds->items[i].report.name, name))
			return &feeds->items[i];
	}
	return NULL;
}

const struct feed_config *feed_config_of(const struct feed_state *state)
{
	return feed_config_find(state->feeds->configs, state->report.name);
}

/* ---- fetch -------------------------------------------------------------- */

static void feed_log_result(const struct feed_state *state, const struct lines *details)
{
	const char *subsystem = feed_kinds[state->feeds->kind].plural;
	const char *name = state->report.name;

	switch (state->result) {
	case FEED_RESULT_UNCHANGED:
		log_debug(subsystem, "%s: the source has no other copy", name);
		return;
	case FEED_RESULT_NEW:
		log_info(subsystem, "%s: %s", name, state->message ? state->message : "");
		return;
	default:
		if (!feed_report_matters(&state->report)) {
			log_debug(subsystem, "%s: %s", name, state->message ? state->message : "");
			return;
		}
		log_warning(subsystem, "%s: %s: %s", name, feed_result_names[state->result],
			    state->message ? state->message : "out of memory");
	}
	for (size_t i = 1; details && i < details->count && i < LOGGED_LINES_MAX; i++)
		log_warning(subsystem, "%s: %s", name, details->items[i]);
}

static void feed_forget_digest(struct feed_state *state)
{
	free(state->digest);
	state->digest = NULL;
}

/* Tell the other hosts, unless this was the copy of one of them. */
static void feed_end_sharing(struct feed_state *state, const struct feed_config *config,
			     enum feed_result result)
{
	const struct feed_sharer *sharer = &state->feeds->sharer;

	const bool was_taken = state->is_taken;

	state->is_taken = state->is_doubtful = false;
	if (was_taken && (result == FEED_RESULT_NEW || result == FEED_RESULT_UNCHANGED)) {
		/* All hosts ask when the source should be asked again, and one of them does. */
		state->next_at_sec -= state->age_sec;
		return;
	}
	free(state->from);
	state->from = NULL;
	feed_forget_digest(state);
	if (!was_taken && sharer->tell && config)
		sharer->tell(sharer->context, config, result, state->asked_at_sec);
}

/* Record the end of a fetch, whatever its result. @message is copied. */
static void feed_end_fetch(struct feed_state *state, enum feed_result result, const char *message,
			   const struct lines *details)
{
	struct feeds *feeds = state->feeds;
	const struct feed_config *config = feed_config_of(state);
	const bool is_failure = result == FEED_RESULT_FAILED || result == FEED_RESULT_INVALID;

	state->has_result = true;
	state->result = result;
	state->result_at_sec = time_now_sec();
	free(state->message);
	state->message = message ? strdup(message) : NULL;
	state->fetch_counts[result]++;
	feeds->result_counts[result]++;
	state->failure_count = is_failure ? state->failure_count + 1 : 0;
	state->is_judged = false;
	feed_log_result(state, details);
	feed_schedule_next(state, config, state->retry_after_sec);
	feed_end_sharing(state, config, result);
	state->retry_after_sec = 0;
	state->url_index = 0;
	feed_waits_end(&feeds->waits, state->report.name);
	feeds_run(feeds);
}

/* Go on with the next mirror, because @failed_url has failed. Return: whether there is one, and
 * no reload has changed the URLs in the meantime. */
static bool feed_try_mirror(struct feed_state *state, const char *failed_url, const char *message)
{
	struct feeds *feeds = state->feeds;
	const struct feed_config *config = feed_config_of(state);
	const char *url = config ? feed_config_url(config, state->url_index) : NULL;
	const char *next = url ? feed_config_url(config, state->url_index + 1) : NULL;

	if (!next || feeds->is_ending || !failed_url || strcmp(url, failed_url) != 0)
		return false;
	log_warning(feed_kinds[feeds->kind].plural, "%s: %s: %s; the next source is %s",
		    state->report.name, url, message, next);
	state->url_index++;
	state->is_judged = false;
	/* It may have to wait until fewer fetches run. */
	state->is_asked = true;
	feeds_run(feeds);
	return true;
}

/* What another host has accepted is not good enough here: fetch. Return: whether that follows. */
static bool feed_leave_shared(struct feed_state *state, enum feed_result result,
			      const char *message)
{
	if (!state->is_taken || result == FEED_RESULT_NEW || result == FEED_RESULT_UNCHANGED)
		return false;
	log_warning(feed_kinds[state->feeds->kind].plural,
		    "%s: the copy of host %s is not taken, so it is fetched: %s",
		    state->report.name, state->from ? state->from : "?", message);
	feed_forget_digest(state);
	state->is_taken = state->is_judged = false;
	state->is_asked = state->is_doubtful = true;
	feeds_run(state->feeds);
	return true;
}

static void summarise_arrival(const struct feed_arrival *arrival, char *text, size_t text_bytes)
{
	const struct refusal *refusal = &arrival->refusal;

	*text = '\0';
	if (refusal->outcome)
		snprintf(text, text_bytes, "%s",
			 refusal->message ? refusal->message : strerror(ENOMEM));
	else if (arrival->result == FEED_RESULT_NEW)
		snprintf(text, text_bytes, "in force with %zu %s, %zu added, %zu removed",
			 arrival->report.entry_count,
			 plural(arrival->report.entry_count, "entry", "entries"),
			 arrival->diff.added_count, arrival->diff.removed_count);
	else if (arrival->result == FEED_RESULT_HELD)
		snprintf(text, text_bytes, "%s",
			 arrival->report.held_reasons.count ? arrival->report.held_reasons.items[0]
							    : "");
}

bool feeds_finish(struct feeds *feeds, struct feed_arrival *arrival)
{
	struct feed_state *state = feeds_find_state(feeds, arrival->name);
	char message[FEED_MESSAGE_BYTES];

	/* A reload may have removed the feed, or even added it again. */
	if (!state || !state->is_judged)
		return false;
	summarise_arrival(arrival, message, sizeof(message));
	for (size_t i = 0; i < arrival->warnings.count; i++)
		log_warning(feed_kinds[feeds->kind].plural, "%s: %s", arrival->name,
			    arrival->warnings.items[i]);
	if (arrival->report.name)
		feeds_take_report(feeds, &arrival->report);
	if (feed_leave_shared(state, arrival->result, message))
		return false;
	/* Another failure is one of this host, not of the source. */
	if (arrival->result == FEED_RESULT_INVALID &&
	    feed_try_mirror(state, arrival->copy.url, message))
		return false;
	feed_end_fetch(state, arrival->result, *message ? message : NULL,
		       arrival->result == FEED_RESULT_HELD ? &state->report.held_reasons
							   : &arrival->refusal.details);
	return arrival->result == FEED_RESULT_NEW;
}

static int feed_copy_header(const char *text, char **ret_copy)
{
	*ret_copy = *text ? strdup(text) : NULL;
	return *text && !*ret_copy ? -ENOMEM : 0;
}

/* Make an arrival of fetched data. Takes over the body and the state's url. Return: 0 or
 * -ENOMEM. */
static int feed_make_arrival(struct feed_state *state, struct fetched *fetched,
			     struct feed_arrival *arrival)
{
	struct feed_copy *copy = &arrival->copy;

	if (feed_arrival_init(arrival, state->feeds->kind, state->report.name))
		return -ENOMEM;
	copy->fetched_at_sec = copy->checked_at_sec = time_now_sec();
	copy->url = state->url;
	state->url = NULL;
	arrival->body_fd = fetched->body_fd;
	fetched->body_fd = -1;
	arrival->is_gone = fetched->result == FETCH_IS_GONE;
	if (feed_copy_header(fetched->message, &arrival->gone_message))
		return -ENOMEM;
	return feed_copy_header(fetched->etag, &copy->etag) ||
		       feed_copy_header(fetched->last_modified, &copy->last_modified)
		   ? -ENOMEM
		   : 0;
}

static void feed_take_fetched(struct feed_state *state, struct fetched *fetched)
{
	struct feeds *feeds = state->feeds;
	struct feed_arrival arrival;

	if (state->retry_after_sec < fetched->retry_after_sec)
		state->retry_after_sec = fetched->retry_after_sec;
	if (fetched->result == FETCH_HAS_FAILED) {
		if (!feed_try_mirror(state, state->url, fetched->message))
			feed_end_fetch(state, FEED_RESULT_FAILED, fetched->message, NULL);
		return;
	}
	if (feed_make_arrival(state, fetched, &arrival) ||
	    feeds->judge.take(feeds->judge.context, &arrival)) {
		feed_arrival_done(&arrival);
		feed_end_fetch(state, FEED_RESULT_FAILED, strerror(ENOMEM), NULL);
		return;
	}
	state->is_judged = true;
	feeds_run(feeds);
}

static void feed_on_fetched(void *context, struct fetched *fetched)
{
	struct feed_state *state = context;

	state->process = NULL;
	state->feeds->fetch_count--;
	feed_take_fetched(state, fetched);
}

/* ---- what other hosts have --------------------------------------------------------- */

/* No other host has it. */
static void feed_want_fetch(struct feed_state *state)
{
	state->is_shared = false;
	state->is_asked = true;
}

void feeds_share(struct feeds *feeds, const struct feed_sharer *sharer)
{
	feeds->sharer = sharer ? *sharer : (struct feed_sharer) { 0 };
	if (sharer)
		return;
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->items[i].is_shared)
			feed_want_fetch(&feeds->items[i]);
	feeds_run(feeds);
}

/* Keep what is said of the copy. Return: 0 or -ENOMEM. */
static int feed_note_shared(struct feed_state *state, const struct shared_copy *copy)
{
	free(state->digest);
	free(state->url);
	free(state->from);
	state->digest = strdup(copy->digest);
	state->url = strdup(copy->url);
	state->from = strdup(copy->host);
	state->age_sec = copy->age_sec > 0 ? copy->age_sec : 0;
	return state->digest && state->url && state->from ? 0 : -ENOMEM;
}

void feeds_take_shared(struct feeds *feeds, const char *name, const struct shared_copy *copy)
{
	struct feed_state *state = feeds_find_state(feeds, name);

	/* A reload may have removed the feed, or an administrator has asked for it. */
	if (!state || !state->is_shared || feeds->is_ending)
		return;
	if (!copy || feed_note_shared(state, copy)) {
		feed_forget_digest(state);
		feed_want_fetch(state);
		feeds_run(feeds);
		return;
	}
	state->is_shared = false;
	state->is_taken = true;
	feed_take_fetched(state, copy->fetched);
}

void feeds_note_digest(struct feeds *feeds, const char *name, const char *digest)
{
	struct feed_state *state = feeds_find_state(feeds, name);

	if (!state || state->is_taken)
		return;
	free(state->digest);
	state->digest = strdup(digest);
}

/* A person who asks wants what the source has. Return: whether to wait for other hosts. */
static bool feed_ask_others(struct feed_state *state, const struct feed_config *config)
{
	const struct feed_sharer *sharer = &state->feeds->sharer;

	state->is_shared = sharer->ask && !state->is_asked &&
			   sharer->ask(sharer->context, config, &state->report,
				       state->report.is_held ? NULL : state->digest);
	return state->is_shared;
}

static void feed_start_fetch(struct feed_state *state, const struct feed_config *config)
{
	struct feeds *feeds = state->feeds;
	const struct feed_report *report = &state->report;
	/* A reload may have removed mirrors. */
	const char *of_index = feed_config_url(config, state->url_index);
	const char *url = of_index ? of_index : config->url;
	/* They are useless for another URL. */
	const bool is_known = report->url && !strcmp(report->url, url) && !state->is_doubtful;
	const struct feed_request request = {
		.fetcher = feeds->fetcher,
		.program = feeds->program,
		.config = feeds->config,
		.feed = config,
		.url = url,
		.etag = is_known ? report->etag : NULL,
		.last_modified = is_known ? report->last_modified : NULL,
		.done = feed_on_fetched,
		.context = state,
	};
	char message[FEED_MESSAGE_BYTES];

	state->is_asked = false;
	state->asked_at_sec = time_now_sec();
	free(state->url);
	state->url = strdup(url);
	snprintf(message, sizeof(message), "%s", strerror(ENOMEM));
	if (!state->url || !feeds->program ||
	    feed_process_start(feeds->base, &request, &state->process, message)) {
		feed_end_fetch(state, FEED_RESULT_FAILED, message, NULL);
		return;
	}
	feeds->fetch_count++;
}

static bool feed_is_busy(const struct feed_state *state)
{
	return state->process || state->is_judged || state->is_shared;
}

void feeds_run(struct feeds *feeds)
{
	const int64_t now_sec = time_now_sec();
	struct timeval sleep = { .tv_sec = LOOK_SEC };

	for (size_t i = 0; i < feeds->count && !feeds->is_ending; i++) {
		struct feed_state *state = &feeds->items[i];
		const struct feed_config *config = feed_config_of(state);
		int64_t left_sec = state->is_asked ? 0 : state->next_at_sec - now_sec;

		if (!config || feed_is_busy(state))
			continue;
		if (left_sec > 0) {
			if (left_sec < sleep.tv_sec)
				sleep.tv_sec = left_sec;
		} else if (feeds->fetch_count < FETCHES_MAX && !feed_ask_others(state, config)) {
			feed_start_fetch(state, config);
		}
	}
	event_add(feeds->timer, &sleep);
}

/* ---- reports ------------------------------------------------------------ */

void feeds_take_report(struct feeds *feeds, struct feed_report *report)
{
	struct feed_state *state = feeds_find_state(feeds, report->name);

	if (!state)
		return;
	if (state->result == FEED_RESULT_HELD && !report->is_held)
		feed_state_accept(state);
	feed_report_done(&state->report);
	state->report = *report;
	*report = (struct feed_report) { 0 };
}

/* ---- refresh ------------------------------------------------------------ */

/* Create a wait for one feed, or for all (NULL). NULL: out of memory. */
static struct feed_wait *feeds_new_wait(const struct feeds *feeds, const char *name,
					void (*done)(const struct feed_wait *wait), void *context)
{
	const char **names = calloc(feeds->count + 1, sizeof(*names));
	struct feed_wait *wait;

	if (!names)
		return NULL;
	for (size_t i = 0; i < feeds->count; i++)
		names[i] = feeds->items[i].report.name;
	wait = name ? feed_wait_new(&name, 1, done, context)
		    : feed_wait_new(names, feeds->count, done, context);
	free(names);
	return wait;
}

int feeds_refresh(struct feeds *feeds, const char *name, void (*done)(const struct feed_wait *wait),
		  void *context)
{
	struct feed_wait *wait;

	if (name && !feeds_find_state(feeds, name))
		return -ENOENT;
	wait = feeds_new_wait(feeds, name, done, context);
	if (!wait)
		return -ENOMEM;
	wait->next = feeds->waits;
	feeds->waits = wait;
	for (size_t i = 0; i < wait->count; i++) {
		struct feed_state *state = feeds_find_state(feeds, wait->feeds[i].name);

		/* A fetch that is running already is good enough; a copy of another host is not. */
		state->is_shared = false;
		state->is_asked = !feed_is_busy(state);
	}
	if (!wait->count)
		feed_waits_end(&feeds->waits, NULL);
	else
		feeds_run(feeds);
	return 0;
}
