/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of rspamd that wait to be read: a limited number, and limited bytes. */
#ifndef INTAKE_QUEUE_H
#define INTAKE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#define INTAKE_MESSAGES_MAX 8192
#define INTAKE_BYTES_MAX (16U << 20)

struct evbuffer;
struct event;
struct message;
struct runtime;

struct intake_queue {
	struct runtime *runtime;
	struct event *flush; /* due when messages wait */
	struct message *first;
	struct message **last; /* where the next one goes */
	size_t count;
	size_t bytes;
	bool is_busy;	      /* the worker has a task with messages */
	double logged_at_sec; /* that it is full, by the clock that never steps; 0: never */
};

/* Return: 0 or -ENOMEM. */
int intake_queue_open(struct intake_queue *queue, struct runtime *runtime);
/* Fine if it was never opened, all zero. */
void intake_queue_close(struct intake_queue *queue);

/* Take a message over, or drop it and count that. */
void intake_queue_add(struct intake_queue *queue, struct evbuffer *body);

#endif
