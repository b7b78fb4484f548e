/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of shared copies, and the leases that this host has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/share_internal.h"

#define RENEW_SEC (SHARE_LEASE_SEC / 3)

/* ---- keys --------------------------------------------------------------------------- */

const char *share_key(const struct fleet_share *share, const char *name, const char *rest,
		      char key[SHARE_KEY_BYTES])
{
	snprintf(key, SHARE_KEY_BYTES, "ipwl:{%s}:f:%s%s", share->cluster, name, rest);
	return key;
}

const char *share_part_key(const struct fleet_share *share, const char *name,
			   const struct fleet_copy *copy, size_t offset, char key[SHARE_KEY_BYTES])
{
	snprintf(key, SHARE_KEY_BYTES, "ipwl:{%s}:f:%s:%s:%zu", share->cluster, name, copy->digest,
		 offset / SHARE_PART_BYTES);
	return key;
}

size_t share_part_bytes(const struct fleet_copy *copy, size_t offset)
{
	const size_t left = copy->packed_count - offset;

	return left < SHARE_PART_BYTES ? left : SHARE_PART_BYTES;
}

int share_send(struct fleet_share *share, size_t count, const char *const words[],
	       const size_t lengths[], redis_done *done, void *argument)
{
	return share->client
		   ? redis_client_command(share->client, count, words, lengths, 0, done, argument)
		   : -ENOTCONN;
}

/* ---- leases ------------------------------------------------------------------------- */

struct share_lease {
	struct share_lease *next;
	struct fleet_share *share;
	struct event *timer;
	char name[FLEET_MAC_DIGITS + 1];
	int64_t left_sec;
};

/* A lease is read before it is renewed or removed. Another host may get it between the two
 * commands, and lose it; then two hosts fetch. */
struct lease_check {
	struct fleet_share *share;
	bool is_end;
	char key[SHARE_KEY_BYTES];
};

static void lease_is_read(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	struct lease_check *check = argument;
	char lease_sec[24];
	const char *const words[] = { check->is_end ? "DEL" : "EXPIRE", check->key, lease_sec };

	(void)client;
	snprintf(lease_sec, sizeof(lease_sec), "%d", SHARE_LEASE_SEC);
	if (reply && reply->type == REDIS_STRING && !strcmp(reply->text, check->share->token))
		share_send(check->share, check->is_end ? 2 : 3, words, NULL, NULL, NULL);
	free(check);
}

static void lease_check(struct share_lease *lease, bool is_end)
{
	struct lease_check *check = calloc(1, sizeof(*check));
	const char *words[] = { "GET", NULL };

	if (!check)
		return;
	check->share = lease->share;
	check->is_end = is_end;
	words[1] = share_key(lease->share, lease->name, ":l", check->key);
	if (share_send(lease->share, 2, words, NULL, lease_is_read, check))
		free(check);
}

static void lease_done(struct share_lease *lease)
{
	if (lease->timer)
		event_free(lease->timer);
	free(lease);
}

static void lease_free(struct share_lease *lease)
{
	struct share_lease **place = &lease->share->leases;

	while (*place != lease)
		place = &(*place)->next;
	*place = lease->next;
	lease_done(lease);
}

static void lease_renew(evutil_socket_t fd, short what, void *context)
{
	struct share_lease *lease = context;

	(void)fd;
	(void)what;
	lease->left_sec -= RENEW_SEC;
	if (lease->left_sec < 0)
		lease_free(lease);
	else
		lease_check(lease, false);
}

static struct share_lease *find_lease(const struct fleet_share *share, const char *name)
{
	struct share_lease *lease = share->leases;

	while (lease && strcmp(lease->name, name) != 0)
		lease = lease->next;
	return lease;
}

void share_keep_lease(struct fleet_share *share, const char *name, int64_t fetch_sec)
{
	const struct timeval often = { .tv_sec = RENEW_SEC };
	struct share_lease *lease = find_lease(share, name);

	if (lease)
		lease_free(lease);
	lease = calloc(1, sizeof(*lease));
	/* One that is not renewed ends soon. */
	if (!lease)
		return;
	lease->share = share;
	lease->left_sec = fetch_sec;
	memcpy(lease->name, name, sizeof(lease->name));
	lease->next = share->leases;
	share->leases = lease;
	lease->timer = event_new(share->base, -1, EV_PERSIST, lease_renew, lease);
	if (!lease->timer || event_add(lease->timer, &often))
		lease_free(lease);
}

void share_end_lease(struct fleet_share *share, const char *name)
{
	struct share_lease *lease = find_lease(share, name);

	if (!lease)
		return;
	lease_check(lease, true);
	lease_free(lease);
}

void share_forget_leases(struct fleet_share *share)
{
	struct share_lease *lease;

	while ((lease = share->leases)) {
		share->leases = lease->next;
		lease_done(lease);
	}
}
