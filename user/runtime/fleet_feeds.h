/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets one host of the fleet fetch a feed for all (fleet/share.h). A copy of another host takes the
 * place of a fetch: the same parser and guards judge it. Packing is done by the worker.
 */
#ifndef RUNTIME_FLEET_FEEDS_H
#define RUNTIME_FLEET_FEEDS_H

#include "fleet/share.h"
#include "runtime/fleet_secrets.h"

struct fleet_feeds;
struct runtime;

/* Shares nothing yet. NULL: out of memory. */
struct fleet_feeds *fleet_feeds_new(struct runtime *runtime);
/* NULL is fine. */
void fleet_feeds_free(struct fleet_feeds *feeds);

/* Share feeds, if the settings say so. It must not do so yet. */
void fleet_feeds_start(struct fleet_feeds *feeds, const struct fleet_settings *settings,
		       const struct fleet_secrets *secrets);
/* Feeds that wait for another host are fetched. NULL is fine. */
void fleet_feeds_stop(struct fleet_feeds *feeds);

/* Return: whether it shares; else the state is zero. */
bool fleet_feeds_get_state(const struct fleet_feeds *feeds, struct fleet_share_state *ret_state);

#endif
