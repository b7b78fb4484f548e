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
/* In one run of the loop: lists and prefixes that are looked at, and records that are sent. */
#define STEP_PLACES 20000
#define STEP_RECORDS 2000
/* Records in one command. */
#define WRITE_RECORDS 64

static void ask_hash(struct fleet_sync *sync, const char *cursor);

/* ---- beginning and end -------------------------------------------------------------- */

static void scan_clear(struct scan *scan)
{
	free(scan->names);
	free(scan->origins);
	*scan = (struct scan) { .is_running = false };
}

void sync_scan_stop(struct fleet_sync *sync)
{
	scan_clear(&sync->scan);
	evtimer_del(sync->stepper);
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

void sync_scan_start(struct fleet_sync *sync)
{
	struct scan *scan = &sync->scan;

	if (scan->is_running)
		return;
	scan->names = calloc(sync->host_count, sizeof(*scan->names));
	scan->origins = calloc(sync->host_count, sizeof(*scan->origins));
	if (!scan->names || !scan->origins) {
		scan_clear(scan);
		return;
	}
	for (size_t i = 0; i < sync->host_count; i++) {
		struct host *host = &sync->hosts[i];

		if (!host->is_wanted)
			continue;
		memcpy(scan->names[scan->count], host->name, sizeof(host->name));
		scan->origins[scan->count] = scan->names[scan->count];
		scan->count++;
		scan->has_self |= !strcmp(host->name, fleet_replica_self(sync->replica));
		host->is_wanted = false;
		host->read = host->seen;
		host->read_ms = sync_monotonic_ms();
	}
	if (scan->has_self) {
		sync->is_own_wanted = false;
		sync->is_own_refused = false;
		sync->is_own_written = false;
	}
	scan->is_running = true;
	fleet_replica_compare_begin(sync->replica);
	ask_hash(sync, "0");
}

/* ---- reading ------------------------------------------------------------------------ */

static int take_fields(struct fleet_sync *sync, const struct redis_reply *fields)
{
	struct batch batch = { 0 };
	int err = 0;

	for (size_t i = 0; i + 1 < fields->element_count && !err; i += 2)
		err = sync_batch_add(sync, &batch, sync->scan.names[sync->scan.index],
				     &fields->elements[i], &fields->elements[i + 1]);
	if (!err)
		err = sync_batch_take(sync, &batch);
	for (size_t i = 0; i < batch.count && !err; i++)
		fleet_replica_compare_note(sync->replica, batch.records[i]);
	sync_batch_free(&batch);
	return err;
}

static void hash_answered(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	struct fleet_sync *sync = argument;
	const struct timeval now = { 0 };

	(void)client;
	if (!reply)
		return;
	if (reply->type != REDIS_ARRAY || reply->element_count != 2 ||
	    reply->elements[0].type != REDIS_STRING || reply->elements[1].type != REDIS_ARRAY) {
		sync_tell_error(sync, "HSCAN", reply);
		scan_fail(sync);
	} else if (take_fields(sync, &reply->elements[1])) {
		scan_fail(sync);
	} else if (strcmp(reply->elements[0].text, "0") != 0) {
		ask_hash(sync, reply->elements[0].text);
	} else if (++sync->scan.index < sync->scan.count) {
		ask_hash(sync, "0");
	} else {
		evtimer_add(sync->stepper, &now);
	}
}

static void ask_hash(struct fleet_sync *sync, const char *cursor)
{
	char hash[SYNC_KEY_BYTES];
	const char *const words[] = {
		"HSCAN", sync_records_key(sync, sync->scan.names[sync->scan.index], hash), cursor,
		"COUNT", COUNT_TEXT
	};

	if (sync_send(sync, hash_answered, 5, words))
		scan_fail(sync);
}

/* ---- writing ------------------------------------------------------------------------ */

static int write_record(struct fleet_sync *sync, const struct fleet_record *record, bool is_absent)
{
	const bool is_own = !strcmp(record->origin, fleet_replica_self(sync->replica));
	char hash[SYNC_KEY_BYTES], key[FLEET_KEY_BYTES], value[FLEET_SIGNED_BYTES];
	const char *const words[] = { is_absent && !is_own ? "HSETNX" : "HSET",
				      sync_records_key(sync, record->origin, hash), key, value };
	int err = sync_value(sync, record, key, value);

	/* Nobody can say it, so nobody lacks it. */
	if (err == -EINVAL)
		return 0;
	if (!err)
		err = sync_send(sync, sync_written, 4, words);
	if (!err && sync->scan.written_count < SYNC_RINGS_MAX)
		err = sync_ring(sync, record, key, value);
	if (err)
		return err;
	sync->scan.own_count += is_own;
	sync->scan.written_count++;
	sync->scan.step_count++;
	sync->state.sent_count++;
	return 0;
}

/* Whether the host has been forgotten, so nobody else writes its records. */
static bool is_gone(struct fleet_sync *sync, const char *origin)
{
	const struct host *host = sync_host(sync, origin, false);

	return host && host->is_told && host->summary.is_gone;
}

static int visit_lacking(const struct fleet_record *record, bool is_absent, void *context)
{
	struct fleet_sync *sync = context;

	if (strcmp(record->origin, fleet_replica_self(sync->replica)) != 0 &&
	    (fleet_version_ms(record->version) < sync->contact.return_ms ||
	     is_gone(sync, record->origin)))
		return 0;
	if (sync->scan.step_count >= STEP_RECORDS)
		return -EAGAIN;
	return write_record(sync, record, is_absent);
}

/* A host that is not there itself, while Redis has lost what it said: others must find its
 * records. */
static void write_summary_of(struct fleet_sync *sync, const char *name)
{
	const struct host *host = sync_host(sync, name, false);
	struct fleet_summary summary = { 0 };
	struct fleet_origin known;
	char text[FLEET_SUMMARY_BYTES];
	const char *const words[] = { "HSETNX", sync->hosts_key, name, text };

	sync_known(sync, name, &known);
	if (!host || host->is_told || !known.count ||
	    !strcmp(name, fleet_replica_self(sync->replica)))
		return;
	summary.count = known.count;
	summary.digest = known.digest;
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
	scan_clear(&sync->scan);
}

static void step_answered(struct redis_client *client, const struct redis_reply *reply,
			  void *argument)
{
	struct fleet_sync *sync = argument;
	const struct timeval now = { 0 };

	(void)client;
	if (reply)
		evtimer_add(sync->stepper, &now);
}

void sync_scan_step(evutil_socket_t fd, short what, void *context)
{
	const char *const words[] = { "PING" };
	const struct timeval now = { 0 };
	struct fleet_sync *sync = context;
	const struct fleet_scan compared = { .origins = sync->scan.origins,
					     .origin_count = sync->scan.count,
					     .visit = visit_lacking,
					     .context = sync };
	bool is_done = false;
	int err;

	(void)fd;
	(void)what;
	sync->scan.step_count = 0;
	err = fleet_replica_compare_step(sync->replica, &compared, STEP_PLACES, sync_now_ms(),
					 &is_done);
	if (err && err != -EAGAIN && err != -ENOBUFS)
		scan_fail(sync);
	else if (!err && is_done)
		scan_end(sync);
	else if (!sync->scan.step_count && !err)
		evtimer_add(sync->stepper, &now);
	else if (sync_send(sync, step_answered, 1, words))
		/* Too much waits; less will. */
		evtimer_add(sync->stepper, &(struct timeval) { .tv_usec = 100000 });
}
