/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes evidence of sessions that the kernel has counted. */
#include <errno.h>
#include <stdlib.h>

#include "engine/internal.h"
#include "engine/learning.h"
#include "learn/never.h"
#include "store/learned_rows.h"

struct session_batch {
	struct engine *engine;
	struct evidence *items;
	size_t count;
};

static void add_item(struct session_batch *batch, enum evidence_kind kind,
		     const struct prefix *address, uint32_t count, int64_t at_sec)
{
	batch->items[batch->count++] = (struct evidence) { .source = EVIDENCE_FROM_KERNEL,
							   .kind = kind,
							   .at_sec = at_sec,
							   .has_address = true,
							   .address = *address,
							   .count = count };
}

/* Whoever connects to us has inbound sessions. They say something only of those who are known. */
static int add_news(struct session_batch *batch, const struct session_news *news)
{
	const struct prefix subject = learn_subject(&news->address);
	struct learned learned;
	int err;

	if (news->outbound)
		add_item(batch, EVIDENCE_OUTBOUND, &news->address, news->outbound,
			 news->last_outbound_sec);
	if (!news->inbound)
		return 0;
	err = learned_row_find(batch->engine->learning->store, &subject, &learned);
	if (!err)
		add_item(batch, EVIDENCE_INBOUND, &news->address, news->inbound,
			 news->last_inbound_sec);
	return err == -ENOENT ? 0 : err;
}

static int note_news(struct session_batch *batch, const struct session_news *news, size_t count,
		     struct evidence_noted *ret_noted, struct refusal *refusal)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = add_news(batch, &news[i]);
	if (err)
		return learning_refuse_failed(batch->engine, refusal);
	if (!batch->count)
		return 0;
	return engine_note_evidence(
	    batch->engine,
	    &(struct evidence_batch) { .items = batch->items, .count = batch->count }, ret_noted,
	    refusal);
}

int engine_note_sessions(struct engine *engine, const struct session_news *news, size_t count,
			 struct evidence_noted *ret_noted, struct refusal *refusal)
{
	struct session_batch batch = { .engine = engine };
	struct evidence_noted noted = { 0 };
	int err = learning_ready(engine, refusal);

	if (err || !count) {
		*ret_noted = noted;
		return err;
	}
	batch.items = calloc(2 * count, sizeof(*batch.items));
	err = batch.items ? note_news(&batch, news, count, &noted, refusal)
			  : refusal_set_memory(refusal);
	free(batch.items);
	if (!err)
		*ret_noted = noted;
	return err;
}
