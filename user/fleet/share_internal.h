/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys and the lease, for share*.c. */
#ifndef FLEET_SHARE_INTERNAL_H
#define FLEET_SHARE_INTERNAL_H

#include "fleet/share.h"

#define SHARE_PART_BYTES ((size_t)512 << 10)
#define SHARE_KEY_BYTES 256
#define SHARE_TOKEN_BYTES 16
/* A host that dies keeps its lease so long, at most. */
#define SHARE_LEASE_SEC 15

struct share_ask;
struct share_give;
struct share_lease;

struct fleet_share {
	struct event_base *base;
	char *cluster, *key;
	struct fleet_signer signer; /* of these two */
	char token[2 * SHARE_TOKEN_BYTES + 1];
	struct redis_client *client; /* NULL: it is being closed */
	bool is_down;		     /* the last attempt to connect has failed */
	struct share_ask *asks;
	struct share_lease *leases;
	struct fleet_share_state state;
};

/* "ipwl:{CLUSTER}:f:NAME" and what follows. Returns @key. */
const char *share_key(const struct fleet_share *share, const char *name, const char *rest,
		      char key[SHARE_KEY_BYTES]);
const char *share_part_key(const struct fleet_share *share, const char *name,
			   const struct fleet_copy *copy, size_t offset, char key[SHARE_KEY_BYTES]);

/* How many bytes the part at @offset has. */
size_t share_part_bytes(const struct fleet_copy *copy, size_t offset);

/* As redis_client_command(); -ENOTCONN also if the client is being closed. */
int share_send(struct fleet_share *share, size_t count, const char *const words[],
	       const size_t lengths[], redis_done *done, void *argument);

/* This host has got the lease: renew it until it is ended, or for @fetch_sec. */
void share_keep_lease(struct fleet_share *share, const char *name, int64_t fetch_sec);

/* Give the lease back if this host has it. */
void share_end_lease(struct fleet_share *share, const char *name);

/* Keep none of them up any more. */
void share_forget_leases(struct fleet_share *share);

/* Answer all wishes: fetch. */
void share_end_asks(struct fleet_share *share);

#endif
