/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends commands, and says what is wrong. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "fleet/sync_internal.h"

int64_t sync_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sync_monotonic_ms(void)
{
	return (int64_t)(time_monotonic_sec() * 1000) + 1;
}

/* ---- what is told ------------------------------------------------------------------- */

void sync_tell(struct fleet_sync *sync, const char *why)
{
	char text[SYNC_WHY_BYTES];

	snprintf(text, sizeof(text), "%s", why ? why : "");
	sync->state.is_connected = !why;
	if (sync->has_told && !strcmp(text, sync->why))
		return;
	sync->has_told = true;
	memcpy(sync->why, text, sizeof(text));
	sync->events.state(why ? sync->why : NULL, sync->events.context);
}

void sync_tell_error(struct fleet_sync *sync, const char *command, const struct redis_reply *reply)
{
	char why[SYNC_WHY_BYTES];

	snprintf(why, sizeof(why), "%s refuses %s: %s", redis_client_place(sync->client), command,
		 reply->type == REDIS_ERROR ? reply->text : "its answer is of another kind");
	sync->is_refused = true;
	sync_tell(sync, why);
}

int sync_send(struct fleet_sync *sync, redis_done *done, size_t count, const char *const words[])
{
	return redis_client_command(sync->client, count, words, NULL, 0, done, sync);
}

const char *sync_records_key(const struct fleet_sync *sync, const char *host,
			     char key[SYNC_KEY_BYTES])
{
	snprintf(key, SYNC_KEY_BYTES, "ipwl:{%s}:r:%s", sync->cluster, host);
	return key;
}

void sync_written(struct redis_client *client, const struct redis_reply *reply, void *argument)
{
	struct fleet_sync *sync = argument;

	(void)client;
	if (!reply || reply->type != REDIS_ERROR)
		return;
	/* A full server, or a user without the right. */
	sync->is_own_refused = true;
	sync_tell_error(sync, "to write", reply);
}
