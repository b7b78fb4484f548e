/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to one Redis or Valkey server that is kept up: it is made again, with a growing
 * delay, whenever it ends or the server stops to answer. Nothing blocks. All callbacks run in the
 * event loop, never from within a function of this header but redis_client_close(). Each of them
 * may send commands and may close the client.
 *
 * SIGPIPE must be ignored.
 */
#ifndef REDIS_CLIENT_H
#define REDIS_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "redis/reply.h"

/* Commands that wait for their replies: more are refused. */
#define REDIS_COMMANDS_MAX 65536
/* Bytes of one command, and of all that the server has not received yet. */
#define REDIS_COMMAND_BYTES_MAX ((size_t)16 << 20)
#define REDIS_WAITING_BYTES_MAX ((size_t)64 << 20)

struct redis_client;

/* Texts are copied. */
struct redis_settings {
	const char *url;	/* redis/url.h */
	const char *user;	/* NULL: the default user */
	const char *password;	/* NULL: no AUTH */
	const char *ca;		/* a PEM file for TLS; NULL: the authorities of the system */
	unsigned int answer_ms; /* a server that is silent for so long is given up; 0: 5 s */
	size_t reply_bytes_max; /* 0: REDIS_REPLY_BYTES_MAX */
};

struct redis_events {
	/* A master has accepted the password: commands can be sent. Nothing is known of what the
	 * server had before. */
	void (*ready)(struct redis_client *client, void *context);
	/* The connection has ended, or an attempt to make one has failed: @why says it in words
	 * ("cannot connect to mx1:6379: Connection refused"). No command waits any more. The client
	 * tries again by itself. */
	void (*lost)(struct redis_client *client, const char *why, void *context);
	void *context;
};

/* @reply: valid during the call; NULL: the connection has ended, so whether the server has
 * executed the command is not known. A server's error is a reply of type REDIS_ERROR. Errors like
 * READONLY, LOADING and MOVED, which mean that this is not the right server now, are followed by
 * lost(). */
typedef void redis_done(struct redis_client *client, const struct redis_reply *reply,
			void *argument);

/**
 * redis_client_new() - connect, and keep connected
 * @events: is copied
 * @ret_problem: after "URL ", says what is wrong with the URL
 *
 * Return: 0; -EINVAL: the URL is wrong; -ENOMEM.
 */
int redis_client_new(struct event_base *base, const struct redis_settings *settings,
		     const struct redis_events *events, struct redis_client **ret_client,
		     const char **ret_problem);

/* End the connection. Commands that wait are called back without a reply; lost() is not called.
 * NULL is accepted. */
void redis_client_close(struct redis_client *client);

/**
 * redis_client_command() - send a command
 * @lengths: bytes of each argument; NULL: each ends with a zero
 * @block_ms: the server may take so much longer to answer, as XREAD BLOCK does
 * @done: is called exactly once if 0 is returned; NULL: nobody cares
 *
 * Replies come in the order of the commands.
 *
 * Return: 0; -ENOTCONN: the client is not ready; -ENOBUFS: too much waits already; -E2BIG: the
 * command is too long; -ENOMEM.
 */
int redis_client_command(struct redis_client *client, size_t count, const char *const arguments[],
			 const size_t lengths[], unsigned int block_ms, redis_done *done,
			 void *argument);

bool redis_client_is_ready(const struct redis_client *client);

/* Commands that wait for their replies. */
size_t redis_client_waiting(const struct redis_client *client);

/* The server that is or was last tried: "mx1:6379". Valid until the event loop runs again. */
const char *redis_client_place(const struct redis_client *client);

#endif
