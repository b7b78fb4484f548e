/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request becomes a job, and waits for it. */
#include "api/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/peer.h"
#include "http/http.h"
#include "runtime/runtime.h"

struct evhttp_request *control_job_end(struct job *job)
{
	return exchange_end(job->context);
}

struct job *control_job_new(struct runtime *runtime, struct evhttp_request *request,
			    enum job_type type, void (*done)(struct runtime *, struct job *))
{
	struct exchange *exchange = NULL;
	struct job *job = NULL;

	if (runtime->is_stopping) {
		http_reply_errorf(request, OUTCOME_UNAVAILABLE, "ipwld is stopping");
		return NULL;
	}
	job = job_new(type, done, NULL);
	if (job)
		exchange = exchange_new(request);
	if (!exchange) {
		job_free(job);
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return NULL;
	}
	job->context = exchange;
	return job;
}

bool control_job_failed(struct evhttp_request *request, const struct job *job)
{
	if (request && job->outcome)
		http_reply_error(request, job->outcome, job->message, &job->details);
	return !request || job->outcome;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

int control_job_name(struct job *job, struct evhttp_request *request, const char *list,
		     const struct prefix *prefix, const char *reason, const char *sudo_user)
{
	job->list_name = copy(list);
	if (prefix)
		job->prefix = *prefix;
	job->reason = copy(reason);
	job->author = peer_author(request, sudo_user);
	job->is_sudo = peer_is_sudo(request, sudo_user);
	if (!job->list_name == !list && job->author && !job->reason == !reason)
		return 0;
	control_job_end(job);
	job_free(job);
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	return -ENOMEM;
}
