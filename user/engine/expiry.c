/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries whose time has come, of whatever source; runtime/expiry.c knows when. */
#include "engine/expiry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/internal.h"
#include "store/manual.h"

/* @set: NULL: none. */
static int set_drop_expired(struct entry_set **set, int64_t now_sec)
{
	struct entry_set *old = *set, *unexpired;

	if (!old || !old->first_expiry_sec || old->first_expiry_sec > now_sec)
		return 0;
	unexpired = entry_set_unexpired(old, now_sec);
	if (!unexpired)
		return -ENOMEM;
	*set = unexpired;
	entry_set_unref(old);
	return 0;
}

static int drop_expired(struct snapshot *next, int64_t now_sec)
{
	for (size_t i = 0; i < next->policy->list_count * SOURCE_COUNT; i++) {
		struct list *list = &next->policy->lists[i / SOURCE_COUNT];
		int err = set_drop_expired(&list->sets[i % SOURCE_COUNT], now_sec);

		if (!err)
			err = set_drop_expired(&list->overruled[i % SOURCE_COUNT], now_sec);
		if (err)
			return err;
	}
	return 0;
}

void engine_forget_expired(struct engine *engine)
{
	if (!state_error(engine->state) && manual_expire(engine->state, time_now_sec()))
		log_warning("state", "%s", state_error(engine->state));
}

int engine_expire(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next = snapshot_copy(engine->current);
	int err = next ? drop_expired(next, time_now_sec()) : -ENOMEM;

	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
	else
		err = engine_switch(engine, next, false, error);
	snapshot_unref(next);
	if (!err)
		engine_forget_expired(engine);
	return err;
}
