/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Look-ups of a zone, one process of ipwl-resolve at a time. A zone is believed only while it
 * passes its checks, and each look-up has a control beside the sources: if that is listed, the
 * zone lists everything.
 */
#include "runtime/rescue_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/rescue.h"
#include "resolve/protocol.h"

#define TIMEOUT_SEC 10
#define CHECK_SEC 3600
/* After a check without an answer, and after a wrong answer. */
#define CHECK_AGAIN_SEC 60
#define CHECK_BROKEN_SEC 600
/* How soon a source is looked up again if there was no answer, or while it is put in force. */
#define SOON_SEC 60

/* ---- in the worker -------------------------------------------------------------------- */

struct add_task {
	struct engine_task task;
	char *zone;
	struct rescued sources[DNS_ADDRESSES_MAX];
	size_t count;
	bool is_failed;
	struct refusal refusal;
};

static void add_run(struct engine_task *base, struct engine *engine)
{
	struct add_task *task = (struct add_task *)base;

	task->is_failed =
	    engine_rescue(engine, task->zone, task->sources, task->count, &task->refusal) != 0;
}

/* ---- entries ---------------------------------------------------------------------------- */

/* The runner of a zone; NULL: it is no longer configured. */
static struct rescue_runner *find_runner(const struct rescue *rescue, const char *zone)
{
	for (size_t i = 0; rescue && i < rescue->count; i++)
		if (!strcmp(rescue->runners[i]->zone->name, zone))
			return rescue->runners[i];
	return NULL;
}

static void tell_source(const struct rescue_runner *runner, const struct rescued *source)
{
	char text[PREFIX_TEXT_BYTES];

	prefix_format_short(&source->source, text);
	if (source->refusal)
		log_info("rescue", "%s is not allowed, although %s answers %s: %s", text,
			 runner->zone->name, source->why, source->refusal);
	else
		log_info("rescue", "%s is allowed for a while: %s answers %s", text,
			 runner->zone->name, source->why);
}

static void add_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct add_task *task = (const struct add_task *)base;
	struct rescue_runner *runner = find_runner(runtime->rescue, task->zone);
	const double now_sec = time_monotonic_sec();

	if (task->is_failed)
		log_warning("rescue", "%s: %s", task->zone,
			    task->refusal.message ? task->refusal.message : strerror(ENOMEM));
	for (size_t i = 0; runner && i < task->count; i++) {
		const struct rescued *source = &task->sources[i];
		const bool is_refused = task->is_failed || source->refusal;

		runner->results[is_refused ? RESCUE_RESULT_REFUSED : RESCUE_RESULT_RESCUED]++;
		if (source->refusal)
			rescue_waiting_remember(runner->waiting, &source->source, now_sec,
						now_sec + runner->zone->retry_sec);
		if (!task->is_failed)
			tell_source(runner, source);
	}
}

static void add_free(struct engine_task *base)
{
	struct add_task *task = (struct add_task *)base;

	refusal_done(&task->refusal);
	free(task->zone);
	free(task);
}

static struct add_task *add_task_new(const char *zone)
{
	struct add_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->zone = strdup(zone);
	if (!task->zone) {
		free(task);
		return NULL;
	}
	task->task.run = add_run;
	task->task.finish = add_finish;
	task->task.free = add_free;
	return task;
}

/* ---- up and off --------------------------------------------------------------------------- */

static void turn_off(struct rescue_runner *runner, const char *why, int again_sec)
{
	if (runner->is_up || !*runner->problem)
		log_warning("rescue", "%s is off: %s; its entries stay in force until they expire",
			    runner->zone->name, why);
	runner->is_up = false;
	snprintf(runner->problem, sizeof(runner->problem), "%s", why);
	runner->check_due_sec = time_monotonic_sec() + again_sec;
	runner->skips[RESCUE_SKIP_OFF] += rescue_waiting_clear(runner->waiting);
}

static void turn_on(struct rescue_runner *runner)
{
	if (!runner->is_up)
		log_info("rescue", "%s works: blocked sources are looked up in it",
			 runner->zone->name);
	runner->is_up = true;
	*runner->problem = '\0';
	runner->check_due_sec = time_monotonic_sec() + CHECK_SEC;
}

static void take_check(struct rescue_runner *runner, const struct dns_listing *listing)
{
	char why[RESCUE_WHY_BYTES];
	const enum rescue_finding finding = rescue_judge_canaries(runner->zone, listing, why);

	runner->checked_at_sec = time_now_sec();
	if (finding == RESCUE_ENOUGH)
		turn_on(runner);
	else
		turn_off(runner, why,
			 finding == RESCUE_BROKEN ? CHECK_BROKEN_SEC : CHECK_AGAIN_SEC);
}

/* ---- sources -------------------------------------------------------------------------------- */

static void count_result(struct rescue_runner *runner, const struct dns_listed *item,
			 enum rescue_result result, uint32_t again_sec)
{
	const double now_sec = time_monotonic_sec();

	runner->results[result]++;
	rescue_waiting_remember(runner->waiting, &item->address, now_sec, now_sec + again_sec);
}

/* @task: collects those that are listed well enough. Return: whether the zone is still to be
 * believed. */
static bool take_source(struct rescue_runner *runner, const struct dns_listed *item,
			struct add_task *task)
{
	const double now_sec = time_monotonic_sec();
	struct rescued *source = &task->sources[task->count];
	char why[RESCUE_WHY_BYTES];

	switch (rescue_judge(runner->zone, item, why)) {
	case RESCUE_ENOUGH:
		*source = (struct rescued) { .source = item->address, .ttl_sec = item->ttl_sec };
		snprintf(source->why, sizeof(source->why), "%s", why);
		task->count++;
		rescue_waiting_remember(runner->waiting, &item->address, now_sec,
					now_sec + SOON_SEC);
		return true;
	case RESCUE_UNLISTED:
		count_result(runner, item, RESCUE_RESULT_UNLISTED, runner->zone->retry_sec);
		return true;
	case RESCUE_TOO_LOW:
		count_result(runner, item, RESCUE_RESULT_TOO_LOW, runner->zone->retry_sec);
		return true;
	case RESCUE_FAILED:
		count_result(runner, item, RESCUE_RESULT_FAILED, SOON_SEC);
		return true;
	default:
		turn_off(runner, why, CHECK_BROKEN_SEC);
		return false;
	}
}

/* Judge the control, and say whether the answers about sources are to be believed. */
static bool is_believed(struct rescue_runner *runner, const struct dns_listing *listing)
{
	char why[RESCUE_WHY_BYTES];

	switch (rescue_judge_control(runner->zone, &listing->items[listing->count - 1], why)) {
	case RESCUE_UNLISTED:
		return true;
	case RESCUE_BROKEN:
		turn_off(runner, why, CHECK_BROKEN_SEC);
		return false;
	default:
		for (size_t i = 0; i + 1 < listing->count; i++)
			count_result(runner, &listing->items[i], RESCUE_RESULT_FAILED, SOON_SEC);
		return false;
	}
}

static void take_sources(struct rescue_runner *runner, const struct dns_listing *listing)
{
	struct add_task *task;
	bool is_good = runner->is_up && is_believed(runner, listing);

	task = is_good ? add_task_new(runner->zone->name) : NULL;
	for (size_t i = 0; task && is_good && i + 1 < listing->count; i++)
		is_good = take_source(runner, &listing->items[i], task);
	if (task && is_good && task->count)
		runtime_submit(runner->rescue->runtime, &task->task);
	else if (task)
		add_free(&task->task);
}

/* ---- the process ------------------------------------------------------------------------------
 */

static int write_request(int fd, const struct feed_request *request,
			 char message[FEED_MESSAGE_BYTES])
{
	const struct rescue_runner *runner = request->context;
	const struct resolver_settings *settings = &request->config->resolver;
	struct dns_request dns = { .kind = DNS_LIST,
				   .timeout_sec = runner->feed.timeout_sec,
				   .needs_authenticated = settings->requires_ad,
				   .address_count = runner->asked_count };
	int err;

	memcpy(dns.addresses, runner->asked, runner->asked_count * sizeof(*runner->asked));
	snprintf(dns.name, sizeof(dns.name), "%s", runner->zone->name);
	if (settings->servers)
		snprintf(dns.servers, sizeof(dns.servers), "%s", settings->servers);
	err = dns_request_write(fd, &dns);
	if (err)
		snprintf(message, FEED_MESSAGE_BYTES, "cannot create the request: %s",
			 strerror(-err));
	return err;
}

/* The result is the body, which is read when it is sealed. */
static void read_result(const int fds[FEED_FILE_COUNT], struct fetched *fetched)
{
	(void)fds;
	fetched->result = FETCH_IS_NEW;
}

const struct feed_fetcher rescue_fetcher = {
	.helper = { .program = RESOLVE_PROGRAM,
		    .unit = RESOLVE_UNIT,
		    .socket_variable = RESOLVE_SOCKET_VARIABLE },
	.grace_sec = RESOLVE_GRACE_SEC,
	.numbers = { [FEED_FILE_REQUEST] = RESOLVE_REQUEST_FD,
		     [FEED_FILE_RESULT] = -1,
		     [FEED_FILE_BODY] = RESOLVE_RESULT_FD },
	.read_result = read_result,
	.write_request = write_request,
};

/* Nothing is known of what was asked. */
static void fail_listing(const struct rescue_runner *runner, const char *message,
			 struct dns_listing *ret_listing)
{
	*ret_listing = (struct dns_listing) { .count = runner->asked_count };
	for (size_t i = 0; i < runner->asked_count; i++)
		ret_listing->items[i] =
		    (struct dns_listed) { .address = runner->asked[i], .status = DNS_TEMPORARY };
	snprintf(ret_listing->message, sizeof(ret_listing->message), "%.*s",
		 (int)sizeof(ret_listing->message) - 1, message);
}

/* Whether the listing is about what was asked. */
static bool is_about(const struct rescue_runner *runner, const struct dns_listing *listing)
{
	if (listing->count != runner->asked_count)
		return false;
	for (size_t i = 0; i < listing->count; i++)
		if (prefix_compare(&listing->items[i].address, &runner->asked[i]) != 0)
			return false;
	return true;
}

static void read_listing(const struct rescue_runner *runner, int fd,
			 struct dns_listing *ret_listing)
{
	char text[DNS_LISTING_TEXT_BYTES_MAX];
	const ssize_t bytes = pread(fd, text, sizeof(text), 0);

	if (bytes <= 0 || dns_listing_read(text, (size_t)bytes, ret_listing) ||
	    !is_about(runner, ret_listing))
		fail_listing(runner, "the answer of " RESOLVE_PROGRAM " is cut off or damaged",
			     ret_listing);
}

static void take_listing(struct rescue_runner *runner, const struct dns_listing *listing)
{
	if (runner->is_check)
		take_check(runner, listing);
	else
		take_sources(runner, listing);
}

static void on_done(void *context, struct fetched *fetched)
{
	struct rescue_runner *runner = context;
	struct dns_listing listing;

	runner->process = NULL;
	if (fetched->result == FETCH_IS_NEW)
		read_listing(runner, fetched->body_fd, &listing);
	else
		fail_listing(runner, fetched->message, &listing);
	take_listing(runner, &listing);
	/* More may wait. */
	rescue_runner_tick(runner);
}

static void start(struct rescue_runner *runner)
{
	const struct rescue *rescue = runner->rescue;
	const struct config *config = rescue->runtime->snapshot->config;
	const struct feed_request request = { .fetcher = &rescue_fetcher,
					      .program = rescue->program,
					      .config = config,
					      .feed = &runner->feed,
					      .done = on_done,
					      .context = runner };
	char message[FEED_MESSAGE_BYTES];
	struct dns_listing listing;

	runner->queries += runner->asked_count;
	runner->feed.timeout_sec =
	    config->resolver.timeout_sec < TIMEOUT_SEC ? config->resolver.timeout_sec : TIMEOUT_SEC;
	if (!rescue->program)
		snprintf(message, sizeof(message), "%s is not found", RESOLVE_PROGRAM);
	else if (!feed_process_start(rescue->runtime->base, &request, &runner->process, message))
		return;
	runner->process = NULL;
	fail_listing(runner, message, &listing);
	take_listing(runner, &listing);
}

void rescue_runner_tick(struct rescue_runner *runner)
{
	const double now_sec = time_monotonic_sec();

	if (runner->process)
		return;
	runner->is_check = now_sec >= runner->check_due_sec;
	if (runner->is_check) {
		memcpy(runner->asked, rescue_canaries, sizeof(rescue_canaries));
		runner->asked_count = RESCUE_CANARIES;
		rescue_waiting_spend(runner->waiting, now_sec, RESCUE_CANARIES);
	} else {
		if (!runner->is_up)
			return;
		/* With the control. */
		runner->asked_count = rescue_waiting_take(runner->waiting, now_sec, 1,
							  runner->asked, DNS_ADDRESSES_MAX - 1);
		if (!runner->asked_count)
			return;
		rescue_make_control(&runner->asked[runner->asked_count++]);
	}
	start(runner);
}
