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

static int drop_expired(struct snapshot *next, int64_t now_sec)
{
	for (size_t i = 0; i < next->policy->list_count * SOURCE_COUNT; i++) {
		struct list *list = &next->policy->lists[i / SOURCE_COUNT];
		const enum source source = i % SOURCE_COUNT;
		struct entry_set *set = list->sets[source];

		if (!set || !set->first_expiry_sec || set->first_expiry_sec > now_sec)
			continue;
		set = entry_set_unexpired(set, now_sec);
		if (!set)
			return -ENOMEM;
		list_replace_set(list, source, set);
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
