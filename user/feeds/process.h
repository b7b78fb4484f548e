/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of the confined program that fetches a feed. This program or a service manager starts
 * it. The main loop watches it and never waits for it. */
#ifndef FEEDS_PROCESS_H
#define FEEDS_PROCESS_H

#include <event2/event.h>
#include <stdint.h>

#include "config/config.h"
#include "helper/helper.h"

#define FEED_MESSAGE_BYTES 1024
#define FEED_HEADER_BYTES 512

struct feed_process;

enum fetch_result {
	FETCH_IS_NEW,
	FETCH_IS_UNCHANGED,
	FETCH_IS_GONE, /* the source has nothing any more; the body says so */
	FETCH_HAS_FAILED,
};

/* The fetcher's answer. Its texts are clean, whatever the source or the fetcher sent. */
struct fetched {
	enum fetch_result result;
	int body_fd; /* if new or gone; done() takes it by setting it to -1 */
	char message[FEED_MESSAGE_BYTES];
	char etag[FEED_HEADER_BYTES]; /* empty: none */
	char last_modified[FEED_HEADER_BYTES];
	int64_t retry_after_sec; /* the source does not want to be asked earlier */
};

/* The files of a run. They are files in memory, so neither side ever waits for the other. */
enum feed_file { FEED_FILE_REQUEST, FEED_FILE_RESULT, FEED_FILE_BODY, FEED_FILE_COUNT };

struct feed_request {
	const struct feed_fetcher *fetcher;
	const char *program; /* from helper_find() */
	const struct config *config;
	const struct feed_config *feed;
	const char *url; /* the feed's url, or one of its mirrors */
	/* Of the present copy, so that the source does not send it again; or NULL. */
	const char *etag;
	const char *last_modified;
	/* Called once by the loop. Afterwards the process is gone and freed. */
	void (*done)(void *context, struct fetched *fetched);
	void *context;
};

/* How feeds of a kind are fetched. */
struct feed_fetcher {
	struct helper helper;
	uint32_t grace_sec;	      /* the program ends by itself this long after its timeout */
	int numbers[FEED_FILE_COUNT]; /* of the files in the program; -1: it does not get it */
	/* Return: 0; -errno: @message says what is wrong. */
	int (*write_request)(int fd, const struct feed_request *request,
			     char message[FEED_MESSAGE_BYTES]);
	/* Read the result of a program that has ended well. */
	void (*read_result)(const int fds[FEED_FILE_COUNT], struct fetched *fetched);
};

/* Fetch a feed. Return: 0; -errno: @message says what is wrong. */
int feed_process_start(struct event_base *base, const struct feed_request *request,
		       struct feed_process **ret_process, char message[FEED_MESSAGE_BYTES]);

/* Change the context of the callback `done`. */
void feed_process_set_context(struct feed_process *process, void *context);

/* End the fetch without calling `done`. NULL is fine. */
void feed_process_stop(struct feed_process *process);

#endif
