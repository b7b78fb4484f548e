/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a client. */
#ifndef REDIS_INTERNAL_H
#define REDIS_INTERNAL_H

#include <stdint.h>

#include "redis/client.h"
#include "redis/link.h"
#include "redis/url.h"

#define CLIENT_WHY_BYTES 768

enum client_state {
	CLIENT_RESTING,	   /* until the next attempt */
	CLIENT_CONNECTING, /* no bytes have been exchanged */
	CLIENT_GREETING,   /* to a sentinel or a server, which may not be the right one */
	CLIENT_READY,
};

struct waiting_command {
	struct waiting_command *next;
	redis_done *done; /* NULL: nobody cares */
	void *argument;
	unsigned int block_ms;
};

struct redis_client {
	struct event_base *base;
	struct redis_url url;
	char *user, *password, *ca; /* as in the settings */
	unsigned int answer_ms;
	size_t reply_bytes_max;
	struct redis_events events;

	enum client_state state;
	struct event *timer;
	int64_t due_ms;	  /* of the next attempt, or of what is tried; of the monotonic clock */
	int64_t heard_ms; /* when the server spoke last, or was asked while it owed nothing */
	int64_t ready_ms; /* since when it is ready */
	bool is_late;	  /* the server was silent too long when last looked at */
	unsigned int attempts; /* failed one after the other */

	size_t place_index;	   /* of the URL: which one is tried next */
	struct redis_place target; /* what a sentinel or a MOVED has named */
	bool has_target;
	bool at_sentinel;	 /* the link is to a sentinel */
	bool is_redirected;	 /* a MOVED has led here, and no command has been executed since */
	bool role_is_secret;	 /* the user may not ask ROLE */
	struct redis_place here; /* what is or was last tried */
	char place_text[REDIS_PLACE_TEXT_BYTES]; /* the same */

	SSL_CTX *tls;					       /* NULL: none, or not made yet */
	struct redis_link *link;			       /* NULL: none */
	struct redis_reader *reader;			       /* of the link */
	uint64_t generation;				       /* of the link */
	struct waiting_command *first_command, **next_command; /* the next one goes here */
	size_t command_count;

	unsigned int depth; /* callbacks that are running */
	bool is_closed;	    /* is freed when the last callback returns */
};

/* ---- commands.c ---- */

/* Of the monotonic clock. */
int64_t client_now_ms(void);

/* How long to wait before an attempt: doubled with each of @attempts that failed, up to a limit;
 * the half of it at random. */
unsigned int client_delay_ms(unsigned int attempts, uint32_t random);

/* When a server that is ready will have been silent for too long. */
int64_t client_silence_due_ms(const struct redis_client *client);

/* Set the timer, for a time or for what the state says. */
void client_wake_at(struct redis_client *client, int64_t due_ms);
void client_wake_for_state(struct redis_client *client);

/* What may call back runs between these two: the client is freed no sooner. */
void client_begin_callback(struct redis_client *client);
void client_end_callback(struct redis_client *client);
void client_free(struct redis_client *client);

/* Send whatever the state. As redis_client_command(). */
int client_send(struct redis_client *client, size_t count, const char *const arguments[],
		const size_t lengths[], unsigned int block_ms, redis_done *done, void *argument);

/* The one whose reply comes next, to be freed; NULL: none. */
struct waiting_command *client_take_command(struct redis_client *client);

/* The attempt or the connection has failed: call back, and try again later. */
void client_lose(struct redis_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, but go to client->target at once. @why: NULL: it was a sentinel that named it, which is
 * no loss. */
void client_go_to_target(struct redis_client *client, const char *why);
/* Commands can be sent. */
void client_set_ready(struct redis_client *client);

/* ---- greet.c ---- */

/* The link is open: ask who is there, and tell who is here. */
void client_greet(struct redis_client *client);

/* Ask a server that has had nothing to say whether it is still there, and still a master. */
void client_check(struct redis_client *client);

/* Whether this error of the server ends the connection; if so, it has. */
bool client_leaves_for(struct redis_client *client, const char *error);

#endif
