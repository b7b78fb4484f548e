/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reload: all sources read again (sources.c), whole or not at all. */
#include "engine/reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expiry.h"
#include "engine/guard.h"
#include "engine/internal.h"
#include "engine/protected.h"
#include "engine/records.h"
#include "engine/seen.h"

static int refuse_reload(struct refusal *refusal, const char *error)
{
	return refusal_set(refusal, OUTCOME_INTERNAL,
			   "%s; nothing has changed, the old configuration stays in force", error);
}

int engine_prepare(struct engine *engine, const char *path, bool is_trial, struct lines *warnings,
		   struct snapshot **ret_next, struct refusal *refusal)
{
	struct source_reading reading = { .path = path ? path : engine->config_path,
					  .is_trial = is_trial,
					  .warnings = warnings,
					  .refusal = refusal };
	int err = sources_read(engine, &reading);

	if (err) {
		engine_abandon(engine, reading.next);
		return err == -ENOMEM ? refuse_reload(refusal, strerror(ENOMEM)) : err;
	}
	engine_warn_block_losses(engine, reading.next, warnings);
	if (protected_check(engine->protections, reading.next->policy, warnings)) {
		engine_abandon(engine, reading.next);
		return refuse_reload(refusal, strerror(ENOMEM));
	}
	*ret_next = reading.next;
	return 0;
}

void engine_abandon(struct engine *engine, struct snapshot *next)
{
	sources_settle(engine, false);
	snapshot_unref(next);
}

int engine_hold(struct engine *engine, const struct deed *by, const struct snapshot *next,
		struct lines *warnings, char **ret_held, struct refusal *refusal)
{
	struct lines examples = { 0 };

	if (engine_guard(engine, next, ret_held, &examples)) {
		lines_done(&examples);
		return refuse_reload(refusal, strerror(ENOMEM));
	}
	if (!*ret_held) {
		lines_done(&examples);
		return 0;
	}
	lines_done(&refusal->details);
	refusal->details = examples;
	engine_record_held(engine, by, next->policy, *ret_held, warnings);
	return refusal_set(
	    refusal, OUTCOME_HELD,
	    "held: %s; the old configuration stays in force. `ipwlctl diff' shows the "
	    "entries, `ipwlctl reload --accept' reloads anyway",
	    *ret_held);
}

static int commit_switch(struct engine *engine, struct snapshot *next,
			 char error[DATAPATH_ERROR_BYTES])
{
	int err = engine->is_detached ? datapath_pin(engine->datapath, error) : 0;

	return err ? err : engine_switch(engine, next, false, error);
}

int engine_commit(struct engine *engine, const struct deed *by, struct snapshot *next,
		  struct lines *warnings, struct source_reports *ret_reports,
		  struct refusal *refusal)
{
	struct snapshot *before = snapshot_ref(engine->current);
	char error[DATAPATH_ERROR_BYTES];
	int err = commit_switch(engine, next, error);

	sources_settle(engine, !err);
	if (err) {
		refuse_reload(refusal, error);
	} else {
		sources_report(engine, ret_reports);
		engine->is_detached = false;
		/* An administrator requested this reload, so it ends a suspension, unless that
		 * has just begun. */
		if (!next->suspension)
			state_acknowledge(engine->state);
		engine_forget_expired(engine);
		engine_record_reload(engine, by, before->policy, warnings);
		/* `keep: none` is to take effect now. */
		engine_update_seen(engine);
	}
	snapshot_unref(before);
	snapshot_unref(next);
	return err ? -ECANCELED : 0;
}
