/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker: tasks run one after another, are finished in their order and freed in the end. */
#include "base/worker.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TASKS 500
#define PATIENCE_MSEC 60000

struct numbered {
	struct task task;
	int number;
	pthread_t thread; /* that has run it */
};

/* Of the thread while it runs; of the test once it is stopped. */
static int run_order[2 * TASKS], run_count;
static int finish_order[2 * TASKS], finish_count;
static int freed_count;	   /* atomic */
static bool freed_in_loop; /* atomic */
static pthread_t loop;

static void numbered_run(struct task *task, void *context)
{
	struct numbered *numbered = (struct numbered *)task;

	assert_ptr_equal(context, run_order);
	numbered->thread = pthread_self();
	run_order[run_count++] = numbered->number;
}

static void numbered_finish(struct task *task, void *context)
{
	const struct numbered *numbered = (const struct numbered *)task;

	assert_ptr_equal(context, finish_order);
	assert_true(pthread_equal(pthread_self(), loop));
	assert_true(!task->run || !pthread_equal(numbered->thread, loop));
	finish_order[finish_count++] = numbered->number;
}

static void numbered_free(struct task *task)
{
	if (pthread_equal(pthread_self(), loop))
		__atomic_store_n(&freed_in_loop, true, __ATOMIC_RELAXED);
	__atomic_add_fetch(&freed_count, 1, __ATOMIC_RELAXED);
	free(task);
}

static void submit(struct worker *worker, int number, bool runs)
{
	struct numbered *numbered = calloc(1, sizeof(*numbered));

	assert_non_null(numbered);
	numbered->task.run = runs ? numbered_run : NULL;
	numbered->task.finish = numbered_finish;
	numbered->task.free = numbered_free;
	numbered->number = number;
	worker_submit(worker, &numbered->task);
}

/* As the main loop does, until @count are finished. */
static void finish(struct worker *worker, int count)
{
	struct pollfd fd = { .fd = worker_fd(worker), .events = POLLIN };

	while (finish_count < count) {
		const int before = finish_count;
		unsigned int finished;

		assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
		finished = worker_finish(worker, finish_order);
		assert_int_equal(finished, finish_count - before);
	}
}

static int start(void **worker)
{
	run_count = finish_count = freed_count = 0;
	freed_in_loop = false;
	loop = pthread_self();
	return worker_start(run_order, (struct worker **)worker);
}

static void test_order(void **state)
{
	struct worker *worker = *state;

	for (int i = 0; i < TASKS; i++) {
		submit(worker, i, true);
		if (i % 7 == 0)
			worker_finish(worker, finish_order);
	}
	finish(worker, TASKS);
	worker_stop(worker);
	assert_int_equal(run_count, TASKS);
	for (int i = 0; i < TASKS; i++) {
		assert_int_equal(run_order[i], i);
		assert_int_equal(finish_order[i], i);
	}
	assert_int_equal(freed_count, TASKS);
}

/* What was finished is freed by the thread while it has nothing to run. */
static void test_freed_by_the_thread(void **state)
{
	struct worker *worker = *state;

	submit(worker, 1, true);
	finish(worker, 1);
	while (!__atomic_load_n(&freed_count, __ATOMIC_RELAXED))
		poll(NULL, 0, 1);
	assert_false(__atomic_load_n(&freed_in_loop, __ATOMIC_RELAXED));
	worker_stop(worker);
	assert_int_equal(freed_count, 1);
}

/* Nothing runs while it rests, but what is finished is freed. */
static void test_rest(void **state)
{
	struct worker *worker = *state;
	struct pollfd fd;

	submit(worker, 1, true);
	submit(worker, 2, false);
	submit(worker, 3, true);
	finish(worker, 2);
	while (__atomic_load_n(&freed_count, __ATOMIC_RELAXED) < 2)
		poll(NULL, 0, 1);
	fd = (struct pollfd) { .fd = worker_fd(worker), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(finish_order[1], 2);
	/* The thread has gone to rest before it frees: it cannot have run the third. */
	assert_int_equal(run_count, 1);
	worker_resume(worker);
	finish(worker, 3);
	worker_stop(worker);
	assert_int_equal(run_count, 2);
	assert_int_equal(freed_count, 3);
}

/* Tasks that never ran, that were never finished: all are freed. */
static void test_stop(void **state)
{
	struct worker *worker = *state;

	submit(worker, 0, false);
	for (int i = 1; i < TASKS; i++)
		submit(worker, i, true);
	finish(worker, 1);
	worker_stop(worker);
	assert_int_equal(run_count, 0);
	assert_int_equal(freed_count, TASKS);
	worker_stop(NULL);
}

/* ---- how long it has been busy ------------------------------------------------ */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void gated_run(struct task *task, void *context)
{
	(void)task;
	(void)context;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

static void gated_finish(struct task *task, void *context)
{
	(void)task;
	(void)context;
	finish_count++;
}

static void test_busy(void **state)
{
	struct worker *worker = *state;
	struct numbered *gated = calloc(1, sizeof(*gated));

	assert_non_null(gated);
	gated->task =
	    (struct task) { .run = gated_run, .finish = gated_finish, .free = numbered_free };
	assert_true(worker_busy_sec(worker) == 0);
	pthread_mutex_lock(&gate);
	worker_submit(worker, &gated->task);
	while (worker_busy_sec(worker) < 0.02)
		poll(NULL, 0, 1);
	pthread_mutex_unlock(&gate);
	finish(worker, 1);
	while (worker_busy_sec(worker) > 0)
		poll(NULL, 0, 1);
	worker_stop(worker);
}

/* ---- what is freed first ---------------------------------------------------------- */

static int freed_before_run; /* atomic */

static void counting_run(struct task *task, void *context)
{
	(void)task;
	(void)context;
	__atomic_store_n(&freed_before_run, __atomic_load_n(&freed_count, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
}

static void submit_run(struct worker *worker, void (*run)(struct task *task, void *context))
{
	struct numbered *numbered = calloc(1, sizeof(*numbered));

	assert_non_null(numbered);
	numbered->task =
	    (struct task) { .run = run, .finish = gated_finish, .free = numbered_free };
	worker_submit(worker, &numbered->task);
}

/* What a finished task holds must not be kept while the next one runs, which may need as much. */
static void test_freed_before_the_next_runs(void **state)
{
	struct worker *worker = *state;
	struct pollfd fd = { .fd = worker_fd(worker), .events = POLLIN };

	submit(worker, 1, true);
	assert_int_equal(poll(&fd, 1, PATIENCE_MSEC), 1);
	pthread_mutex_lock(&gate);
	submit_run(worker, gated_run);
	while (worker_busy_sec(worker) <= 0)
		poll(NULL, 0, 1);
	finish(worker, 1);
	submit_run(worker, counting_run);
	pthread_mutex_unlock(&gate);
	finish(worker, 3);
	assert_true(__atomic_load_n(&freed_before_run, __ATOMIC_RELAXED) >= 1);
	worker_stop(worker);
}

/* ---- a task in pieces --------------------------------------------------------------- */

static int pieces_left = 3;
static int runs_before_end; /* of other tasks, before the last piece */

static void piece_run(struct task *task, void *context)
{
	(void)context;
	task->is_unfinished = --pieces_left > 0;
	runs_before_end = run_count;
}

/* Another task that waits runs before the next piece. */
static void test_pieces(void **state)
{
	struct worker *worker = *state;

	pthread_mutex_lock(&gate);
	submit_run(worker, gated_run);
	while (worker_busy_sec(worker) <= 0)
		poll(NULL, 0, 1);
	submit_run(worker, piece_run);
	submit(worker, 1, true);
	pthread_mutex_unlock(&gate);
	finish(worker, 3);
	worker_stop(worker);
	assert_int_equal(pieces_left, 0);
	assert_int_equal(runs_before_end, 1);
	assert_int_equal(freed_count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, start),
		cmocka_unit_test_setup(test_freed_by_the_thread, start),
		cmocka_unit_test_setup(test_freed_before_the_next_runs, start),
		cmocka_unit_test_setup(test_pieces, start),
		cmocka_unit_test_setup(test_rest, start),
		cmocka_unit_test_setup(test_stop, start),
		cmocka_unit_test_setup(test_busy, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
