/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread that runs tasks one after another, so that the main loop never waits. */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <stdbool.h>

struct worker;

/* A task for the worker: the first member of a struct of the requester. */
struct task {
	struct task *next; /* of the queue that it is in */
	/* In the thread; @context is that of worker_start(). NULL: the thread rests from this
	 * task's turn on until worker_resume(). */
	void (*run)(struct task *task, void *context);
	/* In the main loop, after run(); @context is that of worker_finish(). */
	void (*finish)(struct task *task, void *context);
	/* In the thread after finish(), because freeing millions of entries takes time, and
	 * before another task runs; or at the worker's end, whether or not the task has run. */
	void (*free)(struct task *task);
	/* Set by run(): there is more to do. It is run again after the tasks that wait now. */
	bool is_unfinished;
};

/* @context is for run(). Return: 0 or -errno. */
int worker_start(void *context, struct worker **ret_worker);
/* Wait for the task that runs, end the thread and free all tasks. NULL is fine. */
void worker_stop(struct worker *worker);

/* Hand over a task. */
void worker_submit(struct worker *worker, struct task *task);

/* How long the thread has been running or freeing its current task; 0 if there is none. */
double worker_busy_sec(struct worker *worker);

/* Readable when tasks have run. */
int worker_fd(const struct worker *worker);
/* Finish the tasks that have run, in their order. Return: how many. */
unsigned int worker_finish(struct worker *worker, void *context);

/* End the pause that a task without run() began. */
void worker_resume(struct worker *worker);

#endif
