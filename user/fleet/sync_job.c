/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: the part of the exchange that needs the replica. While a job runs, the loop may do
 * something else, so it uses nothing of the exchange but what never changes: the name of this host
 * and the key. What takes time is done here, too: to check MACs and to sign.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

struct fleet_job *sync_job_new(struct fleet_sync *sync,
			       void (*run)(struct fleet_job *job,
					   const struct fleet_access *access),
			       void (*done)(struct fleet_job *job))
{
	struct fleet_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->sync = sync;
	job->run = run;
	job->done = done;
	job->number = sync->connection;
	job->next_item = &job->items;
	return job;
}

void sync_job_free(struct fleet_job *job)
{
	while (job->items) {
		struct item *item = job->items;

		job->items = item->next;
		free(item);
	}
	for (size_t i = 0; i < job->again_count; i++)
		free(job->again[i]);
	free(job->again);
	free(job->names);
	free(job->known);
	free(job);
}

static char *pack(const char *text, char **room)
{
	char *copy = *room;
	const size_t bytes = strlen(text) + 1;

	memcpy(copy, text, bytes);
	*room += bytes;
	return copy;
}

int sync_job_add(struct fleet_job *job, const char *origin, const char *key, const char *value,
		 const char *writer)
{
	struct item *item =
	    malloc(sizeof(*item) + strlen(origin) + strlen(key) + strlen(value) + 3);
	char *room;

	if (!item)
		return -ENOMEM;
	room = item->texts;
	item->next = NULL;
	item->origin = pack(origin, &room);
	item->key = pack(key, &room);
	item->value = pack(value, &room);
	item->is_own = !strcmp(origin, job->sync->self);
	item->is_echo = item->is_own && writer && !strcmp(writer, origin);
	item->is_absent = false;
	*job->next_item = item;
	job->next_item = &item->next;
	job->item_count++;
	return 0;
}

static void finish_later(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	fleet_job_finish(context);
}

void sync_job_submit(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;
	const struct timeval soon = { .tv_sec = 1 };

	sync->job_count++;
	if (sync->events.submit(job, sync->events.context) &&
	    event_base_once(sync->base, -1, EV_TIMEOUT, finish_later, job, &soon)) {
		/* The next connection begins anew. */
		sync->job_count--;
		sync_job_free(job);
	}
}

/* ---- where the replica is ----------------------------------------------------------- */

/* NULL: it is not valid, or out of memory. */
static struct fleet_record *read_item(struct fleet_job *job, const struct item *item)
{
	struct fleet_record record, *copy;
	struct fleet_texts texts;
	int err = scope_is_host(item->origin) &&
			  fleet_sign_check(&job->sync->signer, item->origin, item->key, item->value)
		      ? fleet_record_parse(item->origin, item->key, item->value, &texts, &record)
		      : -EINVAL;

	if (err) {
		job->unknown_count += err == -ENOTSUP;
		job->refused_count += err != -ENOTSUP;
		return NULL;
	}
	copy = fleet_record_copy(&record);
	if (!copy)
		job->err = -ENOMEM;
	job->received_count += copy && !item->is_own;
	return copy;
}

void sync_job_take(struct fleet_job *job, const struct fleet_access *access,
		   void (*visit)(struct fleet_job *job, const struct fleet_access *access,
				 const struct item *item, const struct fleet_record *record))
{
	struct fleet_record **records = calloc(job->item_count + 1, sizeof(struct fleet_record *));
	const struct item **items = calloc(job->item_count + 1, sizeof(struct item *));
	size_t count = 0;

	if (!records || !items)
		job->err = -ENOMEM;
	for (const struct item *item = job->items; item && !job->err; item = item->next) {
		records[count] = read_item(job, item);
		items[count] = item;
		count += records[count] != NULL;
	}
	if (!job->err && (count || job->is_last))
		job->err = access->take((const struct fleet_record *const *)records, count,
					job->is_last, access->context);
	for (size_t i = 0; i < count; i++) {
		if (!job->err)
			visit(job, access, items[i], records[i]);
		free(records[i]);
	}
	free(records);
	free(items);
}

static void look(struct fleet_job *job, const struct fleet_replica *replica)
{
	const size_t count = fleet_replica_origin_count(replica);

	job->known = calloc(count + 1, sizeof(*job->known));
	for (size_t i = 0; job->known && i < count; i++) {
		struct known *known = &job->known[job->known_count++];
		struct fleet_origin origin;

		fleet_replica_get_origin(replica, i, &origin);
		strncpy(known->name, origin.name, sizeof(known->name) - 1);
		known->count = origin.count;
		known->held_count = origin.held_count;
		known->digest = origin.digest;
	}
}

void fleet_job_run(struct fleet_job *job, const struct fleet_access *access)
{
	if (job->run)
		job->run(job, access);
	look(job, access->replica);
	job->has_run = true;
}

/* ---- in the loop -------------------------------------------------------------------- */

void sync_release(struct fleet_sync *sync)
{
	if (!sync->is_closed || sync->job_count)
		return;
	if (sync->key)
		explicit_bzero(sync->key, strlen(sync->key));
	free(sync->cluster);
	free(sync->key);
	free(sync->self);
	free(sync->only_from);
	free(sync->known);
	free(sync);
}

static void keep_known(struct fleet_sync *sync, struct fleet_job *job)
{
	if (!job->known)
		return;
	free(sync->known);
	sync->known = job->known;
	sync->known_count = job->known_count;
	job->known = NULL;
}

void fleet_job_finish(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;

	sync->job_count--;
	if (!sync->is_closed) {
		keep_known(sync, job);
		sync->state.received_count += job->received_count;
		sync->state.refused_count += job->refused_count;
		sync->state.unknown_count += job->unknown_count;
		if (!job->has_run)
			job->err = -ECANCELED;
		job->done(job);
	}
	sync_job_free(job);
	sync_release(sync);
}
