/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of hits: read at the start, shown, written in batches. */
#include "store/hits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/hits_note.h"
#include "store/database.h"

#define DAY_SEC 86400
/* Days that hits_sum_days() may be asked for, and today. */
#define DAYS_KEPT 32
/* So many changed records are worth a transaction of their own. */
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
	hits_file_close(hits->file);
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

/* Keep what went wrong. A corrupt database is closed, so that hits_load() puts it aside. */
static int fail(struct hits *hits, int err, const char *message)
{
	char *error;

	if (err == -EBADMSG) {
		hits_file_close(hits->file);
		hits->file = NULL;
		err = -EIO;
	}
	if (asprintf(&error, "%s: %s", hits->path, message) < 0)
		return err;
	free(hits->error);
	hits->error = error;
	return err;
}

static void succeed(struct hits *hits)
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

/* hits->lock is held. */
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
		memory.last_hit_sec = now_sec;
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
	/* Other maps have begun at zero. */
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

/* Nobody looks before become_known(), or they see a table that fills. */
static int open_and_read(struct hits *hits, int64_t now_sec, int64_t *ret_since_sec,
			 char message[HITS_FILE_MESSAGE_BYTES])
{
	bool is_new;
	int err = hits_file_open(hits->path, now_sec, &hits->file, ret_since_sec, &is_new, message);

	if (err)
		return err;
	pthread_mutex_lock(&hits->lock);
	hits_filter(hits, keep_none, NULL);
	pthread_mutex_unlock(&hits->lock);
	err = hits_file_read(hits->file, take_row, hits, message);
	if (err) {
		hits_file_close(hits->file);
		hits->file = NULL;
		return err;
	}
	hits->dirty_count = 0;
	hits->is_priming = is_new && hits->adopted;
	return 0;
}

int hits_load(struct hits *hits, int64_t now_sec)
{
	char message[HITS_FILE_MESSAGE_BYTES];
	int64_t since_sec;
	int err;

	if (hits->file)
		return 0;
	err = open_and_read(hits, now_sec, &since_sec, message);
	/* Losing it costs numbers, no mail. */
	if (err == -EBADMSG && !database_set_aside(hits->path, message)) {
		log_warning("hits", "%s was corrupt and is kept as %s: hits are counted anew",
			    hits->path, message);
		err = open_and_read(hits, now_sec, &since_sec, message);
	}
	if (err)
		return fail(hits, err, message);
	/* Should it be read again, these maps have been counting. */
	hits->adopted = true;
	succeed(hits);
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

int hits_flush(struct hits *hits, bool is_final, int64_t now_sec)
{
	char message[HITS_FILE_MESSAGE_BYTES];
	size_t i;
	int err;

	if (!hits->file || !hits->dirty_count || (!is_final && hits->dirty_count < FLUSH_RECORDS))
		return 0;
	err = hits_file_begin(hits->file, message);
	for (i = 0; i < hits->record_count && !err; i++) {
		const struct hit_record *record = &hits->records[i];
		const struct hits_row row = row_of(hits, record);

		if (record->is_dirty)
			err = hits_file_put(hits->file, &row, now_sec / DAY_SEC, &record->pending,
					    message);
	}
	if (!err)
		err = hits_file_commit(hits->file, message);
	if (err)
		return fail(hits, err, message);
	mark_clean(hits);
	succeed(hits);
	return 0;
}

int hits_sum_days(struct hits *hits, const struct list *list, const struct prefix *prefix,
		  unsigned int days, int64_t now_sec, struct hit_counts *ret_counts)
{
	const struct hit_record *record = find(hits, list, prefix);
	char message[HITS_FILE_MESSAGE_BYTES];
	int err;

	if (!hits->file)
		return -EIO;
	err = hits_file_sum(hits->file, list->name, list->action, prefix, now_sec / DAY_SEC - days,
			    ret_counts, message);
	if (err)
		return fail(hits, err, message);
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

static int delete_unwanted(struct hits *hits, struct pruning *pruning,
			   char message[HITS_FILE_MESSAGE_BYTES])
{
	size_t i;
	int err = 0;

	for (i = 0; i < hits->record_count && !err; i++) {
		const struct hit_record *record = &hits->records[i];
		const struct hit_list *list = &hits->lists[record->list];

		if (!is_wanted(hits, record, pruning))
			err = hits_file_delete(hits->file, list->name, list->action,
					       &record->prefix, message);
	}
	return err;
}

int hits_prune(struct hits *hits, const struct policy *policy, int64_t before_sec, int64_t now_sec)
{
	struct pruning pruning = { .policy = policy, .before_sec = before_sec };
	char message[HITS_FILE_MESSAGE_BYTES];
	int err;

	if (!hits->file)
		return -EIO;
	err = hits_file_begin(hits->file, message);
	if (!err)
		err = hits_file_delete_days(hits->file, now_sec / DAY_SEC - DAYS_KEPT + 1, message);
	if (!err)
		err = delete_unwanted(hits, &pruning, message);
	if (!err)
		err = hits_file_commit(hits->file, message);
	if (err)
		return fail(hits, err, message);
	pthread_mutex_lock(&hits->lock);
	hits_filter(hits, is_wanted, &pruning);
	pthread_mutex_unlock(&hits->lock);
	return 0;
}
