/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for a copy: looks at what is there, and waits for a host that fetches, or gets the lease. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "fleet/share_internal.h"

/* The first connection may take so long. */
#define READY_SEC 5
#define READY_LOOK_MS 100
/* How often a host looks whether the other one has fetched. */
#define LOOK_MS 500
/* A copy that was checked later than now comes from a clock that is ahead by so much at most. */
#define AHEAD_SEC 300

struct share_ask {
	struct share_ask *next;
	struct fleet_share *share;
	struct fleet_wish wish;
	char *digest;
	char name[FLEET_MAC_DIGITS + 1];
	struct event *timer;
	double asked_sec;
	bool has_lease;
	bool is_refused; /* the copy that is there now */
	bool is_sent;	 /* a command has no reply yet */
	bool is_over;	 /* is freed with that reply */
	struct fleet_copy copy;
	char *packed;
	size_t received_count;
};

static void ask_free(struct share_ask *ask)
{
	if (ask->timer)
		event_free(ask->timer);
	free(ask->digest);
	free(ask->packed);
	free(ask);
}

/* @copy: NULL: fetch. */
static void ask_end(struct share_ask *ask, const struct fleet_copy *copy)
{
	struct fleet_share *share = ask->share;
	struct share_ask **place = &share->asks;
	char *packed = copy ? ask->packed : NULL;

	while (*place != ask)
		place = &(*place)->next;
	*place = ask->next;
	ask->is_over = true;
	event_del(ask->timer);
	if (copy) {
		share->state.taken_count++;
		ask->packed = NULL;
		share_end_lease(share, ask->name);
	}
	ask->wish.done(copy, packed, ask->wish.context);
	if (!ask->is_sent)
		ask_free(ask);
}

void share_end_asks(struct fleet_share *share)
{
	while (share->asks)
		ask_end(share->asks, NULL);
}

/* Each reply to an ask comes here first. Return: whether it still matters. */
static bool ask_is_awaited(struct share_ask *ask)
{
	ask->is_sent = false;
	if (!ask->is_over)
		return true;
	ask_free(ask);
	return false;
}

static void ask_refuse(struct share_ask *ask)
{
	if (!ask->is_refused)
		ask->share->state.refused_count++;
	ask->is_refused = true;
}

/* Or end the ask, if the server is gone. */
static void ask_send(struct share_ask *ask, size_t count, const char *const words[],
		     redis_done *done)
{
	ask->is_sent = !share_send(ask->share, count, words, NULL, done, ask);
	if (!ask->is_sent)
		ask_end(ask, NULL);
}

static double ask_waited_sec(const struct share_ask *ask)
{
	return time_monotonic_sec() - ask->asked_sec;
}

static void ask_wait(struct share_ask *ask, int ms)
{
	const struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(ask->timer, &wait);
}

static void ask_next_part(struct share_ask *ask);

static void part_is_read(struct redis_client *client, const struct redis_reply *reply,
			 void *argument)
{
	struct share_ask *ask = argument;
	size_t expected;

	(void)client;
	if (!ask_is_awaited(ask))
		return;
	expected = share_part_bytes(&ask->copy, ask->received_count);
	if (!reply || reply->type != REDIS_STRING || reply->text_bytes != expected) {
		if (reply)
			ask_refuse(ask);
		ask_end(ask, NULL);
		return;
	}
	memcpy(ask->packed + ask->received_count, reply->text, expected);
	ask->received_count += expected;
	if (ask->received_count == ask->copy.packed_count)
		ask_end(ask, &ask->copy);
	else
		ask_next_part(ask);
}

static void ask_next_part(struct share_ask *ask)
{
	char key[SHARE_KEY_BYTES];
	const char *const words[] = { "GET", share_part_key(ask->share, ask->name, &ask->copy,
							    ask->received_count, key) };

	ask_send(ask, 2, words, part_is_read);
}

static void ask_parts(struct share_ask *ask)
{
	ask->packed = malloc(ask->copy.packed_count);
	if (ask->packed)
		ask_next_part(ask);
	else
		ask_end(ask, NULL);
}

static bool ask_is_fresh(const struct share_ask *ask)
{
	const int64_t age_sec = time_now_sec() - ask->copy.checked_at_sec;

	return age_sec >= -AHEAD_SEC && age_sec < ask->wish.refresh_sec &&
	       ask->copy.checked_at_sec > ask->wish.newer_than_sec;
}

static void ask_lease(struct share_ask *ask);

static void copy_is_read(struct redis_client *client, const struct redis_reply *reply,
			 void *argument)
{
	struct share_ask *ask = argument;
	bool is_valid;

	(void)client;
	if (!ask_is_awaited(ask))
		return;
	if (!reply || reply->type == REDIS_ERROR) {
		ask_end(ask, NULL);
		return;
	}
	is_valid = reply->type == REDIS_STRING &&
		   !fleet_copy_parse(reply->text, &ask->share->signer, ask->name, &ask->copy);
	if (reply->type == REDIS_STRING && !is_valid)
		ask_refuse(ask);
	if (!is_valid || !ask_is_fresh(ask))
		ask_lease(ask);
	else if (!ask->copy.packed_count || ask->copy.byte_count > ask->wish.byte_count_max)
		ask_end(ask, NULL);
	else if (ask->digest && !strcmp(ask->digest, ask->copy.digest))
		ask_end(ask, &ask->copy);
	else
		ask_parts(ask);
}

static void ask_look(struct share_ask *ask)
{
	char key[SHARE_KEY_BYTES];
	const char *const words[] = { "GET", share_key(ask->share, ask->name, "", key) };

	ask_send(ask, 2, words, copy_is_read);
}

static void lease_is_answered(struct redis_client *client, const struct redis_reply *reply,
			      void *argument)
{
	struct share_ask *ask = argument;

	(void)client;
	if (!ask_is_awaited(ask))
		return;
	if (reply && reply->type == REDIS_STATUS) {
		/* The host that had the lease until now may have given a copy. */
		ask->has_lease = true;
		share_keep_lease(ask->share, ask->name, ask->wish.fetch_sec);
		ask_look(ask);
	} else if (reply && reply->type == REDIS_NIL &&
		   ask_waited_sec(ask) < (double)ask->wish.wait_sec) {
		ask_wait(ask, LOOK_MS);
	} else {
		ask_end(ask, NULL);
	}
}

/* There is no fresh copy: fetch with a lease, or wait for the host that has it. */
static void ask_lease(struct share_ask *ask)
{
	char key[SHARE_KEY_BYTES], lease_sec[24];
	const char *const words[] = { "SET",
				      share_key(ask->share, ask->name, ":l", key),
				      ask->share->token,
				      "NX",
				      "EX",
				      lease_sec };

	snprintf(lease_sec, sizeof(lease_sec), "%d", SHARE_LEASE_SEC);
	if (ask->has_lease)
		ask_end(ask, NULL);
	else
		ask_send(ask, sizeof(words) / sizeof(*words), words, lease_is_answered);
}

static void ask_step(evutil_socket_t fd, short what, void *context)
{
	struct share_ask *ask = context;
	const struct fleet_share *share = ask->share;

	(void)fd;
	(void)what;
	if (share->client && redis_client_is_ready(share->client))
		ask_look(ask);
	else if (share->is_down || ask_waited_sec(ask) >= READY_SEC)
		ask_end(ask, NULL);
	else
		ask_wait(ask, READY_LOOK_MS);
}

int fleet_share_ask(struct fleet_share *share, const struct fleet_wish *wish)
{
	struct share_ask *ask;
	int err;

	if (share->is_down)
		return -ENOTCONN;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return -ENOMEM;
	ask->share = share;
	ask->asked_sec = time_monotonic_sec();
	ask->wish = *wish;
	ask->wish.feed = ask->wish.digest = NULL;
	ask->digest = wish->digest ? strdup(wish->digest) : NULL;
	ask->timer = event_new(share->base, -1, 0, ask_step, ask);
	err = ask->timer && (ask->digest || !wish->digest)
		  ? fleet_copy_name(&share->signer, wish->feed, ask->name)
		  : -ENOMEM;
	if (err) {
		ask_free(ask);
		return err;
	}
	ask->next = share->asks;
	share->asks = ask;
	ask_wait(ask, 0);
	return 0;
}
