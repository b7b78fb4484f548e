/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers about domains, as texts of ipwl-resolve, handed to the engine. */
#ifndef DOMAIN_ANSWERS_H
#define DOMAIN_ANSWERS_H

#include <sys/mman.h>
#include <unistd.h>

#include "engine/feeds.h"
#include "engine_fixture.h"
#include "feeds/resolver.h"

#define HEAD(status) "dns 1\nttl_sec 300\nauthenticated no\nipv4 " status "\nipv6 " status "\n"

/* What the fetcher makes of a text of ipwl-resolve. */
static FIXTURE_UNUSED void read_answer(const char *text, int fds[FEED_FILE_COUNT],
				       struct fetched *fetched)
{
	for (int i = 0; i < FEED_FILE_COUNT; i++) {
		fds[i] = memfd_create("test", MFD_CLOEXEC);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(write(fds[FEED_FILE_RESULT], text, strlen(text)), strlen(text));
	*fetched = (struct fetched) { .result = FETCH_HAS_FAILED, .body_fd = -1 };
	resolver_fetcher.read_result(fds, fetched);
}

static FIXTURE_UNUSED void close_files(const int fds[FEED_FILE_COUNT])
{
	for (int i = 0; i < FEED_FILE_COUNT; i++)
		close(fds[i]);
}

static char message[512]; /* of the last answer: why it was refused or held */

/* ipwl-resolve gives this answer about a domain. */
static FIXTURE_UNUSED enum feed_result answer_about(const char *name, const char *text)
{
	int fds[FEED_FILE_COUNT];
	struct feed_arrival arrival;
	struct fetched fetched;
	enum feed_result result;

	read_answer(text, fds, &fetched);
	assert_int_not_equal(fetched.result, FETCH_HAS_FAILED);
	assert_int_equal(feed_arrival_init(&arrival, FEED_OF_DOMAIN, name), 0);
	arrival.copy.url = strdup(name);
	arrival.copy.fetched_at_sec = arrival.copy.checked_at_sec = time_now_sec();
	arrival.is_gone = fetched.result == FETCH_IS_GONE;
	arrival.gone_message = strdup(fetched.message);
	arrival.body_fd = dup(fds[FEED_FILE_BODY]);
	engine_take_copy(fixture_engine, &arrival);
	result = arrival.result;
	snprintf(message, sizeof(message), "%s",
		 arrival.refusal.message ? arrival.refusal.message : "");
	for (size_t i = 0; i < arrival.report.held_reasons.count; i++)
		snprintf(message + strlen(message), sizeof(message) - strlen(message), "%s\n",
			 arrival.report.held_reasons.items[i]);
	feed_arrival_done(&arrival);
	close_files(fds);
	return result;
}

#endif
