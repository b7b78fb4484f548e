/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers questions about attempts. Rows come source by source, so memory is that of the answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/top.h"
#include "core/limits.h"
#include "engine/internal.h"
#include "engine/lookup.h"
#include "engine/seen_internal.h"

const char *const seen_sort_names[SEEN_SORT_COUNT] = {
	[SEEN_SORT_ATTEMPTS] = "attempts",
	[SEEN_SORT_LAST] = "last",
	[SEEN_SORT_FIRST] = "first",
};

struct search {
	const struct seen_query *query;
	struct top top;
	uint64_t match_count;
	uint64_t attempt_count;
	struct seen_source source; /* the present one */
	bool has_source;
	struct seen_network network;  /* the present one; no attempts: there is none */
	struct prefix network_source; /* its last address */
};

static uint64_t attempts_of(const struct seen_row *row)
{
	return row->attempts + row->left_out;
}

static bool row_passes(const struct seen_row *row, const struct seen_query *query)
{
	return !query->list || !strcmp(row->decided.list, query->list) ||
	       !strcmp(row->beaten.list, query->list);
}

/* ---- rows ------------------------------------------------------------------------ */

static bool is_newer(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct seen_row *a = a_pointer, *b = b_pointer;

	(void)context;
	if (a->last_sec != b->last_sec)
		return a->last_sec > b->last_sec;
	return prefix_compare(&a->source, &b->source) < 0;
}

static int take_row(const struct seen_row *row, void *context)
{
	struct search *search = context;

	if (!row_passes(row, search->query))
		return 0;
	search->match_count++;
	search->attempt_count += attempts_of(row);
	top_add(&search->top, row);
	return 0;
}

/* ---- sources ----------------------------------------------------------------------- */

static bool source_comes_before(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct seen_row *a = &((const struct seen_source *)a_pointer)->sum;
	const struct seen_row *b = &((const struct seen_source *)b_pointer)->sum;
	const enum seen_sort sort = ((const struct seen_query *)context)->sort;

	if (sort == SEEN_SORT_ATTEMPTS && attempts_of(a) != attempts_of(b))
		return attempts_of(a) > attempts_of(b);
	if (sort == SEEN_SORT_FIRST && a->first_sec != b->first_sec)
		return a->first_sec > b->first_sec;
	if (a->last_sec != b->last_sec)
		return a->last_sec > b->last_sec;
	return prefix_compare(&a->source, &b->source) < 0;
}

static void end_source(struct search *search)
{
	if (!search->has_source)
		return;
	search->match_count++;
	top_add(&search->top, &search->source);
	search->has_source = false;
}

/* Add @row to the sum; what the later of both says of the decision is kept. */
static void source_add(struct seen_source *source, const struct seen_row *row)
{
	const struct seen_row before = source->sum;

	source->of[row->verdict] += attempts_of(row);
	if (row->last_sec >= before.last_sec)
		source->sum = *row;
	source->sum.attempts = before.attempts + row->attempts;
	source->sum.left_out = before.left_out + row->left_out;
	source->sum.first_sec =
	    before.first_sec < row->first_sec ? before.first_sec : row->first_sec;
}

static int take_source(const struct seen_row *row, void *context)
{
	struct search *search = context;

	if (!row_passes(row, search->query))
		return 0;
	search->attempt_count += attempts_of(row);
	if (search->has_source && prefix_compare(&search->source.sum.source, &row->source) != 0)
		end_source(search);
	if (search->has_source) {
		source_add(&search->source, row);
		return 0;
	}
	search->source = (struct seen_source) { .sum = *row };
	search->source.of[row->verdict] = attempts_of(row);
	search->has_source = true;
	return 0;
}

/* ---- networks ---------------------------------------------------------------------- */

static bool network_comes_before(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct seen_network *a = a_pointer, *b = b_pointer;

	(void)context;
	if (a->attempts != b->attempts)
		return a->attempts > b->attempts;
	return prefix_compare(&a->network, &b->network) < 0;
}

static void end_network(struct search *search)
{
	if (!search->network.attempts)
		return;
	search->match_count++;
	top_add(&search->top, &search->network);
	search->network.attempts = 0;
}

static void begin_network(struct search *search, const struct prefix *prefix,
			  const struct seen_row *row)
{
	search->network = (struct seen_network) {
		.network = *prefix,
		.first_sec = row->first_sec,
		.last_sec = row->last_sec,
	};
	search->network_source = (struct prefix) { .len = 0 };
}

/* Rows come by source, and so by network. */
static int take_network(const struct seen_row *row, void *context)
{
	const struct prefix prefix = limit_source(IPWL_LIMIT_NETWORK, &row->source);
	struct search *search = context;
	struct seen_network *network = &search->network;

	if (row->verdict < IPWL_WOULD_LIMIT)
		return 0;
	if (!network->attempts || prefix_compare(&network->network, &prefix) != 0) {
		end_network(search);
		begin_network(search, &prefix, row);
	}
	if (prefix_compare(&search->network_source, &row->source) != 0)
		network->source_count++;
	search->network_source = row->source;
	search->attempt_count += attempts_of(row);
	network->of[row->verdict] += attempts_of(row);
	network->attempts += attempts_of(row);
	network->left_out += row->left_out;
	if (row->first_sec < network->first_sec)
		network->first_sec = row->first_sec;
	if (row->last_sec > network->last_sec)
		network->last_sec = row->last_sec;
	return 0;
}

/* ---- the answer ---------------------------------------------------------------------- */

int seen_refuse_error(const struct engine *engine, int err, struct refusal *refusal)
{
	const char *error = engine_seen_error(engine);

	if (err == -ENOMEM)
		return refusal_set_memory(refusal);
	return refusal_set(refusal, OUTCOME_INTERNAL, "attempts cannot be read: %s",
			   error ? error : strerror(-err));
}

int seen_refuse_off(const struct engine *engine, struct refusal *refusal)
{
	if (!engine->current->config->seen.keep_sec)
		return refusal_set(refusal, OUTCOME_CONFLICT,
				   "attempts are not stored: the configuration has keep: none in "
				   "seen:");
	if (!engine->seen->store)
		return refusal_set(refusal, OUTCOME_INTERNAL,
				   "attempts are not stored: the log says why");
	return 0;
}

int64_t seen_shown_since_sec(const struct engine *engine, int64_t since_sec)
{
	const int64_t oldest_sec = time_now_sec() - engine->current->config->seen.keep_sec;

	return since_sec > oldest_sec ? since_sec : oldest_sec;
}

static struct seen_filter filter_of(const struct engine *engine, const struct seen_query *query)
{
	return (struct seen_filter) {
		.since_sec = seen_shown_since_sec(engine, query->since_sec),
		.has_prefix = query->has_prefix,
		.prefix = query->prefix,
	};
}

/* What a search collects. */
struct collection {
	size_t element_bytes;
	top_order comes_before;
	int (*take)(const struct seen_row *row, void *context);
};

static void fill_answer(const struct engine *engine, const struct search *search,
			const struct seen_filter *filter, struct seen_answer *answer)
{
	*answer = (struct seen_answer) {
		.count = search->top.count,
		.match_count = search->match_count,
		.attempt_count = search->attempt_count,
		.since_sec = filter->since_sec,
		.remembered_since_sec = seen_since_sec(engine->seen->store),
	};
	seen_read_left_out(engine->seen->store, filter->since_sec, &answer->left_out);
}

/* @ret_elements: those of the collection, in their order; they belong to the answer. */
static int search_run(struct engine *engine, const struct seen_query *query,
		      const struct collection *collection, struct seen_answer *ret_answer,
		      void **ret_elements, struct refusal *refusal)
{
	const struct seen_filter filter = filter_of(engine, query);
	struct search search = { .query = query };
	int err = seen_refuse_off(engine, refusal);

	if (err)
		return err;
	if (top_init(&search.top, query->limit, collection->element_bytes, collection->comes_before,
		     query))
		return refusal_set_memory(refusal);
	engine_update_seen(engine);
	err = seen_walk(engine->seen->store, &filter, collection->take, &search);
	if (err) {
		top_done(&search.top);
		return seen_refuse_error(engine, err, refusal);
	}
	end_source(&search);
	end_network(&search);
	top_sort(&search.top);
	fill_answer(engine, &search, &filter, ret_answer);
	*ret_elements = search.top.elements;
	return 0;
}

int engine_find_seen(struct engine *engine, const struct seen_query *query,
		     struct seen_answer *ret_answer, struct refusal *refusal)
{
	static const struct collection rows = { sizeof(struct seen_row), is_newer, take_row };
	void *elements = NULL;
	int err = search_run(engine, query, &rows, ret_answer, &elements, refusal);

	if (!err)
		ret_answer->rows = elements;
	return err;
}

int engine_find_blocked(struct engine *engine, const struct seen_query *query,
			struct seen_answer *ret_answer, struct refusal *refusal)
{
	static const struct collection sources = { sizeof(struct seen_source), source_comes_before,
						   take_source };
	void *elements = NULL;
	int err = seen_refuse_off(engine, refusal);

	if (!err && query->list && !engine_find_list(engine, query->list, refusal))
		err = -ECANCELED;
	if (!err)
		err = search_run(engine, query, &sources, ret_answer, &elements, refusal);
	if (!err)
		ret_answer->sources = elements;
	return err;
}

int engine_find_limited(struct engine *engine, const struct seen_query *query,
			struct seen_answer *ret_answer, struct refusal *refusal)
{
	static const struct collection networks = { sizeof(struct seen_network),
						    network_comes_before, take_network };
	void *elements = NULL;
	int err = search_run(engine, query, &networks, ret_answer, &elements, refusal);

	if (!err)
		ret_answer->networks = elements;
	return err;
}

void seen_answer_done(struct seen_answer *answer)
{
	free(answer->networks);
	free(answer->rows);
	free(answer->sources);
	*answer = (struct seen_answer) { 0 };
}

int engine_forget_seen(struct engine *engine, const struct prefix *prefix, uint64_t *ret_row_count,
		       struct refusal *refusal)
{
	int err = seen_refuse_off(engine, refusal);

	if (err)
		return err;
	engine_update_seen(engine);
	err = seen_forget(engine->seen->store, prefix, ret_row_count);
	if (err)
		return seen_refuse_error(engine, err, refusal);
	seen_journal_forget(engine->seen->journal, prefix);
	engine_update_seen(engine);
	return 0;
}
