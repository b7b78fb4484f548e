/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's start and end. */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/expiry.h"
#include "engine/fleet_internal.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/protected.h"
#include "engine/seen_internal.h"
#include "engine/source.h"
#include "feeds/store.h"
#include "store/hits.h"
#include "store/protections.h"
#include "store/rule_file.h"
#include "store/sample_store.h"
#include "store/state.h"

/* ---- start -------------------------------------------------------------- */

static int engine_open_state(struct engine *engine, const char *state_dir)
{
	int err = state_open(state_dir, &engine->state);

	engine->protections = protections_new();
	if (err || !engine->protections)
		return err ? err : -ENOMEM;
	if (!state_error(engine->state) || state_suspension(engine->state))
		protections_load(engine->protections, engine->state);
	return 0;
}

/* @adopted: maps of an earlier daemon, which had a database. */
static void engine_judge_state(struct engine *engine, bool adopted)
{
	if (adopted && state_is_new(engine->state) && !state_suspension(engine->state))
		state_miss(engine->state);
	if (state_suspension(engine->state))
		log_error("state", "%s; ENFORCEMENT IS SUSPENDED until a reload",
			  state_suspension(engine->state));
	else if (state_error(engine->state))
		log_error("state", "%s; entries cannot be added or deleted",
			  state_error(engine->state));
}

/* Continue the rule ids of the previous daemon, if they are known. */
static int engine_adopt_rules(struct engine *engine, const char *runtime_dir)
{
	bool is_known = false;
	int err = rule_file_open(runtime_dir, datapath_cookie(engine->datapath), &engine->rule_file,
				 &is_known);

	rule_ids_init(&engine->ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
	if (err) {
		log_warning("engine",
			    "%s/rules: %s; the counters of entries will be lost when "
			    "this daemon stops",
			    runtime_dir, strerror(-err));
		engine->rule_file = NULL;
	} else if (is_known) {
		err = rule_file_load(engine->rule_file, &engine->ids, &engine->adopted);
		if (!err)
			return 0;
		log_warning("engine", "%s/rules: %s", runtime_dir, strerror(-err));
	}
	engine->ids.next = datapath_first_fresh_rule(engine->datapath);
	return err == -ENOMEM ? err : 0;
}

static int engine_open(struct engine *engine, const struct config *config,
		       char error[DATAPATH_ERROR_BYTES])
{
	bool adopted;
	int err = engine_open_state(engine, config->state_dir);

	if (err)
		return err;
	err = datapath_open(config->bpffs_dir, engine->config_path, &engine->datapath, &adopted,
			    error);
	if (!err)
		err = hits_open(config->state_dir, datapath_cookie(engine->datapath), adopted,
				&engine->hits);
	if (!err)
		err = sample_store_new(config->state_dir, &engine->sample_store);
	if (err)
		return err;
	log_debug("engine", "%s kernel maps in %s", adopted ? "took over" : "made",
		  config->bpffs_dir);
	engine_judge_state(engine, adopted);
	if (state_suspension(engine->state))
		datapath_set_enforce(engine->datapath, false);
	return engine_adopt_rules(engine, config->runtime_dir);
}

/* Put the first snapshot in force, with the entries of all sources. */
static int engine_start_sources(struct engine *engine, struct snapshot *first,
				struct lines *warnings, char error[DATAPATH_ERROR_BYTES])
{
	struct refusal refusal = { 0 };
	struct source_reading reading = {
		.path = engine->config_path,
		.next = first,
		.warnings = warnings,
		.refusal = &refusal,
	};
	int err = sources_read(engine, &reading);

	if (!err)
		err = protected_check(engine->protections, first->policy, warnings);
	if (err)
		snprintf(error, DATAPATH_ERROR_BYTES, "%s",
			 refusal.message ? refusal.message : strerror(ENOMEM));
	else
		err = engine_switch(engine, first, false, error);
	sources_settle(engine, !err);
	refusal_done(&refusal);
	return err;
}

int engine_start(const char *config_path, struct snapshot *first, struct lines *warnings,
		 struct engine **ret_engine, char error[DATAPATH_ERROR_BYTES])
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err;

	snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(ENOMEM));
	if (!engine)
		return -ENOMEM;
	engine->config_path = config_path;
	engine->learning = learning_new();
	engine->seen = seen_new();
	engine->fleet = engine_fleet_new();
	err = engine->learning && engine->seen && engine->fleet
		  ? engine_open(engine, first->config, error)
		  : -ENOMEM;
	if (!err) {
		seen_begin(engine, first->config);
		engine_return_expired(engine);
		err = engine_start_sources(engine, first, warnings, error);
	}
	if (err) {
		engine_stop(engine);
		return err;
	}
	engine->expiry_looked_at_sec = time_now_sec();
	engine_forget_expired(engine);
	*ret_engine = engine;
	return 0;
}

void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		feed_store_free(engine->feeds[kind]);
	snapshot_unref(engine->current);
	policy_free(engine->adopted);
	rule_ids_done(&engine->ids);
	rule_file_close(engine->rule_file);
	if (engine->datapath)
		datapath_close(engine->datapath);
	hits_close(engine->hits);
	sample_store_free(engine->sample_store);
	learning_free(engine->learning);
	seen_free(engine->seen);
	engine_fleet_free(engine->fleet);
	protections_free(engine->protections);
	state_close(engine->state);
	free(engine);
}

int engine_detach(struct engine *engine, char error[DATAPATH_ERROR_BYTES])
{
	int err = datapath_detach(engine->current->config->bpffs_dir, error);

	if (!err)
		engine->is_detached = true;
	return err;
}

/* ---- for others to look at ------------------------------------------------ */

bool engine_is_detached(const struct engine *engine)
{
	return engine->is_detached;
}

struct snapshot *engine_snapshot(const struct engine *engine)
{
	return engine->current;
}

const char *engine_config_path(const struct engine *engine)
{
	return engine->config_path;
}

struct entry_view engine_view(const struct engine *engine)
{
	return (struct entry_view) { .datapath = engine->datapath,
				     .hits = engine->hits,
				     .protections = engine->protections,
				     .learning = engine->learning,
				     .seen = engine->seen };
}

struct datapath *engine_datapath(const struct engine *engine)
{
	return engine->datapath;
}

struct state *engine_state(const struct engine *engine)
{
	return engine->state;
}

struct hits *engine_hits(const struct engine *engine)
{
	return engine->hits;
}

const char *engine_state_error(const struct engine *engine)
{
	return state_error(engine->state);
}
