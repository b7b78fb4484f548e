/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread that runs jobs one after another, so that the main loop never waits. */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "engine/task.h"

struct worker;

/* @run is called in the thread. Return: 0 or -errno. */
int worker_start(void (*run)(struct job *job, void *context), void *context,
		 struct worker **ret_worker);
/* Wait for the running job, end the thread and free all jobs. NULL is fine. */
void worker_stop(struct worker *worker);

/* Hand over a job. */
void worker_submit(struct worker *worker, struct job *job);

/* Let the thread free a finished job: a snapshot of millions of entries takes its
 * time. */
void worker_discard(struct worker *worker, struct job *job);

/* Readable when jobs are done. */
int worker_fd(const struct worker *worker);
/* The jobs that are done, in their order, chained by next; or NULL. */
struct job *worker_take_done(struct worker *worker);

/* After a JOB_PAUSE is done the thread waits for this. */
void worker_resume(struct worker *worker);

#endif
