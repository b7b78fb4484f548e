/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: made by the main loop, run by the worker, finished by the main loop. */
#include "engine/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void job_task_free(struct task *task)
{
	job_free((struct job *)task);
}

struct job *job_new(enum job_type type, void (*done)(struct runtime *runtime, struct job *job),
		    void *context)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->type = type;
	job->task.free = job_task_free;
	job->done = done;
	job->context = context;
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	free(job->list_name);
	free(job->reason);
	free(job->author);
	import_free(job->import);
	free(job->message);
	lines_done(&job->details);
	lines_done(&job->warnings);
	lines_done(&job->changes);
	snapshot_unref(job->snapshot);
	entry_set_unref(job->set);
	feed_job_free(job->feed);
	feed_reports_done(&job->feed_reports);
	free(job->lint);
	free(job->config_path);
	json_decref(job->answer);
	free(job->held);
	free(job->filter);
	free(job->state_error);
	free(job);
}

void job_fail(struct job *job, enum outcome outcome, const char *format, ...)
{
	va_list arguments;

	job->outcome = outcome;
	free(job->message);
	va_start(arguments, format);
	if (vasprintf(&job->message, format, arguments) < 0)
		job->message = NULL;
	va_end(arguments);
}
