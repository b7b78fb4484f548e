/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the exchange with the other hosts of the fleet (fleet/sync.h) to the worker, which has the
 * replica: jobs run there, and what changes on this host is published. If the server is gone, this
 * host goes on with what it has.
 */
#ifndef RUNTIME_FLEET_H
#define RUNTIME_FLEET_H

#include <stdbool.h>

#include "config/fleet_config.h"
#include "fleet/share.h"
#include "fleet/sync.h"

struct fleet_link;
struct runtime;

/* Return: 0 or -ENOMEM. It connects if the configuration has a fleet. */
int fleet_link_open(struct runtime *runtime, struct fleet_link **ret_link);
/* Before the worker stops. NULL is fine. */
void fleet_link_close(struct fleet_link *link);

/* Connect as the settings say, or not at all. Files with the password and the key are read again.
 */
void fleet_link_configure(struct fleet_link *link, const struct fleet_settings *settings);

/* Something may have changed that the other hosts are to know. NULL is fine. */
void fleet_link_wake(struct fleet_link *link);

struct fleet_link_status {
	const char *name;    /* of the fleet; NULL: this host is in none */
	const char *problem; /* NULL: the server can be used */
	bool has_sync;	     /* the files could be read; else the rest is zero */
	struct fleet_sync_state sync;
	bool shares_feeds; /* else the next is zero */
	struct fleet_share_state feeds;
};

/* The strings are valid until the loop runs again. */
void fleet_link_get_status(const struct fleet_link *link, struct fleet_link_status *ret_status);

/* @index: below sync.host_count. */
void fleet_link_get_host(const struct fleet_link *link, size_t index,
			 struct fleet_sync_host *ret_host);

/* As fleet_sync_forget(); -ENOTCONN also if there is no fleet. */
int fleet_link_forget(struct fleet_link *link, const char *host);

#endif
