/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes evidence: refuses what cannot count, and hands the rest to the store in one
 * transaction with the reader's position. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "learn/never.h"

/* The clock of another host may be ahead by so much. */
#define FUTURE_SEC 300

struct noting {
	struct engine *engine;
	const struct learn_settings *settings;
	const struct evidence_batch *batch;
	struct evidence_item *items;
	size_t count;
	/* Added to the counters when the batch is on the disk. */
	struct learning_counters counters;
	struct evidence_noted noted;
};

static void count_item(struct noting *noting, const struct evidence *evidence,
		       enum evidence_drop drop)
{
	struct learning_counters *counters = &noting->counters;

	if (drop == EVIDENCE_DROP_COUNT) {
		counters->evidence[evidence->source][evidence->kind] +=
		    evidence->count ? evidence->count : 1;
		noting->noted.noted_count++;
	} else {
		counters->dropped[evidence->source][drop]++;
		noting->noted.dropped_count++;
	}
	if (evidence->at_sec > counters->last_evidence_sec[evidence->source])
		counters->last_evidence_sec[evidence->source] = evidence->at_sec;
}

/* ---- what can count --------------------------------------------------------------------- */

static enum evidence_drop check_sent(const struct noting *noting, struct evidence_item *item)
{
	const struct evidence *evidence = item->evidence;
	const struct learn_settings *settings = noting->settings;

	if (!*evidence->domain || !*evidence->person)
		return EVIDENCE_DROP_INVALID;
	if (domain_list_covers(&settings->local_domains, evidence->domain))
		return EVIDENCE_DROP_NEVER;
	if (learn_ignores_user(settings, evidence->person))
		return EVIDENCE_DROP_NEVER;
	if (evidence->recipient_count > settings->partner.max_recipients)
		return EVIDENCE_DROP_BULK;
	item->makes_partner = !learn_refuse_domain(settings, evidence->domain);
	return EVIDENCE_DROP_COUNT;
}

/* Return: EVIDENCE_DROP_COUNT: @item is filled in, else why it cannot count. */
static enum evidence_drop check_item(const struct noting *noting, const struct evidence *evidence,
				     int64_t now_sec, struct evidence_item *item)
{
	const bool is_sent = evidence->kind == EVIDENCE_SENT;
	const char *refusal = NULL;

	*item = (struct evidence_item) { .evidence = evidence };
	if (evidence->at_sec > now_sec + FUTURE_SEC ||
	    evidence->at_sec < now_sec - noting->settings->keep_sec)
		return EVIDENCE_DROP_TIME;
	if (evidence->has_address) {
		item->subject = learn_subject(&evidence->address);
		refusal = learning_refuse(noting->engine, &item->subject);
		item->has_subject = !refusal;
	}
	if (is_sent)
		return check_sent(noting, item);
	if (!evidence->has_address)
		return EVIDENCE_DROP_INVALID;
	item->is_covered = evidence->kind == EVIDENCE_LISTED && item->has_subject &&
			   learning_is_covered(noting->engine, &item->subject);
	return refusal ? EVIDENCE_DROP_NEVER : EVIDENCE_DROP_COUNT;
}

static void check_items(struct noting *noting)
{
	const int64_t now_sec = time_now_sec();

	for (size_t i = 0; i < noting->batch->count; i++) {
		const struct evidence *evidence = &noting->batch->items[i];
		const enum evidence_drop drop =
		    check_item(noting, evidence, now_sec, &noting->items[noting->count]);

		if (drop == EVIDENCE_DROP_COUNT)
			noting->count++;
		else
			count_item(noting, evidence, drop);
	}
}

/* ---- write ---------------------------------------------------------------------------------- */

static int write_items(struct noting *noting)
{
	struct evidence_store *store = noting->engine->learning->store;
	const struct evidence_batch *batch = noting->batch;
	const struct evidence_limits limits = {
		.max_rows = noting->settings->max_addresses,
		.max_new_domains = noting->settings->partner.max_new_domains,
		.oldest_day = (time_now_sec() - noting->settings->keep_sec) / LEARN_DAY_SEC,
	};
	struct evidence_noting result = { 0 };
	int err = evidence_note(store, noting->items, noting->count, &limits, &result);

	if (!err && batch->reader)
		err = evidence_set_position(store, batch->reader,
					    batch->position ? batch->position : "");
	if (!err)
		err = evidence_commit(store);
	if (err) {
		evidence_rollback(store);
		return err;
	}
	for (size_t i = 0; i < noting->count; i++)
		count_item(noting, noting->items[i].evidence, noting->items[i].drop);
	if (result.capped_user_count)
		log_warning("learn",
			    "%zu %s wrote to more than %u new %s in a day: the new ones of "
			    "that day do not count; an account may be misused",
			    result.capped_user_count,
			    plural(result.capped_user_count, "user", "users"),
			    noting->settings->partner.max_new_domains,
			    plural(noting->settings->partner.max_new_domains, "domain", "domains"));
	return 0;
}

static void add_counters(struct learning *learning, const struct learning_counters *more)
{
	struct learning_counters *sum = &learning->counters;

	pthread_mutex_lock(&learning->lock);
	for (int source = 0; source < EVIDENCE_SOURCE_COUNT; source++) {
		for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
			sum->evidence[source][kind] += more->evidence[source][kind];
		for (int drop = 0; drop < EVIDENCE_DROP_COUNT; drop++)
			sum->dropped[source][drop] += more->dropped[source][drop];
		if (more->last_evidence_sec[source] > sum->last_evidence_sec[source])
			sum->last_evidence_sec[source] = more->last_evidence_sec[source];
	}
	pthread_mutex_unlock(&learning->lock);
}

static void count_lost(struct learning *learning, const struct evidence_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		learning_count_dropped(learning, batch->items[i].source, EVIDENCE_DROP_STORAGE, 1);
}

static int note(struct noting *noting, struct refusal *refusal)
{
	noting->items = calloc(noting->batch->count + 1, sizeof(*noting->items));
	if (!noting->items)
		return refusal_set_memory(refusal);
	check_items(noting);
	if (write_items(noting)) {
		count_lost(noting->engine->learning, noting->batch);
		return learning_refuse_failed(noting->engine, refusal);
	}
	add_counters(noting->engine->learning, &noting->counters);
	return 0;
}

int engine_note_evidence(struct engine *engine, const struct evidence_batch *batch,
			 struct evidence_noted *ret_noted, struct refusal *refusal)
{
	struct noting noting = { .engine = engine, .batch = batch };
	int err;

	if (learning_ready(engine, refusal)) {
		if (learning_settings(engine)->is_on)
			count_lost(engine->learning, batch);
		return -ECANCELED;
	}
	noting.settings = learning_settings(engine);
	err = note(&noting, refusal);
	free(noting.items);
	if (!err)
		*ret_noted = noting.noted;
	return err;
}

int engine_evidence_position(struct engine *engine, const char *reader, char **ret_position,
			     struct refusal *refusal)
{
	int err = learning_ready(engine, refusal);

	if (!err && evidence_position(engine->learning->store, reader, ret_position))
		err = learning_refuse_failed(engine, refusal);
	return err;
}
