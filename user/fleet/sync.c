/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two connections, and what is told of them. */
#include "fleet/sync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

#define TICK_MS 3000

/* ---- connections -------------------------------------------------------------------- */

static void client_ready(struct redis_client *client, void *context)
{
	struct fleet_sync *sync = context;

	(void)client;
	sync->connection++;
	sync->is_joining = true;
	sync->is_own_written = false;
	sync->is_refused = false;
	sync_tick(sync);
}

static void client_lost(struct redis_client *client, const char *why, void *context)
{
	struct fleet_sync *sync = context;

	(void)client;
	sync->connection++;
	evtimer_del(sync->ticker);
	sync_scan_stop(sync);
	sync->stale_count = 0;
	sync_drop_pending(sync);
	sync_tell(sync, why);
}

static void reader_ready(struct redis_client *client, void *context)
{
	(void)client;
	sync_read_stream(context);
}

static void tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	sync_tick(context);
}

/* ---- beginning and end -------------------------------------------------------------- */

static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

static int copy_settings(struct fleet_sync *sync, const struct fleet_sync_settings *settings)
{
	sync->contact = settings->contact;
	sync->state.contact_ms = settings->contact.last_ms;
	sync->tick_ms = settings->tick_ms ? settings->tick_ms : TICK_MS;
	if (!copy_text(settings->cluster, &sync->cluster) ||
	    !copy_text(settings->key, &sync->key) || !copy_text(settings->self, &sync->self) ||
	    !copy_text(settings->only_from, &sync->only_from))
		return -ENOMEM;
	sync->signer = (struct fleet_signer) { .key = sync->key, .cluster = sync->cluster };
	snprintf(sync->hosts_key, SYNC_KEY_BYTES, "ipwl:{%s}:h", sync->cluster);
	snprintf(sync->stream_key, SYNC_KEY_BYTES, "ipwl:{%s}:s", sync->cluster);
	return 0;
}

static int make_clients(struct fleet_sync *sync, const struct redis_settings *settings,
			const char **ret_problem)
{
	const struct redis_events events = { .ready = client_ready,
					     .lost = client_lost,
					     .context = sync };
	const struct redis_events reader_events = { .ready = reader_ready, .context = sync };
	int err = redis_client_new(sync->base, settings, &events, &sync->client, ret_problem);

	return err ? err
		   : redis_client_new(sync->base, settings, &reader_events, &sync->reader,
				      ret_problem);
}

int fleet_sync_new(struct event_base *base, const struct fleet_sync_settings *settings,
		   const struct fleet_sync_events *events, struct fleet_sync **ret_sync,
		   const char **ret_problem)
{
	struct fleet_sync *sync = calloc(1, sizeof(*sync));
	int err;

	if (!sync)
		return -ENOMEM;
	sync->base = base;
	sync->events = *events;
	err = copy_settings(sync, settings);
	sync->ticker = evtimer_new(base, tick, sync);
	if (!err && !sync->ticker)
		err = -ENOMEM;
	if (!err)
		err = make_clients(sync, &settings->redis, ret_problem);
	if (err)
		fleet_sync_free(sync);
	else
		*ret_sync = sync;
	return err;
}

void fleet_sync_free(struct fleet_sync *sync)
{
	if (!sync)
		return;
	redis_client_close(sync->client);
	redis_client_close(sync->reader);
	sync_scan_stop(sync);
	sync_drop_pending(sync);
	if (sync->ticker)
		event_free(sync->ticker);
	free(sync->hosts);
	sync->is_closed = true;
	sync_release(sync);
}

/* ---- state -------------------------------------------------------------------------- */

void fleet_sync_get_state(const struct fleet_sync *sync, struct fleet_sync_state *ret_state)
{
	*ret_state = sync->state;
	ret_state->place = redis_client_place(sync->client);
	ret_state->is_reading = sync->scan.is_running;
	ret_state->host_count = sync->host_count;
	ret_state->held_count = 0;
	for (size_t i = 0; i < sync->known_count; i++)
		ret_state->held_count += sync->known[i].held_count;
	ret_state->other_count = 0;
	for (size_t i = 0; i < sync->host_count; i++)
		ret_state->other_count += !sync->hosts[i].is_equal;
}

void fleet_sync_get_host(const struct fleet_sync *sync, size_t index,
			 struct fleet_sync_host *ret_host)
{
	const struct host *host = &sync->hosts[index];

	*ret_host = (struct fleet_sync_host) { .name = host->name,
					       .is_told = host->is_told,
					       .is_believed = sync_believes(sync, host->name),
					       .summary = host->summary,
					       .is_equal = host->is_equal };
}
