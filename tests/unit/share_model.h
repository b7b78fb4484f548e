/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Redis and a clock for test_fleet_share.c. Nothing waits: the linker uses these functions
 * instead of those of user/redis/client.c and of libevent's timers, and time jumps to what comes
 * next.
 */
#ifndef UNIT_SHARE_MODEL_H
#define UNIT_SHARE_MODEL_H

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_prefix.h"
#include "redis/client.h"

#define CLIENTS_MAX 8
#define KEYS_MAX 64
#define KEY_BYTES 256

/* ---- time ----------------------------------------------------------------------- */

static int64_t clock_ms;

struct event {
	struct event *next;
	bool is_pending, repeats;
	int64_t due_ms, often_ms;
	event_callback_fn call;
	void *context;
};

static struct event *timers;

int64_t __wrap_time_now_sec(void);
int64_t __wrap_time_now_sec(void)
{
	return clock_ms / 1000;
}

double __wrap_time_monotonic_sec(void);
double __wrap_time_monotonic_sec(void)
{
	return (double)clock_ms / 1000;
}

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
			event_callback_fn call, void *context)
{
	struct event *event = calloc(1, sizeof(*event));

	(void)base;
	assert_int_equal(fd, -1);
	event->repeats = what & EV_PERSIST;
	event->call = call;
	event->context = context;
	event->next = timers;
	timers = event;
	return event;
}

int event_add(struct event *event, const struct timeval *timeout)
{
	event->often_ms = timeout->tv_sec * 1000 + timeout->tv_usec / 1000;
	event->due_ms = clock_ms + event->often_ms;
	event->is_pending = true;
	return 0;
}

int event_del(struct event *event)
{
	event->is_pending = false;
	return 0;
}

void event_free(struct event *event)
{
	struct event **place = &timers;

	while (*place != event)
		place = &(*place)->next;
	*place = event->next;
	free(event);
}

static struct event *next_timer(void)
{
	struct event *first = NULL;

	for (struct event *event = timers; event; event = event->next)
		if (event->is_pending && (!first || event->due_ms < first->due_ms))
			first = event;
	return first;
}

/* ---- the server ------------------------------------------------------------------- */

struct stored {
	char key[KEY_BYTES];
	char *value;
	size_t bytes;
	int64_t until_ms;
};

static struct stored store[KEYS_MAX]; /* "" as key: nothing */
static bool is_up;
static int slowness_ms; /* a command or reply takes up to so long */
static bool is_full;	/* SET is refused */

static void forget(struct stored *stored)
{
	free(stored->value);
	*stored = (struct stored) { .value = NULL };
}

static struct stored *find_stored(const char *key)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		if (*store[i].key && store[i].until_ms <= clock_ms)
			forget(&store[i]);
		if (*store[i].key && !strcmp(store[i].key, key))
			return &store[i];
	}
	return NULL;
}

static void put(const char *key, const char *value, size_t bytes, int64_t until_ms)
{
	struct stored *stored = find_stored(key);
	struct stored next = { .value = malloc(bytes + 1), .bytes = bytes, .until_ms = until_ms };

	/* They may be of what is replaced. */
	snprintf(next.key, sizeof(next.key), "%s", key);
	memcpy(next.value, value, bytes);
	next.value[bytes] = '\0';
	for (size_t i = 0; !stored && i < KEYS_MAX; i++)
		if (!*store[i].key)
			stored = &store[i];
	assert_non_null(stored);
	forget(stored);
	*stored = next;
}

static void forget_all(void)
{
	for (size_t i = 0; i < KEYS_MAX; i++)
		forget(&store[i]);
}

/* ---- clients ---------------------------------------------------------------------- */

struct command {
	struct command *next;
	char *words[6];
	size_t lengths[6];
	size_t count;
	int64_t due_ms; /* when the server gets it */
	redis_done *done;
	void *argument;
};

struct redis_client {
	bool is_ready;
	struct redis_events events;
	struct command *commands, **last;
};

static struct redis_client *clients[CLIENTS_MAX];

int redis_client_new(struct event_base *base, const struct redis_settings *settings,
		     const struct redis_events *events, struct redis_client **ret_client,
		     const char **ret_problem)
{
	struct redis_client *client = calloc(1, sizeof(*client));
	size_t i = 0;

	(void)base;
	(void)settings;
	(void)ret_problem;
	while (clients[i])
		assert_true(++i < CLIENTS_MAX);
	clients[i] = client;
	client->events = *events;
	client->last = &client->commands;
	*ret_client = client;
	return 0;
}

static struct command *take_command(struct redis_client *client)
{
	struct command *command = client->commands;

	client->commands = command->next;
	if (!client->commands)
		client->last = &client->commands;
	return command;
}

static void free_command(struct command *command)
{
	for (size_t i = 0; i < command->count; i++)
		free(command->words[i]);
	free(command);
}

static void run_command(const struct command *command, struct redis_reply *reply)
{
	char *const *words = command->words;
	struct stored *stored = find_stored(words[1]);

	if (!strcmp(words[0], "GET")) {
		if (stored)
			*reply = (struct redis_reply) { .type = REDIS_STRING,
							.text = stored->value,
							.text_bytes = stored->bytes };
	} else if (!strcmp(words[0], "SET") && is_full) {
		*reply = (struct redis_reply) { .type = REDIS_ERROR };
	} else if (!strcmp(words[0], "SET")) {
		const bool has_nx = !strcmp(words[3], "NX");

		assert_string_equal(words[has_nx ? 4 : 3], "EX");
		if (has_nx && stored)
			return;
		put(words[1], words[2], command->lengths[2],
		    clock_ms + 1000 * strtoll(words[has_nx ? 5 : 4], NULL, 10));
		*reply = (struct redis_reply) { .type = REDIS_STATUS };
	} else if (!strcmp(words[0], "EXPIRE")) {
		*reply = (struct redis_reply) { .type = REDIS_INTEGER };
		if (stored)
			stored->until_ms = clock_ms + 1000 * strtoll(words[2], NULL, 10);
	} else {
		assert_string_equal(words[0], "DEL");
		*reply = (struct redis_reply) { .type = REDIS_INTEGER };
		if (stored)
			forget(stored);
	}
}

/* Without a reply if the connection has ended. */
static void answer_command(struct redis_client *client, bool is_lost)
{
	struct command *command = take_command(client);
	struct redis_reply reply = { .type = REDIS_NIL };
	char *text;

	/* Nobody knows whether the server has got what was not answered. */
	if (!is_lost || (is_up && random_chance(50)))
		run_command(command, &reply);
	/* The callback may change its copy. */
	text = reply.text ? malloc(reply.text_bytes + 1) : NULL;
	if (text)
		memcpy(text, reply.text, reply.text_bytes + 1);
	reply.text = text;
	if (command->done)
		command->done(client, is_lost ? NULL : &reply, command->argument);
	free(text);
	free_command(command);
}

static void lose(struct redis_client *client)
{
	client->is_ready = false;
	while (client->commands)
		answer_command(client, true);
	client->events.lost(client, "it was lost", client->events.context);
}

void redis_client_close(struct redis_client *client)
{
	size_t i = 0;

	client->is_ready = false;
	while (client->commands)
		answer_command(client, true);
	while (clients[i] != client)
		i++;
	clients[i] = NULL;
	free(client);
}

bool redis_client_is_ready(const struct redis_client *client)
{
	return client->is_ready;
}

int redis_client_command(struct redis_client *client, size_t count, const char *const arguments[],
			 const size_t lengths[], unsigned int block_ms, redis_done *done,
			 void *argument)
{
	struct command *command;

	assert_int_equal(block_ms, 0);
	if (!client->is_ready)
		return -ENOTCONN;
	command = calloc(1, sizeof(*command));
	assert_true(count <= 6);
	command->count = count;
	for (size_t i = 0; i < count; i++) {
		command->lengths[i] = lengths ? lengths[i] : strlen(arguments[i]);
		command->words[i] = malloc(command->lengths[i] + 1);
		memcpy(command->words[i], arguments[i], command->lengths[i]);
		command->words[i][command->lengths[i]] = '\0';
	}
	command->due_ms = clock_ms + random_below((unsigned int)slowness_ms + 1);
	command->done = done;
	command->argument = argument;
	*client->last = command;
	client->last = &command->next;
	return 0;
}

static struct redis_client *next_client(void)
{
	struct redis_client *first = NULL;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i] && clients[i]->commands &&
		    (!first || clients[i]->commands->due_ms < first->commands->due_ms))
			first = clients[i];
	return first;
}

/* The server stops, or those who are without it reach it again. */
static void set_up(bool up)
{
	is_up = up;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (!clients[i])
			continue;
		if (!up && clients[i]->is_ready)
			lose(clients[i]);
		else if (!up)
			clients[i]->events.lost(clients[i], "refused", clients[i]->events.context);
		else if (!clients[i]->is_ready) {
			clients[i]->is_ready = true;
			clients[i]->events.ready(clients[i], clients[i]->events.context);
		}
	}
}

/* What comes next, but nothing after @until_ms. Return: whether there was something. */
static bool step(int64_t until_ms)
{
	struct redis_client *client = next_client();
	struct event *timer = next_timer();
	const int64_t client_ms = client ? client->commands->due_ms : INT64_MAX;
	const int64_t timer_ms = timer ? timer->due_ms : INT64_MAX;
	const int64_t next_ms = client_ms < timer_ms ? client_ms : timer_ms;

	if (next_ms > until_ms) {
		clock_ms = until_ms;
		return false;
	}
	if (next_ms > clock_ms)
		clock_ms = next_ms;
	if (client_ms <= timer_ms) {
		answer_command(client, false);
		return true;
	}
	timer->is_pending = timer->repeats;
	timer->due_ms = clock_ms + timer->often_ms;
	timer->call(-1, EV_TIMEOUT, timer->context);
	return true;
}

static void run_until(int64_t until_ms)
{
	while (step(until_ms))
		;
}

#endif
