/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker thread: a queue of tasks to run, one of tasks to finish, one of tasks to free. */
#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

struct queue {
	struct task *first;
	struct task **end;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wakeup;
	struct queue waiting;
	struct queue done;
	struct queue spent; /* finished, to be freed */
	bool is_paused;
	bool is_stopping;
	double busy_since_sec; /* 0: at no task */
	int fd;		       /* eventfd */
	void *context;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_put(struct queue *queue, struct task *task)
{
	task->next = NULL;
	*queue->end = task;
	queue->end = &task->next;
}

static struct task *queue_get(struct queue *queue)
{
	struct task *task = queue->first;

	queue->first = task->next;
	if (!queue->first)
		queue->end = &queue->first;
	return task;
}

static void queue_free(struct queue *queue)
{
	while (queue->first) {
		struct task *task = queue_get(queue);

		task->free(task);
	}
}

/* The next task to free, or else to run: another one may need the memory. NULL: the end. */
static struct task *worker_wait(struct worker *worker, bool *ret_is_spent)
{
	struct task *task = NULL;

	pthread_mutex_lock(&worker->mutex);
	worker->busy_since_sec = 0;
	while (!worker->is_stopping && !worker->spent.first &&
	       (worker->is_paused || !worker->waiting.first))
		pthread_cond_wait(&worker->wakeup, &worker->mutex);
	*ret_is_spent = worker->spent.first;
	if (!worker->is_stopping)
		task = queue_get(*ret_is_spent ? &worker->spent : &worker->waiting);
	worker->busy_since_sec = task ? time_monotonic_sec() : 0;
	pthread_mutex_unlock(&worker->mutex);
	return task;
}

static void worker_run_task(struct worker *worker, struct task *task)
{
	task->is_unfinished = false;
	if (task->run)
		task->run(task, worker->context);
	pthread_mutex_lock(&worker->mutex);
	worker->is_paused = !task->run;
	queue_put(task->is_unfinished ? &worker->waiting : &worker->done, task);
	pthread_mutex_unlock(&worker->mutex);
	eventfd_write(worker->fd, 1);
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	struct task *task;
	bool is_spent;

	while ((task = worker_wait(worker, &is_spent))) {
		if (is_spent)
			task->free(task);
		else
			worker_run_task(worker, task);
	}
	return NULL;
}

/* Signals are for the main loop. */
static int worker_start_thread(struct worker *worker)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int worker_start(void *context, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	worker->context = context;
	queue_init(&worker->waiting);
	queue_init(&worker->done);
	queue_init(&worker->spent);
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->wakeup, NULL);
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = worker->fd < 0 ? -errno : worker_start_thread(worker);
	if (err) {
		if (worker->fd >= 0)
			close(worker->fd);
		free(worker);
		return err;
	}
	*ret_worker = worker;
	return 0;
}

void worker_stop(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->mutex);
	worker->is_stopping = true;
	pthread_cond_signal(&worker->wakeup);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);
	queue_free(&worker->waiting);
	queue_free(&worker->done);
	queue_free(&worker->spent);
	pthread_cond_destroy(&worker->wakeup);
	pthread_mutex_destroy(&worker->mutex);
	close(worker->fd);
	free(worker);
}

static void worker_enqueue(struct worker *worker, struct queue *queue, struct task *task)
{
	pthread_mutex_lock(&worker->mutex);
	queue_put(queue, task);
	pthread_cond_signal(&worker->wakeup);
	pthread_mutex_unlock(&worker->mutex);
}

void worker_submit(struct worker *worker, struct task *task)
{
	worker_enqueue(worker, &worker->waiting, task);
}

double worker_busy_sec(struct worker *worker)
{
	double since_sec;

	pthread_mutex_lock(&worker->mutex);
	since_sec = worker->busy_since_sec;
	pthread_mutex_unlock(&worker->mutex);
	return since_sec > 0 ? time_monotonic_sec() - since_sec : 0;
}

int worker_fd(const struct worker *worker)
{
	return worker->fd;
}

static struct task *worker_take_done(struct worker *worker)
{
	eventfd_t count;
	struct task *first;

	if (eventfd_read(worker->fd, &count))
		count = 0;
	pthread_mutex_lock(&worker->mutex);
	first = worker->done.first;
	queue_init(&worker->done);
	pthread_mutex_unlock(&worker->mutex);
	return first;
}

unsigned int worker_finish(struct worker *worker, void *context)
{
	struct task *task = worker_take_done(worker), *next;
	unsigned int count = 0;

	for (; task; task = next) {
		next = task->next;
		task->finish(task, context);
		worker_enqueue(worker, &worker->spent, task);
		count++;
	}
	return count;
}

void worker_resume(struct worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->is_paused = false;
	pthread_cond_signal(&worker->wakeup);
	pthread_mutex_unlock(&worker->mutex);
}
