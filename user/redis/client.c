// SPDX-License-Identifier: GPL-2.0-or-later
/* A client: its attempts to connect, what its server says, and what is done when it says nothing.
 */
#include "redis/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis/internal.h"
#include "redis/tls.h"

#define ANSWER_MS 5000
/* All of the name servers may be asked meanwhile. */
#define CONNECT_MS 8000
/* The loop may have been late itself, with the answer in the socket: look twice. */
#define GRACE_MS 100
#define READ_BYTES 16384

/* ---- replies --------------------------------------------------------------- */

/* Takes the reply. */
static void deliver(struct redis_client *client, struct redis_reply *reply)
{
	struct waiting_command *command = client_take_command(client);
	const uint64_t generation = client->generation;
	const bool was_ready = client->state == CLIENT_READY;

	if (!command) {
		client_lose(client, "%s sends what nobody asked for", client->place_text);
		redis_reply_free(reply);
		return;
	}
	if (command->done)
		command->done(client, reply, command->argument);
	free(command);
	if (was_ready && client->generation == generation) {
		if (reply->type == REDIS_ERROR)
			client_leaves_for(client, reply->text);
		else
			client->is_redirected = false;
	}
	redis_reply_free(reply);
}

static void link_bytes(void *context, struct evbuffer *input)
{
	struct redis_client *client = context;
	const uint64_t generation = client->generation;
	char bytes[READ_BYTES];
	int count, err = 0;

	client->heard_ms = client_now_ms();
	client->is_late = false;
	client_begin_callback(client);
	while (client->generation == generation &&
	       (count = evbuffer_remove(input, bytes, sizeof(bytes))) > 0) {
		struct redis_reply *reply = NULL;

		err = redis_reader_feed(client->reader, bytes, (size_t)count);
		while (!err && client->generation == generation) {
			err = redis_reader_next(client->reader, &reply);
			if (err || !reply)
				break;
			deliver(client, reply);
		}
		if (err && client->generation == generation)
			client_lose(client, "%s does not speak the protocol of Redis: %s",
				    client->place_text, redis_reader_problem(client->reader));
	}
	client_end_callback(client);
}

/* ---- attempts -------------------------------------------------------------- */

static void link_open(void *context)
{
	struct redis_client *client = context;

	client_begin_callback(client);
	client->state = CLIENT_GREETING;
	client->due_ms = client_now_ms() + client->answer_ms;
	client_wake_for_state(client);
	client_greet(client);
	client_end_callback(client);
}

static void link_broken(void *context, const char *why)
{
	client_lose(context, "%s", why);
}

static void begin_attempt(struct redis_client *client)
{
	const struct redis_link_events events = {
		.open = link_open, .bytes = link_bytes, .broken = link_broken, .context = client
	};
	char why[CLIENT_WHY_BYTES] = "out of memory";

	client->here =
	    client->has_target ? client->target : client->url.places[client->place_index];
	redis_place_format(&client->here, client->place_text);
	client->at_sentinel = *client->url.master && !client->has_target;
	client->state = CLIENT_CONNECTING;
	client->is_late = false;
	client->due_ms = client_now_ms() + CONNECT_MS;
	if (client->url.is_tls && !client->tls)
		client->tls = redis_tls_new(client->ca, why, sizeof(why));
	if (!client->url.is_tls || client->tls) {
		client->reader = redis_reader_new(client->reply_bytes_max);
		if (client->reader)
			client->link =
			    redis_link_start(client->base, &client->here, client->tls, &events);
	}
	if (client->link)
		client_wake_for_state(client);
	else
		client_lose(client, "cannot connect to %s: %s", client->place_text, why);
}

/* The server has been silent until now. */
static void look_at_silence(struct redis_client *client)
{
	if (client_now_ms() < client_silence_due_ms(client)) {
		client_wake_for_state(client);
	} else if (!client->first_command) {
		client_check(client);
	} else if (!client->is_late) {
		client->is_late = true;
		client_wake_at(client, client_now_ms() + GRACE_MS);
	} else {
		client_lose(client, "%s does not answer", client->place_text);
	}
}

static void client_wake(evutil_socket_t fd, short what, void *context)
{
	struct redis_client *client = context;

	(void)fd;
	(void)what;
	client_begin_callback(client);
	if (client->state == CLIENT_READY)
		look_at_silence(client);
	else if (client_now_ms() < client->due_ms)
		client_wake_for_state(client);
	else if (client->state == CLIENT_RESTING)
		begin_attempt(client);
	else
		client_lose(client, "%s does not answer", client->place_text);
	client_end_callback(client);
}

/* ---- beginning ------------------------------------------------------------- */

static int copy_settings(struct redis_client *client, const struct redis_settings *settings)
{
	client->user = settings->user ? strdup(settings->user) : NULL;
	client->password = settings->password ? strdup(settings->password) : NULL;
	client->ca = settings->ca ? strdup(settings->ca) : NULL;
	client->answer_ms = settings->answer_ms ? settings->answer_ms : ANSWER_MS;
	client->reply_bytes_max =
	    settings->reply_bytes_max ? settings->reply_bytes_max : REDIS_REPLY_BYTES_MAX;
	return (settings->user && !client->user) || (settings->password && !client->password) ||
		       (settings->ca && !client->ca)
		   ? -ENOMEM
		   : 0;
}

int redis_client_new(struct event_base *base, const struct redis_settings *settings,
		     const struct redis_events *events, struct redis_client **ret_client,
		     const char **ret_problem)
{
	struct redis_url url;
	struct redis_client *client;

	if (redis_url_parse(settings->url, &url, ret_problem))
		return -EINVAL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->base = base;
	client->url = url;
	client->events = *events;
	client->next_command = &client->first_command;
	client->timer = evtimer_new(base, client_wake, client);
	if (!client->timer || copy_settings(client, settings)) {
		client_free(client);
		return -ENOMEM;
	}
	redis_place_format(&url.places[0], client->place_text);
	client->due_ms = client_now_ms();
	client_wake_for_state(client);
	*ret_client = client;
	return 0;
}
