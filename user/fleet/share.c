/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connects to the server of shared copies, by a connection of its own because copies are large. */
#include "fleet/share.h"

#include <errno.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/share_internal.h"

static void client_ready(struct redis_client *client, void *context)
{
	struct fleet_share *share = context;

	(void)client;
	share->is_down = false;
}

static void client_lost(struct redis_client *client, const char *why, void *context)
{
	struct fleet_share *share = context;

	(void)client;
	(void)why;
	share->is_down = true;
}

static void make_token(char token[2 * SHARE_TOKEN_BYTES + 1])
{
	unsigned char bytes[SHARE_TOKEN_BYTES];

	evutil_secure_rng_get_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < SHARE_TOKEN_BYTES; i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

int fleet_share_new(struct event_base *base, const struct fleet_share_settings *settings,
		    struct fleet_share **ret_share, const char **ret_problem)
{
	struct fleet_share *share = calloc(1, sizeof(*share));
	struct redis_settings redis = settings->redis;
	const struct redis_events events = { .ready = client_ready,
					     .lost = client_lost,
					     .context = share };
	int err;

	if (!share)
		return -ENOMEM;
	share->base = base;
	share->cluster = strdup(settings->cluster);
	share->key = strdup(settings->key);
	share->signer = (struct fleet_signer) { .key = share->key, .cluster = share->cluster };
	make_token(share->token);
	redis.reply_bytes_max = 2 * SHARE_PART_BYTES;
	err = share->cluster && share->key
		  ? redis_client_new(base, &redis, &events, &share->client, ret_problem)
		  : -ENOMEM;
	if (err)
		fleet_share_free(share);
	else
		*ret_share = share;
	return err;
}

void fleet_share_free(struct fleet_share *share)
{
	struct redis_client *client;

	if (!share)
		return;
	client = share->client;
	share->client = NULL;
	share->is_down = true;
	redis_client_close(client);
	share_end_asks(share);
	share_forget_leases(share);
	if (share->key)
		explicit_bzero(share->key, strlen(share->key));
	free(share->key);
	free(share->cluster);
	free(share);
}

int fleet_share_source(const struct fleet_share *share, const char *url,
		       char source[FLEET_MAC_DIGITS + 1])
{
	return fleet_copy_source(&share->signer, url, source);
}

void fleet_share_refuse(struct fleet_share *share)
{
	share->state.refused_count++;
}

void fleet_share_get_state(const struct fleet_share *share, struct fleet_share_state *ret_state)
{
	*ret_state = share->state;
}
