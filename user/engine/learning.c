/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What learning keeps and counts. */
#include "engine/learning.h"

#include <stdlib.h>

#include "base/clock.h"
#include "config/own_addresses.h"
#include "engine/internal.h"
#include "learn/never.h"

/* How long the list of this host's addresses is believed. */
#define OWN_SEC 60

const char *const learn_deed_names[LEARN_DEED_COUNT] = {
	[LEARN_ACCEPT] = "accept",
	[LEARN_REJECT] = "reject",
	[LEARN_FORGET] = "forget",
};

struct learning *learning_new(void)
{
	struct learning *learning = calloc(1, sizeof(*learning));

	if (!learning)
		return NULL;
	pthread_mutex_init(&learning->lock, NULL);
	learning->needs_follow = learning->are_covers_old = true;
	return learning;
}

void learning_free(struct learning *learning)
{
	if (!learning)
		return;
	evidence_close(learning->store);
	entry_set_unref(learning->staged);
	free(learning->domains);
	free(learning->covers);
	free(learning->own);
	pthread_mutex_destroy(&learning->lock);
	free(learning);
}

const struct learn_settings *learning_settings(const struct engine *engine)
{
	return &engine->current->config->learn;
}

int64_t learning_now(const struct engine *engine)
{
	return learn_clock(time_now_sec(), evidence_newest_sec(engine->learning->store));
}

const char *learning_refuse(struct engine *engine, const struct prefix *subject)
{
	struct learning *learning = engine->learning;
	const double now_sec = time_monotonic_sec();
	struct prefix *own;
	size_t count;

	if (!learning->own || now_sec - learning->own_read_at_sec > OWN_SEC) {
		learning->own_read_at_sec = now_sec;
		/* If they cannot be read, those known before count. */
		if (!own_addresses(&own, &count)) {
			free(learning->own);
			learning->own = own;
			learning->own_count = count;
		}
	}
	return learn_refuse_address(learning_settings(engine),
				    PREFIX_ARRAY(learning->own, learning->own_count), subject);
}

const char *engine_learning_error(const struct engine *engine)
{
	return engine->learning->store ? evidence_error(engine->learning->store) : NULL;
}

/* ---- counters ------------------------------------------------------------------------- */

void learning_read_counters(struct learning *learning, struct learning_counters *ret_counters)
{
	pthread_mutex_lock(&learning->lock);
	*ret_counters = learning->counters;
	pthread_mutex_unlock(&learning->lock);
}

void learning_count_dropped(struct learning *learning, enum evidence_source source,
			    enum evidence_drop drop, uint64_t count)
{
	pthread_mutex_lock(&learning->lock);
	learning->counters.dropped[source][drop] += count;
	pthread_mutex_unlock(&learning->lock);
}
