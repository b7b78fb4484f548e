/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads hashes a part at a time, takes what they have, and writes what they lack. Records of this
 * host are written over whatever is there; those of others only where there is nothing, or an older
 * one. If that replaces a newer one that has just come, its origin notices it in the stream.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

#define COUNT_TEXT "2000"
/* Of one job: lists and prefixes that are looked at, and records that are sent. */
#define STEP_PLACES 20000
#define STEP_RECORDS 2000
/* A reply that begins and ends all hashes. */
#define CURSOR_START "0"

static void scan_go_on(struct fleet_sync *sync);

/* ---- beginning and end -------------------------------------------------------------- */

static void take_nothing(struct fleet_job *job, const struct fleet_access *access)
{
	job->err = access->take(NULL, 0, true, access->context);
}

static void nothing_taken(struct fleet_job *job)
{
	(void)job;
}

/* What was taken so far must not wait for what does not come. */
static void settle(struct fleet_sync *sync)
{
	struct fleet_job *job = sync_job_new(sync, take_nothing, nothing_taken);

	if (job)
		sync_job_submit(job);
}

void sync_scan_stop(struct fleet_sync *sync)
{
	const uint64_t number = sync->scan.number;

	if (sync->scan.is_unsettled)
		settle(sync);
	sync->stale_count += sync->scan.is_asking;
	free(sync->scan.names);
	sync->scan = (struct scan) { .number = number };
}

/* It could not be finished: the next tick tries again. */
static void scan_fail(struct fleet_sync *sync)
{
	for (size_t i = 0; i < sync->scan.count; i++) {
		struct host *host = sync_host(sync, sync->scan.names[i], false);

		if (host)
			host->read_ms = 0;
	}
	sync->is_own_wanted |= sync->scan.has_self;
	sync_scan_stop(sync);
}

static void scan_add_host(struct fleet_sync *sync, struct host *host)
{
	struct scan *scan = &sync->scan;

	memcpy(scan->names[scan->count++], host->name, sizeof(host->name));
	scan->has_self |= !strcmp(host->name, sync->self);
	host->is_wanted = false;
	host->read = host->seen;
	host->read_ms = sync_monotonic_ms();
}

void sync_scan_start(struct fleet_sync *sync)
{
	struct scan *scan = &sync->scan;

	if (scan->is_running)
		return;
	scan->names = calloc(sync->host_count, sizeof(*scan->names));
	if (!scan->names)
		return;
	for (size_t i = 0; i < sync->host_count; i++)
		if (sync->hosts[i].is_wanted)
			scan_add_host(sync, &sync->hosts[i]);
	if (scan->has_self) {
		sync->is_own_wanted = false;
		sync->is_own_refused = false;
		sync->is_own_written = false;
	}
	scan->is_running = true;
	scan->number++;
	memcpy(scan->cursor, CURSOR_START, sizeof(CURSOR_START));
	scan_go_on(sync);
}

/* NULL: out of memory, and the scan is stopped. */
static struct fleet_job *scan_job(struct fleet_sync *sync,
				  void (*run)(struct fleet_job *job,
					      const struct fleet_access *access),
				  void (*done)(struct fleet_job *job))
{
	struct fleet_job *job = sync_job_new(sync, run, done);

	if (job)
		job->number = sync->scan.number;
	else
		scan_fail(sync);
	return job;
}

/* Whether the job is of the scan that goes on. */
static bool is_current(const struct fleet_job *job)
{
	return job->sync->scan.is_running && job->sync->scan.number == job->number;
}

/* Whether a reply is for a scan that has failed. */
static bool is_stale(struct fleet_sync *sync)
{
	if (!sync->stale_count)
		return false;
	sync->stale_count--;
	return true;
}

/* ---- reading ------------------------------------------------------------------------ */

static void note_record(struct fleet_job *job, const struct fleet_access *access,
			const struct item *item, const struct fleet_record *record)
{
	(void)job;
	(void)item;
	fleet_replica_compare_note(access->replica, record);
}

static void take_fields(struct fleet_job *job, const struct fleet_access *access)
{
	if (job->is_first)
		fleet_replica_compare_begin(access->replica);
	sync_job_take(job, access, note_record);
}

static void fields_taken(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;

	if (!is_current(job))
		return;
	sync->scan.job_count--;
	if (job->err)
		scan_fail(sync);
	else
		scan_go_on(sync);
}

static void read_fields(struct fleet_sync *sync, const struct redis_reply *fields)
{
	struct fleet_job *job = scan_job(sync, take_fields, fields_taken);
	const char *origin = sync->scan.names[sync->scan.index];
	int err = 0;

	if (!job)
		return;
	for (size_t i = 0; i + 1 < fields->element_count && !err; i += 2) {
		const struct redis_reply *key = &fields->elements[i], *value = key + 1;

		if (key->type == REDIS_STRING && value->type == REDIS_STRING)
			err = sync_job_add(job, origin, key->text, value->text, NULL);
	}
	if (err) {
		sync_job_free(job);
		scan_fail(sync);
		return;
	}
	job->is_first = !sync->scan.has_begun;
	job->is_last =
	    sync->scan.index + 1 == sync->scan.count && !strcmp(sync->scan.cursor, CURSOR_START);
	sync->scan.has_begun = true;
	sync->scan.is_unsettled = !job->is_last;
	sync->scan.job_count++;
	sync_job_submit(job);
}

static void hash_answered(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	struct fleet_sync *sync = argument;
	struct scan *scan = &sync->scan;

	(void)client;
	if (!reply || is_stale(sync))
		return;
	scan->is_asking = false;
	if (reply->type != REDIS_ARRAY || reply->element_count != 2 ||
	    reply->elements[0].type != REDIS_STRING || reply->elements[1].type != REDIS_ARRAY ||
	    reply->elements[0].text_bytes >= sizeof(scan->cursor)) {
		sync_tell_error(sync, "HSCAN", reply);
		scan_fail(sync);
		return;
	}
	memcpy(scan->cursor, reply->elements[0].text, reply->elements[0].text_bytes + 1);
	read_fields(sync, &reply->elements[1]);
	if (!scan->is_running)
		return;
	scan->index += !strcmp(scan->cursor, CURSOR_START);
	scan_go_on(sync);
}

static void ask_hash(struct fleet_sync *sync)
{
	struct scan *scan = &sync->scan;
	char hash[SYNC_KEY_BYTES];
	const char *const words[] = { "HSCAN",
				      sync_records_key(sync, scan->names[scan->index], hash),
				      scan->cursor, "COUNT", COUNT_TEXT };

	scan->is_asking = true;
	if (sync_send(sync, hash_answered, 5, words))
		scan_fail(sync);
}

/* ---- comparing ---------------------------------------------------------------------- */

static int visit_lacking(const struct fleet_record *record, bool is_absent, void *context)
{
	struct fleet_job *job = context;
	char key[FLEET_KEY_BYTES], value[FLEET_SIGNED_BYTES];
	int err;

	if (strcmp(record->origin, job->sync->self) != 0 &&
	    fleet_version_ms(record->version) < job->return_ms)
		return 0;
	if (job->item_count >= STEP_RECORDS)
		return -EAGAIN;
	err = sync_value(&job->sync->signer, record, key, value);
	/* Nobody can say it, so nobody lacks it. */
	if (err == -EINVAL)
		return 0;
	if (!err) {
		struct item **item = job->next_item;

		err = sync_job_add(job, record->origin, key, value, NULL);
		if (!err)
			(*item)->is_absent = is_absent;
	}
	return err;
}

static void compare(struct fleet_job *job, const struct fleet_access *access)
{
	const char **origins = calloc(job->name_count, sizeof(char *));
	const struct fleet_scan scan = { .origins = origins,
					 .origin_count = job->name_count,
					 .visit = visit_lacking,
					 .context = job };

	if (!origins) {
		job->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < job->name_count; i++)
		origins[i] = job->names[i];
	job->err = fleet_replica_compare_step(access->replica, &scan, STEP_PLACES, sync_now_ms(),
					      &job->is_complete);
	if (job->err == -EAGAIN)
		job->err = 0;
	free(origins);
}

static int write_item(struct fleet_sync *sync, const struct item *item)
{
	char hash[SYNC_KEY_BYTES];
	const char *const words[] = { item->is_absent && !item->is_own ? "HSETNX" : "HSET",
				      sync_records_key(sync, item->origin, hash), item->key,
				      item->value };
	int err = sync_send(sync, sync_written, 4, words);

	if (!err && sync->scan.written_count < SYNC_RINGS_MAX)
		err = sync_ring(sync, item->origin, item->key, item->value);
	if (err)
		return err;
	sync->scan.own_count += item->is_own;
	sync->scan.written_count++;
	sync->state.sent_count++;
	return 0;
}

/* A host that is not there itself, while Redis has lost what it said: others must find its
 * records. */
static void write_summary_of(struct fleet_sync *sync, const char *name)
{
	const struct host *host = sync_host(sync, name, false);
	const struct known known = sync_known(sync, name);
	struct fleet_summary summary = { .count = known.count, .digest = known.digest };
	char text[FLEET_SUMMARY_BYTES];
	const char *const words[] = { "HSETNX", sync->hosts_key, name, text };

	if (!host || host->is_told || !known.count || !strcmp(name, sync->self))
		return;
	summary.heard_ms = host->summary.heard_ms;
	if (!fleet_summary_format(&summary, &sync->signer, name, text))
		sync_send(sync, sync_written, 4, words);
}

static void scan_end(struct fleet_sync *sync)
{
	const struct scan *scan = &sync->scan;

	for (size_t i = 0; i < scan->count; i++)
		write_summary_of(sync, scan->names[i]);
	if (scan->has_self) {
		sync->is_own_written = true;
		/* Others may have read the hash half-written. */
		if (scan->own_count)
			sync->own_stamp_ms = sync_now_ms();
		sync_write_summary(sync);
	}
	sync_scan_stop(sync);
}

static void begin_compare(struct fleet_sync *sync);

/* Redis has received what was sent before. */
static void step_answered(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	struct fleet_sync *sync = argument;

	(void)client;
	if (!reply || is_stale(sync))
		return;
	sync->scan.is_asking = false;
	begin_compare(sync);
}

static void compared(struct fleet_job *job)
{
	const char *const words[] = { "PING" };
	struct fleet_sync *sync = job->sync;
	int err = job->err;

	if (!is_current(job))
		return;
	for (const struct item *item = job->items; item && !err; item = item->next)
		err = write_item(sync, item);
	if (!err && job->is_complete) {
		scan_end(sync);
	} else if (!err && !job->item_count) {
		begin_compare(sync);
	} else {
		sync->scan.is_asking = true;
		if (err || sync_send(sync, step_answered, 1, words))
			scan_fail(sync);
	}
}

static void begin_compare(struct fleet_sync *sync)
{
	const struct scan *scan = &sync->scan;
	struct fleet_job *job = scan_job(sync, compare, compared);

	if (!job)
		return;
	job->names = calloc(scan->count, sizeof(*job->names));
	if (!job->names) {
		sync_job_free(job);
		scan_fail(sync);
		return;
	}
	memcpy(job->names, scan->names, scan->count * sizeof(*job->names));
	job->name_count = scan->count;
	job->return_ms = sync->contact.return_ms;
	sync_job_submit(job);
}

/* Read more, but not faster than it can be taken; or compare, once all is taken. */
static void scan_go_on(struct fleet_sync *sync)
{
	const struct scan *scan = &sync->scan;

	if (scan->is_asking)
		return;
	if (scan->index == scan->count && !scan->job_count)
		begin_compare(sync);
	else if (scan->index < scan->count && scan->job_count < SYNC_JOBS_MAX)
		ask_hash(sync);
}
