/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker thread: a queue of jobs in, a queue of finished jobs out. */
#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	struct job *first;
	struct job **end;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wakeup;
	struct queue waiting;
	struct queue done;
	bool is_paused;
	bool is_stopping;
	int fd; /* eventfd */
	void (*run)(struct job *job, void *context);
	void *context;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_put(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct job *queue_get(struct queue *queue)
{
	struct job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

static void queue_free(struct queue *queue)
{
	while (queue->first)
		job_free(queue_get(queue));
}

/* The next job, or NULL at the end. */
static struct job *wait_for_job(struct worker *worker)
{
	struct job *job = NULL;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->is_stopping && (worker->is_paused || !worker->waiting.first))
		pthread_cond_wait(&worker->wakeup, &worker->mutex);
	if (!worker->is_stopping)
		job = queue_get(&worker->waiting);
	pthread_mutex_unlock(&worker->mutex);
	return job;
}

static void *thread_main(void *argument)
{
	struct worker *worker = argument;
	struct job *job;

	while ((job = wait_for_job(worker))) {
		if (job->type == JOB_DISCARD) {
			job_free(job);
			continue;
		}
		if (job->type != JOB_PAUSE)
			worker->run(job, worker->context);
		pthread_mutex_lock(&worker->mutex);
		worker->is_paused = job->type == JOB_PAUSE;
		queue_put(&worker->done, job);
		pthread_mutex_unlock(&worker->mutex);
		eventfd_write(worker->fd, 1);
	}
	return NULL;
}

/* Signals are for the main loop. */
static int start_thread(struct worker *worker)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, NULL, thread_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int worker_start(void (*run)(struct job *job, void *context), void *context,
		 struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	worker->run = run;
	worker->context = context;
	queue_init(&worker->waiting);
	queue_init(&worker->done);
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->wakeup, NULL);
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = worker->fd < 0 ? -errno : start_thread(worker);
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
	pthread_cond_destroy(&worker->wakeup);
	pthread_mutex_destroy(&worker->mutex);
	close(worker->fd);
	free(worker);
}

void worker_submit(struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&worker->mutex);
	queue_put(&worker->waiting, job);
	pthread_cond_signal(&worker->wakeup);
	pthread_mutex_unlock(&worker->mutex);
}

void worker_discard(struct worker *worker, struct job *job)
{
	job->type = JOB_DISCARD;
	worker_submit(worker, job);
}

int worker_fd(const struct worker *worker)
{
	return worker->fd;
}

struct job *worker_take_done(struct worker *worker)
{
	eventfd_t count;
	struct job *first;

	if (eventfd_read(worker->fd, &count))
		count = 0;
	pthread_mutex_lock(&worker->mutex);
	first = worker->done.first;
	queue_init(&worker->done);
	pthread_mutex_unlock(&worker->mutex);
	return first;
}

void worker_resume(struct worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	worker->is_paused = false;
	pthread_cond_signal(&worker->wakeup);
	pthread_mutex_unlock(&worker->mutex);
}
