/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of ipwl-fetch. This program or a service manager starts it. The main loop watches it
 * and never waits for it. */
#ifndef FEEDS_PROCESS_H
#define FEEDS_PROCESS_H

#include <event2/event.h>
#include <stdint.h>

#include "config/feed_config.h"

#define FEED_MESSAGE_BYTES 1024
#define FEED_HEADER_BYTES 512

struct feed_process;

enum fetch_result { FETCH_IS_NEW, FETCH_IS_UNCHANGED, FETCH_HAS_FAILED };

/* The fetcher's answer. Its texts are clean, whatever the source or the fetcher sent. */
struct fetched {
	enum fetch_result result;
	int body_fd; /* if new; done() takes it by setting it to -1 */
	char message[FEED_MESSAGE_BYTES];
	char etag[FEED_HEADER_BYTES]; /* empty: none */
	char last_modified[FEED_HEADER_BYTES];
	int64_t retry_after_sec;
};

/* Find the fetcher: the socket that FETCH_SOCKET_VARIABLE names, or else the program in the
 * directory of this one. The caller frees the path. NULL: out of memory, or the directory is
 * not known. */
char *feed_process_find_program(void);

struct feed_request {
	const char *program; /* from feed_process_find_program() */
	const struct feed_config *feed;
	/* Of the present copy, so that the source does not send it again; or NULL. */
	const char *etag;
	const char *last_modified;
	/* Called once by the loop. Afterwards the process is gone and freed. */
	void (*done)(void *context, struct fetched *fetched);
	void *context;
};

/* Fetch a feed. Return: 0; -errno: @message says what is wrong. */
int feed_process_start(struct event_base *base, const struct feed_request *request,
		       struct feed_process **ret_process, char message[FEED_MESSAGE_BYTES]);

/* Change the context of the callback `done`. */
void feed_process_set_context(struct feed_process *process, void *context);

/* End the fetch without calling `done`. NULL is fine. */
void feed_process_stop(struct feed_process *process);

#endif
