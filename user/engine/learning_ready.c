/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens learn.db when it is needed, and says once that it fails. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/internal.h"
#include "engine/learning.h"

/* Say once that it begins to fail, and once that it works again. */
static void report(struct learning *learning, const char *error)
{
	if (error && !learning->is_failing)
		log_error("learn",
			  "%s; nothing is learned until this is fixed, and learned entries stay "
			  "in force",
			  error);
	else if (!error && learning->is_failing)
		log_info("learn", "learning works again");
	learning->is_failing = error != NULL;
	pthread_mutex_lock(&learning->lock);
	learning->counters.is_failing = learning->is_failing;
	pthread_mutex_unlock(&learning->lock);
}

static const char *error_of(const struct learning *learning)
{
	const char *error = learning->store ? evidence_error(learning->store) : NULL;

	return error ? error : strerror(ENOMEM);
}

int learning_refuse_failed(struct engine *engine, struct refusal *refusal)
{
	struct learning *learning = engine->learning;

	report(learning, error_of(learning));
	return refusal_set(refusal, OUTCOME_INTERNAL, "%s; nothing has changed",
			   error_of(learning));
}

static void report_lost(struct learning *learning, char *lost)
{
	if (!lost)
		return;
	log_error("learn",
		  "%s: the evidence in it is lost, and learning begins anew; learned entries stay "
		  "in force",
		  lost);
	learning->needs_follow = true;
	free(lost);
}

static int open_store(struct engine *engine)
{
	struct learning *learning = engine->learning;
	char *lost = NULL;
	int err;

	if (learning->store)
		err = evidence_ready(learning->store, &lost);
	else
		err = evidence_open(engine->current->config->state_dir, &learning->store, &lost);
	report_lost(learning, lost);
	if (!err && evidence_error(learning->store))
		err = evidence_ready(learning->store, &lost);
	return err;
}

int learning_ready(struct engine *engine, struct refusal *refusal)
{
	struct learning *learning = engine->learning;
	int err;

	if (!learning_settings(engine)->is_on) {
		evidence_close(learning->store);
		learning->store = NULL;
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "learning is off: the configuration has no learn:");
	}
	err = open_store(engine);
	if (!err && learning->needs_follow)
		err = learning_follow(engine);
	if (!err && learning->touches_all) {
		err = evidence_touch_learned(learning->store) || evidence_commit(learning->store)
			  ? -EIO
			  : 0;
		learning->touches_all = err != 0;
	}
	if (err)
		return learning_refuse_failed(engine, refusal);
	report(learning, NULL);
	return 0;
}
