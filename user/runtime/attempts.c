/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One batch at a time: the next one is read when the engine has noted the last one. Meanwhile the
 * kernel keeps events in its ring, and counts those for which that has no room. A batch is a
 * transaction, so a short pause comes after one that was not full.
 */
#include "runtime/attempts.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/attempt.h"
#include "datapath/events.h"
#include "engine/seen.h"
#include "runtime/rescue.h"
#include "runtime/runtime.h"

#define BATCH_MAX 4096
#define PAUSE_SEC 1

struct attempt_reader {
	struct runtime *runtime;
	struct events *events;
	struct event *readable;
	struct event *pause;
	/* The worker's while it has the batch. */
	struct attempt *batch;
	size_t count;
	bool is_noted;
	int64_t epoch_ns;	   /* of the batch */
	struct attempt_kept *kept; /* a ring */
	uint64_t next;
};

/* ---- in the worker ------------------------------------------------------------ */

struct note_task {
	struct engine_task task;
	struct attempt_reader *reader;
};

static void note_run(struct engine_task *base, struct engine *engine)
{
	struct attempt_reader *reader = ((struct note_task *)base)->reader;

	engine_note_attempts(engine, reader->batch, reader->count);
	reader->is_noted = true;
}

/* ---- in the main loop ----------------------------------------------------------- */

static void reader_pause(struct attempt_reader *reader)
{
	const struct timeval pause = { .tv_sec = PAUSE_SEC };

	evtimer_add(reader->pause, &pause);
}

static void note_finish(struct engine_task *base, struct runtime *runtime)
{
	struct attempt_reader *reader = ((struct note_task *)base)->reader;

	(void)runtime;
	if (reader->count == BATCH_MAX)
		event_add(reader->readable, NULL);
	else
		reader_pause(reader);
}

static void note_free(struct engine_task *task)
{
	free(task);
}

static void reader_keep(struct attempt_reader *reader, const struct ipwl_event *event,
			const struct attempt *attempt)
{
	struct attempt_kept *kept = &reader->kept[reader->next++ % ATTEMPTS_KEPT];

	kept->attempt = *attempt;
	kept->header_bytes = (uint16_t)attempt_header_bytes(event);
	kept->packet_bytes = event->packet_bytes;
	memcpy(kept->packet, event->packet, sizeof(kept->packet));
}

static void reader_take(void *context, const struct ipwl_event *event)
{
	struct attempt_reader *reader = context;
	struct attempt *attempt = &reader->batch[reader->count];

	if (!attempt_read(event, reader->epoch_ns, attempt))
		return;
	attempt_resolve(attempt, reader->runtime->snapshot->policy);
	reader_keep(reader, event, attempt);
	rescue_offer(reader->runtime->rescue, attempt);
	reader->count++;
}

static void reader_on_readable(evutil_socket_t fd, short what, void *context)
{
	struct attempt_reader *reader = context;
	struct note_task *task;

	(void)fd;
	(void)what;
	if (reader->runtime->is_stopping)
		return;
	task = calloc(1, sizeof(*task));
	if (!task) {
		reader_pause(reader);
		return;
	}
	reader->count = 0;
	reader->is_noted = false;
	reader->epoch_ns = time_booted_ns();
	if (events_consume(reader->events, BATCH_MAX) <= 0) {
		reader->is_noted = true;
		free(task);
		reader_pause(reader);
		return;
	}
	task->reader = reader;
	task->task.run = note_run;
	task->task.finish = note_finish;
	task->task.free = note_free;
	runtime_submit(reader->runtime, &task->task);
}

static void reader_on_pause(evutil_socket_t fd, short what, void *context)
{
	struct attempt_reader *reader = context;

	(void)fd;
	(void)what;
	event_add(reader->readable, NULL);
}

/* ---- open ------------------------------------------------------------------------- */

static int reader_set_up(struct attempt_reader *reader)
{
	struct event_base *base = reader->runtime->base;
	int err;

	reader->batch = calloc(BATCH_MAX, sizeof(*reader->batch));
	reader->kept = calloc(ATTEMPTS_KEPT, sizeof(*reader->kept));
	if (!reader->batch || !reader->kept)
		return -ENOMEM;
	err = events_open(reader->runtime->datapath, reader_take, reader, &reader->events);
	if (err)
		return err;
	reader->readable =
	    event_new(base, events_fd(reader->events), EV_READ, reader_on_readable, reader);
	reader->pause = evtimer_new(base, reader_on_pause, reader);
	return reader->readable && reader->pause && !event_add(reader->readable, NULL) ? 0
										       : -ENOMEM;
}

static void reader_free(struct attempt_reader *reader)
{
	if (reader->readable)
		event_free(reader->readable);
	if (reader->pause)
		event_free(reader->pause);
	events_close(reader->events);
	free(reader->batch);
	free(reader->kept);
	free(reader);
}

int attempt_reader_open(struct runtime *runtime, struct attempt_reader **ret_reader)
{
	struct attempt_reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return -ENOMEM;
	reader->runtime = runtime;
	reader->is_noted = true;
	err = reader_set_up(reader);
	if (err) {
		reader_free(reader);
		return err;
	}
	*ret_reader = reader;
	return 0;
}

void attempt_reader_close(struct attempt_reader *reader)
{
	if (!reader)
		return;
	if (!reader->is_noted)
		engine_note_attempts(reader->runtime->engine, reader->batch, reader->count);
	reader_free(reader);
}

/* ---- for those who watch ------------------------------------------------------------ */

uint64_t attempt_reader_next(const struct attempt_reader *reader)
{
	return reader->next;
}

const struct attempt_kept *attempt_reader_get(const struct attempt_reader *reader, uint64_t number)
{
	if (number >= reader->next || reader->next - number > ATTEMPTS_KEPT)
		return NULL;
	return &reader->kept[number % ATTEMPTS_KEPT];
}
