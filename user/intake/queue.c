/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects messages for a moment, so that many share one transaction. The worker reads them. */
#include "intake/queue.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/learned.h"
#include "intake/rspamd.h"
#include "runtime/learner.h"
#include "runtime/runtime.h"

#define FLUSH_USEC 200000
/* Messages that the worker reads at a time. */
#define TASK_MESSAGES_MAX 1024
#define LOG_INTERVAL_SEC 3600

struct message {
	struct message *next;
	size_t bytes;
	char text[];
};

static void free_messages(struct message *message)
{
	while (message) {
		struct message *next = message->next;

		free(message);
		message = next;
	}
}

/* ---- in the worker ---------------------------------------------------------- */

struct intake_task {
	struct engine_task task;
	struct intake_queue *queue;
	struct message *messages;
	struct evidence *items; /* room for what TASK_MESSAGES_MAX messages can give */
	struct refusal refusal;
};

static void intake_task_run(struct engine_task *base, struct engine *engine)
{
	struct intake_task *task = (struct intake_task *)base;
	struct evidence_batch batch = { .items = task->items };
	const int64_t now_sec = time_now_sec();
	struct evidence_noted noted;
	uint64_t invalid_count = 0;

	for (struct message *message = task->messages; message; message = message->next) {
		int count =
		    rspamd_read(message->text, message->bytes, now_sec, &task->items[batch.count]);

		if (count < 0)
			invalid_count++;
		else
			batch.count += (size_t)count;
	}
	if (invalid_count)
		learning_count_dropped(engine_view(engine).learning, EVIDENCE_FROM_RSPAMD,
				       EVIDENCE_DROP_INVALID, invalid_count);
	if (batch.count)
		engine_note_evidence(engine, &batch, &noted, &task->refusal);
}

static void intake_task_free(struct engine_task *base)
{
	struct intake_task *task = (struct intake_task *)base;

	free_messages(task->messages);
	refusal_done(&task->refusal);
	free(task->items);
	free(task);
}

/* ---- in the main loop ------------------------------------------------------- */

static void arm(struct intake_queue *queue)
{
	const struct timeval soon = { .tv_usec = FLUSH_USEC };

	if (queue->count && !queue->is_busy && !event_pending(queue->flush, EV_TIMEOUT, NULL))
		event_add(queue->flush, &soon);
}

static void intake_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct intake_task *task = (struct intake_task *)base;
	struct intake_queue *queue = task->queue;

	if (task->refusal.message)
		log_warning("learn", "evidence of rspamd is lost: %s", task->refusal.message);
	learner_wake(runtime->learner);
	queue->is_busy = false;
	arm(queue);
}

/* Move the first messages of the queue to a task. */
static void take_messages(struct intake_queue *queue, struct intake_task *task)
{
	struct message **end = &queue->first;

	for (size_t i = 0; i < TASK_MESSAGES_MAX && *end; i++) {
		queue->count--;
		queue->bytes -= (*end)->bytes;
		end = &(*end)->next;
	}
	task->messages = queue->first;
	queue->first = *end;
	*end = NULL;
	if (!queue->first)
		queue->last = &queue->first;
}

static void on_flush(evutil_socket_t fd, short what, void *context)
{
	struct intake_queue *queue = context;
	struct intake_task *task;

	(void)fd;
	(void)what;
	if (queue->runtime->is_stopping)
		return;
	task = calloc(1, sizeof(*task));
	if (task)
		task->items =
		    calloc((size_t)TASK_MESSAGES_MAX * RSPAMD_EVIDENCE_MAX, sizeof(*task->items));
	if (!task || !task->items) {
		free(task);
		arm(queue);
		return;
	}
	task->queue = queue;
	task->task.run = intake_task_run;
	task->task.finish = intake_task_finish;
	task->task.free = intake_task_free;
	take_messages(queue, task);
	queue->is_busy = true;
	runtime_submit(queue->runtime, &task->task);
}

int intake_queue_open(struct intake_queue *queue, struct runtime *runtime)
{
	queue->runtime = runtime;
	queue->last = &queue->first;
	queue->flush = event_new(runtime->base, -1, 0, on_flush, queue);
	return queue->flush ? 0 : -ENOMEM;
}

void intake_queue_close(struct intake_queue *queue)
{
	if (queue->flush)
		event_free(queue->flush);
	free_messages(queue->first);
	*queue = (struct intake_queue) { 0 };
}

static void drop(struct intake_queue *queue)
{
	const double now_sec = time_monotonic_sec();

	learning_count_dropped(queue->runtime->view.learning, EVIDENCE_FROM_RSPAMD,
			       EVIDENCE_DROP_QUEUE, 1);
	if (queue->logged_at_sec > 0 && now_sec - queue->logged_at_sec < LOG_INTERVAL_SEC)
		return;
	log_warning("learn", "messages of rspamd arrive faster than they can be noted: new ones "
			     "are dropped");
	queue->logged_at_sec = now_sec;
}

void intake_queue_add(struct intake_queue *queue, struct evbuffer *body)
{
	const size_t bytes = evbuffer_get_length(body);
	struct message *message = NULL;

	if (queue->count < INTAKE_MESSAGES_MAX && bytes <= INTAKE_BYTES_MAX - queue->bytes)
		message = malloc(sizeof(*message) + bytes);
	if (!message) {
		drop(queue);
		return;
	}
	message->next = NULL;
	message->bytes = bytes;
	evbuffer_copyout(body, message->text, bytes);
	*queue->last = message;
	queue->last = &message->next;
	queue->count++;
	queue->bytes += bytes;
	arm(queue);
}
