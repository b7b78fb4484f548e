/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the control socket that the worker serves. */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <event2/http.h>

#include "engine/task.h"

struct runtime;

/* A job for @request, not submitted yet, its context taken; @done is to begin with
 * control_job_end(). NULL: an error was sent. */
struct job *control_job_new(struct runtime *runtime, struct evhttp_request *request,
			    enum job_type type, void (*done)(struct runtime *, struct job *));

/* The request to answer, or NULL: nobody waits any more. */
struct evhttp_request *control_job_end(struct job *job);

/* Answer for a job that failed. Return: whether it did, or nobody waits. */
bool control_job_failed(struct evhttp_request *request, const struct job *job);

/**
 * control_job_name() - tell a job of which list, prefix and user it is
 * @reason, @sudo_user: may be NULL
 *
 * Return: 0; -ENOMEM: an error was sent, and @job is gone.
 */
int control_job_name(struct job *job, struct evhttp_request *request, const char *list,
		     const struct prefix *prefix, const char *reason, const char *sudo_user);

#endif
