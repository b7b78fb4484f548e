/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are answered when their job is done; in control_change.c. */
#ifndef DAEMON_CONTROL_JOBS_H
#define DAEMON_CONTROL_JOBS_H

#include <event2/http.h>
#include <stdbool.h>

#include "exchange.h"
#include "job.h"

/* A job for @request; NULL: an error was sent. Its context is an exchange, to be ended
 * by @done, or before a job that is not submitted is freed. */
struct job *control_new_job(struct daemon *daemon, struct evhttp_request *request,
			    enum job_type type, void (*done)(struct daemon *, struct job *));

/* Answer for a job that failed. Return: whether it did, or nobody waits. */
bool control_is_answered(struct evhttp_request *request, const struct job *job);

#endif
