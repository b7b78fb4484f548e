/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remembers hits: reads them at the start, answers queries, and writes them in batches. */
#include "store/hits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/log.h"
#include "store/hits_note.h"
#include "store/hits_walk.h"

#define DAY_SEC 86400
/* This many changed records justify a transaction. */
#define FLUSH_RECORDS 10000

int hits_open(const char *state_dir, uint64_t cookie, bool adopted, struct hits **ret_hits)
{
	struct hits *hits = calloc(1, sizeof(*hits));

	if (!hits)
		return -ENOMEM;
	if (asprintf(&hits->path, "%s/hits.db", state_dir) < 0) {
		free(hits);
		return -ENOMEM;
	}
	pthread_mutex_init(&hits->lock, NULL);
	hits->cookie = cookie;
	hits->adopted = adopted;
	*ret_hits = hits;
	return 0;
}

void hits_close(struct hits *hits)
{
	size_t i;

	if (!hits)
		return;
	database_close(hits->database);
	for (i = 0; i < hits->list_count; i++)
		free(hits->lists[i].name);
	free(hits->lists);
	free(hits->records);
	free(hits->buckets);
	free(hits->path);
	free(hits->error);
	pthread_mutex_destroy(&hits->lock);
	free(hits);
}

const char *hits_error(const struct hits *hits)
{
	return hits->error;
}

static void hits_keep_error(struct hits *hits, const char *error)
{
	free(hits->error);
	hits->error = text_copy(error);
}

int hits_fail(struct hits *hits)
{
	hits_keep_error(hits, database_error(hits->database));
	if (database_is_corrupt(hits->database)) {
		database_close(hits->database);
		hits->database = NULL;
	}
	return -EIO;
}

static void hits_succeed(struct hits *hits)
{
	free(hits->error);
	hits->error = NULL;
}

/* ---- for any thread ------------------------------------------------------- */

int64_t hits_since_sec(struct hits *hits)
{
	int64_t since_sec;

	pthread_mutex_lock(&hits->lock);
	since_sec = hits->since_sec;
	pthread_mutex_unlock(&hits->lock);
	return since_sec;
}

/* The caller holds hits->lock, or is the worker. */
static const struct hit_record *find(const struct hits *hits, const struct list *list,
				     const struct prefix *prefix)
{
	size_t i;

	for (i = 0; i < hits->list_count; i++)
		if (hits->lists[i].action == list->action &&
		    !strcmp(hits->lists[i].name, list->name))
			return hits_find_record(hits, i, prefix);
	return NULL;
}

bool hits_find(struct hits *hits, const struct list *list, const struct prefix *prefix,
	       uint32_t rule, const struct ipwl_rule_counters *counters, int64_t now_sec,
	       struct hit_memory *ret_memory)
{
	const struct hit_record *record;
	struct hit_memory memory = { 0 };
	struct hit_counts grown = { 0 };
	bool is_known;

	pthread_mutex_lock(&hits->lock);
	is_known = hits->since_sec != 0;
	record = find(hits, list, prefix);
	if (counters)
		grown = hits_growth(record, rule, counters);
	if (record)
		memory = (struct hit_memory) { .total = record->total,
					       .last_hit_sec = record->last_hit_sec };
	pthread_mutex_unlock(&hits->lock);
	if (!is_known)
		return false;
	hit_counts_add(&memory.total, &grown);
	if (grown.packets)
		memory.last_hit_sec = hits_last_sec(counters, now_sec);
	*ret_memory = memory;
	return true;
}

/* ---- the database --------------------------------------------------------- */

static int take_row(const struct hits_row *row, void *context)
{
	struct hits *hits = context;
	struct hit_record *record = NULL;
	int list;

	pthread_mutex_lock(&hits->lock);
	list = hits_enter_list(hits, row->list, row->action);
	if (list >= 0)
		record = hits_add_record(hits, (size_t)list, &row->prefix);
	if (record) {
		record->total = row->total;
		record->last_hit_sec = row->last_hit_sec;
	}
	/* Other maps have counted from zero. */
	if (record && row->cookie == hits->cookie) {
		record->rule = row->rule;
		record->counted = row->counted;
	}
	pthread_mutex_unlock(&hits->lock);
	return record ? 0 : -ENOMEM;
}

static bool keep_none(const struct hits *hits, const struct hit_record *record, void *context)
{
	(void)hits;
	(void)record;
	(void)context;
	return false;
}

static void become_known(struct hits *hits, int64_t since_sec)
{
	pthread_mutex_lock(&hits->lock);
	hits->since_sec = since_sec;
	pthread_mutex_unlock(&hits->lock);
}

static int read_rows(struct hits *hits)
{
	int err;

	pthread_mutex_lock(&hits->lock);
	hits_filter(hits, keep_none, NULL);
	pthread_mutex_unlock(&hits->lock);
	err = hits_file_read(hits->database, take_row, hits);
	if (!err)
		hits->dirty_count = 0;
	return err;
}

/* Readers ignore the table before become_known(), or else see a table that is being filled.
 * Return: 0; -ENOMEM, -EIO or -EBADMSG with a message. */
static int open_and_read(struct hits *hits, int64_t now_sec, int64_t *ret_since_sec,
			 char message[HITS_FILE_MESSAGE_BYTES])
{
	const char *error;
	bool is_new;
	int err =
	    hits_file_open(hits->path, now_sec, &hits->database, ret_since_sec, &is_new, message);

	if (err)
		return err;
	err = read_rows(hits);
	if (!err) {
		hits->is_priming = is_new && hits->adopted;
		return 0;
	}
	if (database_is_corrupt(hits->database))
		err = -EBADMSG;
	error = database_error(hits->database);
	snprintf(message, HITS_FILE_MESSAGE_BYTES, "%s", error ? error : strerror(ENOMEM));
	database_close(hits->database);
	hits->database = NULL;
	return err;
}

int hits_load(struct hits *hits, int64_t now_sec)
{
	char message[HITS_FILE_MESSAGE_BYTES];
	int64_t since_sec;
	int err;

	if (hits->database)
		return 0;
	err = open_and_read(hits, now_sec, &since_sec, message);
	/* Losing this database loses statistics, but no mail. */
	if (err == -EBADMSG && !database_set_aside(hits->path, message)) {
		log_warning("hits", "%s was corrupt and is kept as %s: hits start again from zero",
			    hits->path, message);
		err = open_and_read(hits, now_sec, &since_sec, message);
	}
	if (err) {
		hits_keep_error(hits, message);
		return err == -EBADMSG ? -EIO : err;
	}
	/* If the database is loaded again, these maps have counted before. */
	hits->adopted = true;
	hits_succeed(hits);
	become_known(hits, since_sec);
	return 0;
}

static struct hits_row row_of(const struct hits *hits, const struct hit_record *record)
{
	const struct hit_list *list = &hits->lists[record->list];

	return (struct hits_row) {
		.list = list->name,
		.action = list->action,
		.prefix = record->prefix,
		.cookie = hits->cookie,
		.rule = record->rule,
		.counted = record->counted,
		.total = record->total,
		.last_hit_sec = record->last_hit_sec,
	};
}

static void mark_clean(struct hits *hits)
{
	size_t i;

	for (i = 0; i < hits->record_count; i++) {
		if (!hits->records[i].is_dirty)
			continue;
		hits->records[i].is_dirty = false;
		hits->records[i].pending = (struct hit_counts) { 0 };
	}
	hits->dirty_count = 0;
}

static int put_dirty(struct hits *hits, int64_t now_sec)
{
	size_t i;

	for (i = 0; i < hits->record_count; i++) {
		const struct hit_record *record = &hits->records[i];
		const struct hits_row row = row_of(hits, record);

		if (record->is_dirty &&
		    hits_file_put(hits->database, &row, now_sec / DAY_SEC, &record->pending))
			return -EIO;
	}
	return 0;
}

int hits_flush(struct hits *hits, bool is_final, int64_t now_sec)
{
	if (!hits->database || !hits->dirty_count ||
	    (!is_final && hits->dirty_count < FLUSH_RECORDS))
		return 0;
	if (database_begin(hits->database) || put_dirty(hits, now_sec) ||
	    database_commit(hits->database))
		return hits_fail(hits);
	mark_clean(hits);
	hits_succeed(hits);
	return 0;
}

int hits_sum_days(struct hits *hits, const struct list *list, const struct prefix *prefix,
		  unsigned int days, int64_t now_sec, struct hit_counts *ret_counts)
{
	const struct hit_record *record = find(hits, list, prefix);

	if (!hits->database)
		return -EIO;
	if (hits_file_sum(hits->database, list->name, list->action, prefix,
			  now_sec / DAY_SEC - days, ret_counts))
		return hits_fail(hits);
	if (record)
		hit_counts_add(ret_counts, &record->pending);
	return 0;
}

/* ---- prune ---------------------------------------------------------------- */

struct pruning {
	const struct policy *policy;
	int64_t before_sec;
};

static bool is_wanted(const struct hits *hits, const struct hit_record *record, void *context)
{
	const struct hit_list *hit_list = &hits->lists[record->list];
	const struct pruning *pruning = context;
	const struct list *list;

	if (record->is_dirty || record->last_hit_sec >= pruning->before_sec)
		return true;
	list = policy_find_list(pruning->policy, hit_list->name);
	return list && list->action == hit_list->action && list_find_rule(list, &record->prefix);
}

static int delete_unwanted(struct hits *hits, struct pruning *pruning)
{
	size_t i;

	for (i = 0; i < hits->record_count; i++) {
		const struct hit_record *record = &hits->records[i];
		const struct hit_list *list = &hits->lists[record->list];

		if (!is_wanted(hits, record, pruning) &&
		    hits_file_delete(hits->database, list->name, list->action, &record->prefix))
			return -EIO;
	}
	return 0;
}

int hits_prune(struct hits *hits, const struct policy *policy, int64_t before_sec, int64_t now_sec)
{
	struct pruning pruning = { .policy = policy, .before_sec = before_sec };

	if (!hits->database)
		return -EIO;
	if (database_begin(hits->database) ||
	    hits_file_delete_days(hits->database, now_sec / DAY_SEC - HITS_DAYS_KEPT + 1) ||
	    delete_unwanted(hits, &pruning) || database_commit(hits->database))
		return hits_fail(hits);
	pthread_mutex_lock(&hits->lock);
	hits_filter(hits, is_wanted, &pruning);
	pthread_mutex_unlock(&hits->lock);
	return 0;
}
