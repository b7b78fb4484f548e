/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's part in remembering hits (sampling.c looks) and in forgetting what is old. */
#include "engine/sample.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/internal.h"
#include "engine/seen_internal.h"
#include "store/history.h"
#include "store/hits.h"

/* A step takes milliseconds, so a change that waits for it is hardly delayed. */
#define STEP_RULES 100000
#define PRUNE_INTERVAL_SEC 3600
/* What is forgotten does not come back, and the clock may be ahead. */
#define PRUNE_CLOCK_SEC (6 * 3600)

/* Report an error once when it begins, and once when it ends. */
static void sample_report(struct engine *engine, int err)
{
	if (err && !engine->are_hits_failing)
		log_warning("hits", "%s; hits are not stored until this is fixed",
			    hits_error(engine->hits) ? hits_error(engine->hits) : "out of memory");
	else if (!err && engine->are_hits_failing)
		log_info("hits", "are stored again");
	engine->are_hits_failing = err != 0;
}

static void sample_prune(struct engine *engine, int64_t now_sec)
{
	const int64_t before_sec = now_sec - engine->current->config->history.keep_sec;
	const double monotonic_sec = time_monotonic_sec();

	if (clock_watch_look(&engine->clock_watch, now_sec) < PRUNE_CLOCK_SEC)
		return;
	if (engine->pruned_at_monotonic_sec > 0 &&
	    monotonic_sec - engine->pruned_at_monotonic_sec < PRUNE_INTERVAL_SEC)
		return;
	engine->pruned_at_monotonic_sec = monotonic_sec;
	if (!state_error(engine->state) && history_prune(engine->state, before_sec))
		log_warning("state", "%s", state_error(engine->state));
	sample_report(engine,
		      hits_prune(engine->hits, engine->current->policy, before_sec, now_sec));
	seen_forget_old(engine, now_sec);
}

/* Look at some rules and write what was found. */
static int sample_step(struct engine *engine, size_t rule_count, int64_t now_sec,
		       bool *ret_is_complete)
{
	int done;

	datapath_settle(engine->datapath);
	done = sampling_step(&engine->sampling, engine->hits, engine->datapath,
			     engine->current->policy, rule_count, now_sec);
	if (done < 0)
		return done;
	*ret_is_complete = done;
	return hits_flush(engine->hits, done, now_sec);
}

bool engine_sample(struct engine *engine)
{
	const int64_t now_sec = time_now_sec();
	bool is_complete = true;
	int err = hits_load(engine->hits, now_sec);

	if (!err)
		err = sample_step(engine, STEP_RULES, now_sec, &is_complete);
	sample_report(engine, err);
	if (!err && is_complete)
		sample_prune(engine, now_sec);
	if (is_complete)
		engine_update_seen(engine);
	return is_complete;
}

int engine_look_at_hits(struct engine *engine)
{
	const int64_t now_sec = time_now_sec();
	struct sampling sampling = { 0 };
	int done, err = hits_load(engine->hits, now_sec);

	if (err)
		return err;
	datapath_settle(engine->datapath);
	done = sampling_step(&sampling, engine->hits, engine->datapath, engine->current->policy,
			     SIZE_MAX, now_sec);
	return done < 0 ? done : 0;
}

void engine_sample_all(struct engine *engine)
{
	const int64_t now_sec = time_now_sec();
	bool is_complete;
	int err = hits_load(engine->hits, now_sec);

	if (err)
		return;
	/* A pass that was begun ends first. */
	err = sample_step(engine, SIZE_MAX, now_sec, &is_complete);
	if (!err)
		err = sample_step(engine, SIZE_MAX, now_sec, &is_complete);
	sample_report(engine, err);
}
