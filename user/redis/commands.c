// SPDX-License-Identifier: GPL-2.0-or-later
/* What waits for a server: commands, the deadline of its silence, and the next attempt once a
 * connection has ended. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "redis/internal.h"

/* A server that owes nothing is asked so often whether it is there. */
#define CHECK_MS 3000
#define DELAY_FIRST_MS 200
#define DELAY_MAX_MS 5000
/* After a connection that lasted so long, the delay is the first one again. */
#define STABLE_MS 10000

int64_t client_now_ms(void)
{
	return (int64_t)(time_monotonic_sec() * 1000);
}

unsigned int client_delay_ms(unsigned int attempts, uint32_t random)
{
	unsigned int delay_ms = DELAY_FIRST_MS;

	for (unsigned int i = 0; i < attempts && delay_ms < DELAY_MAX_MS; i++)
		delay_ms *= 2;
	if (delay_ms > DELAY_MAX_MS)
		delay_ms = DELAY_MAX_MS;
	return delay_ms / 2 + random % (delay_ms / 2 + 1);
}

/* ---- time ------------------------------------------------------------------ */

void client_wake_at(struct redis_client *client, int64_t due_ms)
{
	const int64_t wait_ms = due_ms - client_now_ms();
	const struct timeval wait = { .tv_sec = wait_ms > 0 ? wait_ms / 1000 : 0,
				      .tv_usec = wait_ms > 0 ? wait_ms % 1000 * 1000 : 0 };

	event_add(client->timer, &wait);
}

int64_t client_silence_due_ms(const struct redis_client *client)
{
	const struct waiting_command *first = client->first_command;

	return client->heard_ms + (first ? (int64_t)client->answer_ms + first->block_ms : CHECK_MS);
}

void client_wake_for_state(struct redis_client *client)
{
	client_wake_at(client, client->state == CLIENT_READY ? client_silence_due_ms(client)
							     : client->due_ms);
}

/* ---- end ------------------------------------------------------------------- */

void client_free(struct redis_client *client)
{
	if (client->timer)
		event_free(client->timer);
	if (client->password)
		explicit_bzero(client->password, strlen(client->password));
	SSL_CTX_free(client->tls);
	free(client->user);
	free(client->password);
	free(client->ca);
	free(client);
}

void client_begin_callback(struct redis_client *client)
{
	client->depth++;
}

void client_end_callback(struct redis_client *client)
{
	if (!--client->depth && client->is_closed)
		client_free(client);
}

struct waiting_command *client_take_command(struct redis_client *client)
{
	struct waiting_command *command = client->first_command;

	if (!command)
		return NULL;
	client->first_command = command->next;
	if (!client->first_command)
		client->next_command = &client->first_command;
	client->command_count--;
	return command;
}

/* Drop the link, and call back whoever waits. The caller is between
 * client_begin_callback() and client_end_callback(). */
static void client_drop_link(struct redis_client *client)
{
	struct waiting_command *command;

	client->state = CLIENT_RESTING;
	client->generation++;
	redis_link_free(client->link);
	client->link = NULL;
	redis_reader_free(client->reader);
	client->reader = NULL;
	while ((command = client_take_command(client))) {
		if (command->done)
			command->done(client, NULL, command->argument);
		free(command);
	}
}

static void tell_lost(struct redis_client *client, const char *why)
{
	if (!client->is_closed && client->events.lost)
		client->events.lost(client, why, client->events.context);
}

void client_lose(struct redis_client *client, const char *format, ...)
{
	const bool was_ready = client->state == CLIENT_READY;
	char why[CLIENT_WHY_BYTES];
	va_list arguments;
	uint32_t random = 0;

	/* What it names may go with the link. */
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	client_begin_callback(client);
	if (was_ready && client_now_ms() - client->ready_ms > STABLE_MS)
		client->attempts = 0;
	client->has_target = false;
	client->is_redirected = false;
	client->place_index = (client->place_index + 1) % client->url.place_count;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	client->due_ms = client_now_ms() + client_delay_ms(client->attempts++, random);
	client_drop_link(client);
	/* What was wrong may have been its certificates, which are read again. */
	if (!was_ready) {
		SSL_CTX_free(client->tls);
		client->tls = NULL;
	}
	if (!client->is_closed)
		client_wake_for_state(client);
	tell_lost(client, why);
	client_end_callback(client);
}

void client_go_to_target(struct redis_client *client, const char *why)
{
	client_begin_callback(client);
	client->has_target = true;
	client->due_ms = client_now_ms();
	client_drop_link(client);
	if (!client->is_closed)
		client_wake_for_state(client);
	if (why)
		tell_lost(client, why);
	client_end_callback(client);
}

void redis_client_close(struct redis_client *client)
{
	if (!client || client->is_closed)
		return;
	client_begin_callback(client);
	client->is_closed = true;
	event_del(client->timer);
	client_drop_link(client);
	client_end_callback(client);
}

void client_set_ready(struct redis_client *client)
{
	client->state = CLIENT_READY;
	client->ready_ms = client_now_ms();
	client->heard_ms = client->ready_ms;
	client_wake_for_state(client);
	if (client->events.ready)
		client->events.ready(client, client->events.context);
}

/* ---- commands -------------------------------------------------------------- */

/* Bytes of the arguments; SIZE_MAX: too many. */
static size_t argument_bytes(size_t count, const char *const arguments[], const size_t lengths[],
			     size_t ret_lengths[])
{
	size_t all = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t bytes = lengths ? lengths[i] : strlen(arguments[i]);

		if (bytes > REDIS_COMMAND_BYTES_MAX - all)
			return SIZE_MAX;
		ret_lengths[i] = bytes;
		all += bytes;
	}
	return all;
}

/* The bytes on the wire, from malloc(). Return: how many, or -errno. */
static int64_t format_command(size_t count, const char *const arguments[], const size_t lengths[],
			      char **ret_bytes)
{
	/* Their list is not changed. */
	const char **list = calloc(count, sizeof(*list));
	size_t *known = calloc(count, sizeof(*known));
	int64_t bytes = -ENOMEM;

	if (list && known) {
		memcpy(list, arguments, count * sizeof(*list));
		if (argument_bytes(count, arguments, lengths, known) == SIZE_MAX)
			bytes = -E2BIG;
		else
			bytes = redisFormatCommandArgv(ret_bytes, (int)count, list, known);
		if (bytes == -1)
			bytes = -ENOMEM;
	}
	free(list);
	free(known);
	return bytes;
}

int client_send(struct redis_client *client, size_t count, const char *const arguments[],
		const size_t lengths[], unsigned int block_ms, redis_done *done, void *argument)
{
	struct waiting_command *command;
	char *bytes = NULL;
	int64_t byte_count;
	int err;

	if (!count || count > REDIS_COMMAND_BYTES_MAX / sizeof(void *))
		return -E2BIG;
	byte_count = format_command(count, arguments, lengths, &bytes);
	if (byte_count < 0)
		return (int)byte_count;
	command = calloc(1, sizeof(*command));
	if (!command) {
		free(bytes);
		return -ENOMEM;
	}
	err = redis_link_send(client->link, bytes, (size_t)byte_count);
	if (err) {
		free(command);
		return err;
	}
	command->done = done;
	command->argument = argument;
	command->block_ms = block_ms;
	if (!client->first_command)
		client->heard_ms = client_now_ms();
	*client->next_command = command;
	client->next_command = &command->next;
	/* Until now, it was another deadline. */
	if (!client->command_count++)
		client_wake_for_state(client);
	return 0;
}

int redis_client_command(struct redis_client *client, size_t count, const char *const arguments[],
			 const size_t lengths[], unsigned int block_ms, redis_done *done,
			 void *argument)
{
	if (client->state != CLIENT_READY)
		return -ENOTCONN;
	if (client->command_count >= REDIS_COMMANDS_MAX ||
	    redis_link_waiting(client->link) > REDIS_WAITING_BYTES_MAX)
		return -ENOBUFS;
	return client_send(client, count, arguments, lengths, block_ms, done, argument);
}

bool redis_client_is_ready(const struct redis_client *client)
{
	return client->state == CLIENT_READY;
}

size_t redis_client_waiting(const struct redis_client *client)
{
	return client->command_count;
}

const char *redis_client_place(const struct redis_client *client)
{
	return client->place_text;
}
