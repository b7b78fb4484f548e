/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that share one feed, for test_fleet_share.c: each checks what it takes. */
#ifndef UNIT_SHARE_HOSTS_H
#define UNIT_SHARE_HOSTS_H

#include "fleet/share.h"

#include "share_model.h"

#define HOSTS 5
#define FEED "https://lists.example/drop\nplain"
#define REFRESH_SEC ((int64_t)3600)
#define FETCH_SEC 120
#define FIRST_WAIT_SEC 20
#define RETRY_SEC 600
/* The most that an ask may take beyond its own limit: a slow server, and its silence. */
#define SLACK_SEC 90

struct host {
	struct fleet_share *share; /* NULL: it does not run */
	size_t number;
	struct event *due, *fetched;
	bool is_asking;
	int64_t asked_ms, wait_sec;
	uint32_t version; /* in force; 0: none */
	uint32_t fetched_version;
	int64_t fetched_sec; /* when that fetch began */
	int64_t checked_sec;
	char digest[FLEET_DIGEST_DIGITS + 1];
};

static struct host hosts[HOSTS];
static uint32_t version; /* at the source */
static size_t fetch_count, taken_count, damaged_count;
static size_t body_bytes;    /* of a copy */
static unsigned int failing; /* percent of fetches */
static unsigned int slowest_fetch_ms;
static char *replayed; /* what was once said of a copy */

/* ---- the source --------------------------------------------------------------------- */

/* "version 12" and bytes that cannot be packed. To be freed. */
static char *body_of(uint32_t of, size_t *ret_bytes)
{
	char *body = malloc(body_bytes + 32);
	uint32_t noise = of * 2654435761U;
	size_t bytes = (size_t)sprintf(body, "version %u\n", of);

	for (size_t i = 0; i < body_bytes; i++) {
		noise = noise * 1664525 + 1013904223;
		body[bytes++] = (char)(noise >> 24);
	}
	*ret_bytes = bytes;
	return body;
}

/* ---- hosts -------------------------------------------------------------------------- */

static void arm(struct event *timer, int64_t ms)
{
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(timer, &wait);
}

/* As user/feeds/timing.c does. */
static void wait_for_refresh(struct host *host, int64_t age_sec)
{
	arm(host->due, (REFRESH_SEC - age_sec) * 1000 + random_below(360000));
}

static void fetch(struct host *host)
{
	fetch_count++;
	host->fetched_version = version;
	host->fetched_sec = clock_ms / 1000;
	arm(host->fetched, 1000 + random_below(slowest_fetch_ms));
}

static void give(struct host *host, const char *feed, const char *body, size_t bytes)
{
	struct fleet_copy copy = { .checked_at_sec = host->fetched_sec };
	char *packed;

	snprintf(copy.host, sizeof(copy.host), "mx%zu", host->number);
	assert_int_equal(fleet_share_source(host->share, feed, copy.source), 0);
	assert_int_equal(fleet_copy_pack(body, bytes, &copy, &packed), 0);
	if (!strcmp(feed, FEED))
		memcpy(host->digest, copy.digest, sizeof(copy.digest));
	fleet_share_give(host->share, feed, &copy, packed, 2 * REFRESH_SEC);
}

static void be_fetched(evutil_socket_t fd, short what, void *context)
{
	struct host *host = context;
	size_t bytes;
	char *body;

	(void)fd;
	(void)what;
	if (random_chance(failing)) {
		fleet_share_give_up(host->share, FEED);
		arm(host->due, RETRY_SEC * 1000);
		return;
	}
	host->version = host->fetched_version;
	host->checked_sec = clock_ms / 1000;
	body = body_of(host->version, &bytes);
	give(host, FEED, body, bytes);
	free(body);
	wait_for_refresh(host, 0);
}

/* The copy is what the source had, and not older than what is here. */
static void take(struct host *host, const struct fleet_copy *copy, const char *bytes)
{
	const uint32_t taken = (uint32_t)strtoul(bytes + strlen("version "), NULL, 10);
	size_t expected_bytes;
	char *expected = body_of(taken, &expected_bytes);

	assert_memory_equal(bytes, "version ", strlen("version "));
	assert_in_range(taken, host->version ? host->version : 1, version);
	assert_int_equal(copy->byte_count, expected_bytes);
	assert_memory_equal(bytes, expected, expected_bytes);
	free(expected);
	host->version = taken;
	memcpy(host->digest, copy->digest, sizeof(copy->digest));
}

static void be_answered(const struct fleet_copy *copy, char *packed, void *context)
{
	struct host *host = context;
	const int64_t age_sec = copy ? clock_ms / 1000 - copy->checked_at_sec : 0;
	char *bytes = NULL;

	assert_true(host->is_asking);
	host->is_asking = false;
	assert_true(clock_ms - host->asked_ms <= (host->wait_sec + SLACK_SEC) * 1000);
	/* It is being freed: it does not run any more. */
	if (!host->share)
		return;
	if (copy && packed && fleet_copy_unpack(copy, packed, &bytes)) {
		damaged_count++;
		copy = NULL;
	}
	free(packed);
	if (!copy) {
		fetch(host);
		return;
	}
	taken_count++;
	assert_in_range(age_sec, 0, REFRESH_SEC - 1);
	assert_true(copy->checked_at_sec > host->checked_sec);
	if (bytes)
		take(host, copy, bytes);
	else
		assert_string_equal(copy->digest, host->digest);
	free(bytes);
	host->checked_sec = clock_ms / 1000;
	wait_for_refresh(host, age_sec);
}

static void be_due(evutil_socket_t fd, short what, void *context)
{
	struct host *host = context;
	struct fleet_wish wish = {
		.feed = FEED,
		.digest = *host->digest ? host->digest : NULL,
		.newer_than_sec = host->checked_sec,
		.refresh_sec = REFRESH_SEC,
		.fetch_sec = FETCH_SEC,
		.wait_sec = host->version ? FETCH_SEC : FIRST_WAIT_SEC,
		.byte_count_max = (size_t)1 << 30,
		.done = be_answered,
		.context = host,
	};

	(void)fd;
	(void)what;
	assert_false(host->is_asking);
	host->is_asking = true;
	host->asked_ms = clock_ms;
	host->wait_sec = wish.wait_sec;
	if (!fleet_share_ask(host->share, &wish))
		return;
	host->is_asking = false;
	fetch(host);
}

static void start(struct host *host)
{
	const struct fleet_share_settings settings = { .cluster = "mail",
						       .key = "the fleet's key" };
	const char *problem;

	assert_int_equal(fleet_share_new(NULL, &settings, &host->share, &problem), 0);
	host->due = event_new(NULL, -1, 0, be_due, host);
	host->fetched = event_new(NULL, -1, 0, be_fetched, host);
	arm(host->due, random_below(2000));
	set_up(is_up);
}

/* It sends nothing any more. */
static void die(struct host *host)
{
	struct fleet_share *share = host->share;

	host->share = NULL;
	event_free(host->due);
	event_free(host->fetched);
	fleet_share_free(share);
	assert_false(host->is_asking);
}

static void start_all(void)
{
	clock_ms = (int64_t)1800000000 * 1000;
	version = 1;
	fetch_count = taken_count = damaged_count = failing = 0;
	is_up = true;
	is_full = false;
	slowness_ms = 20;
	slowest_fetch_ms = 15000;
	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i] = (struct host) { .number = i };
		start(&hosts[i]);
	}
}

static void end_all(void)
{
	for (size_t i = 0; i < HOSTS; i++)
		if (hosts[i].share)
			die(&hosts[i]);
	forget_all();
	free(replayed);
	replayed = NULL;
	assert_null(timers);
}

static void assert_all_fresh(void)
{
	for (size_t i = 0; i < HOSTS; i++) {
		assert_true(hosts[i].version > 0);
		assert_in_range(clock_ms / 1000 - hosts[i].checked_sec, 0,
				REFRESH_SEC + 360 + FETCH_SEC + SLACK_SEC);
	}
}

#endif
