/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares what the hosts say of their records with the replica, again and again, and decides which
 * hashes are to be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

/* A difference that reading the hash did not settle is looked at again after this time, and so is
 * what Redis has of this host. */
#define AGAIN_MS ((int64_t)600 * 1000)
/* A server that had no room may have some again. */
#define REFUSED_MS ((int64_t)10 * 1000)
#define KEEP_CONTACT_MS ((int64_t)3600 * 1000)
/* Two hosts with one name write in turn. */
#define RIVAL_TICKS 3

static bool is_self(const struct fleet_sync *sync, const struct host *host)
{
	return !strcmp(host->name, sync->self);
}

/* ---- summaries that are read -------------------------------------------------------- */

/* Return: 0 or -ENOMEM. */
static int note_summary(struct fleet_sync *sync, const struct redis_reply *name,
			const struct redis_reply *text)
{
	struct fleet_summary summary;
	struct host *host;
	char copy[FLEET_SUMMARY_BYTES];

	if (name->type != REDIS_STRING || text->type != REDIS_STRING ||
	    !scope_is_host(name->text) || text->text_bytes >= sizeof(copy)) {
		sync->state.refused_host_count++;
		return 0;
	}
	memcpy(copy, text->text, text->text_bytes + 1);
	if (fleet_summary_parse(copy, &sync->signer, name->text, &summary)) {
		sync->state.refused_host_count++;
		return 0;
	}
	host = sync_host(sync, name->text, true);
	if (!host)
		return -ENOMEM;
	host->is_told = true;
	host->summary = summary;
	/* Is it what this host has written? */
	if (is_self(sync, host) && strcmp(text->text, sync->own_text_asked) != 0) {
		host->is_told = false;
		sync->is_foreign = true;
	}
	return 0;
}

static int note_summaries(struct fleet_sync *sync, const struct redis_reply *reply)
{
	int err = 0;

	sync->is_foreign = false;
	sync->state.refused_host_count = 0;
	for (size_t i = 0; i < sync->host_count; i++)
		sync->hosts[i].is_told = false;
	for (size_t i = 0; i + 1 < reply->element_count && !err; i += 2)
		err = note_summary(sync, &reply->elements[i], &reply->elements[i + 1]);
	for (size_t i = 0; i < sync->known_count && !err; i++)
		err = sync_host(sync, sync->known[i].name, true) ? 0 : -ENOMEM;
	return err;
}

/* ---- what is to be read ------------------------------------------------------------- */

static bool is_same_difference(const struct difference *a, const struct difference *b)
{
	return a->is_told == b->is_told && a->told_count == b->told_count &&
	       a->told_digest == b->told_digest && a->count == b->count && a->digest == b->digest &&
	       a->stamp_ms == b->stamp_ms;
}

/* Whether the difference is there for longer than a record needs, and reading is no use that has
 * been tried. */
static bool is_worth_reading(const struct fleet_sync *sync, const struct host *host,
			     const struct difference *now)
{
	if (sync->is_joining)
		return true;
	if (!host->has_seen || !is_same_difference(&host->seen, now))
		return false;
	return !host->read_ms || !is_same_difference(&host->read, now) ||
	       sync_monotonic_ms() - host->read_ms >= AGAIN_MS;
}

static void compare_host(struct fleet_sync *sync, struct host *host)
{
	const struct known known = sync_known(sync, host->name);
	struct difference difference = (struct difference) { .is_told = host->is_told,
							     .told_count = host->summary.count,
							     .told_digest = host->summary.digest,
							     .count = known.count,
							     .digest = known.digest,
							     .stamp_ms = host->summary.stamp_ms };
	if (!host->is_told)
		difference.told_count = difference.told_digest = 0;
	host->is_equal =
	    difference.told_count == known.count && difference.told_digest == known.digest;
	if ((host->is_told && host->summary.is_gone) || !sync_believes(sync, host->name))
		host->is_equal = true;
	host->is_wanted = !host->is_equal && is_worth_reading(sync, host, &difference);
	host->has_seen = !host->is_equal;
	host->seen = difference;
}

/* Another host with this name would write back and forth with this one for ever. */
static bool has_rival(const struct fleet_sync *sync)
{
	return sync->rival_count >= RIVAL_TICKS;
}

static void compare_self(struct fleet_sync *sync, struct host *self)
{
	const int64_t ago_ms = sync_monotonic_ms() - self->read_ms;
	const bool is_lost = !self->is_told && sync->is_own_written;

	sync->rival_count =
	    is_lost && sync->is_foreign && !sync->is_joining ? sync->rival_count + 1 : 0;
	self->is_equal = self->is_told;
	self->is_wanted = sync->is_joining || sync->is_own_wanted || !self->read_ms ||
			  ago_ms >= AGAIN_MS || (is_lost && !has_rival(sync)) ||
			  (sync->is_own_refused && ago_ms >= REFUSED_MS);
}

static void compare_hosts(struct fleet_sync *sync)
{
	bool is_any = false;

	for (size_t i = 0; i < sync->host_count; i++) {
		struct host *host = &sync->hosts[i];

		if (is_self(sync, host))
			compare_self(sync, host);
		else
			compare_host(sync, host);
		is_any |= host->is_wanted;
	}
	sync->is_joining = false;
	if (is_any)
		sync_scan_start(sync);
}

/* ---- time --------------------------------------------------------------------------- */

static void note_contact(struct fleet_sync *sync)
{
	const int64_t now_ms = sync_now_ms(), monotonic_ms = sync_monotonic_ms();

	if (sync->contact.last_ms && now_ms - sync->contact.last_ms >= FLEET_RESTORE_MS)
		sync->contact.return_ms = now_ms;
	sync->contact.last_ms = now_ms;
	sync->state.contact_ms = now_ms;
	if (sync->contact_kept_ms && monotonic_ms - sync->contact_kept_ms < KEEP_CONTACT_MS)
		return;
	sync->contact_kept_ms = monotonic_ms;
	if (sync->events.contact)
		sync->events.contact(&sync->contact, sync->events.context);
}

static void hosts_answered(struct redis_client *client, const struct redis_reply *reply,
			   void *argument)
{
	struct fleet_sync *sync = argument;
	const struct timeval wait = { .tv_sec = sync->tick_ms / 1000,
				      .tv_usec = (suseconds_t)(sync->tick_ms % 1000) * 1000 };

	(void)client;
	if (!reply)
		return;
	evtimer_add(sync->ticker, &wait);
	if (reply->type != REDIS_ARRAY) {
		sync_tell_error(sync, "HGETALL", reply);
		return;
	}
	note_contact(sync);
	if (!note_summaries(sync, reply) && !sync->scan.is_running)
		compare_hosts(sync);
	if (!sync->is_refused)
		sync_tell(sync, has_rival(sync)
				    ? "another host of the fleet has the name of this one"
				    : NULL);
	sync->is_refused = false;
	if (sync->is_own_written)
		sync_write_summary(sync);
}

/* Somebody may have removed some of the records of this host. */
static void count_answered(struct redis_client *client, const struct redis_reply *reply,
			   void *argument)
{
	struct fleet_sync *sync = argument;

	(void)client;
	if (reply && reply->type == REDIS_INTEGER && reply->integer >= 0 &&
	    (uint64_t)reply->integer < sync->own_count_asked && sync->is_own_written)
		sync->is_own_wanted = true;
}

/* Ask how many records of this host Redis has. */
static void ask_count(struct fleet_sync *sync)
{
	const struct known known = sync_known(sync, sync->self);
	char hash[SYNC_KEY_BYTES];
	const char *const words[] = { "HLEN", sync_records_key(sync, sync->self, hash) };

	/* What is pending was not sent. */
	sync->own_count_asked =
	    known.count > sync->pending_count ? known.count - sync->pending_count : 0;
	sync_send(sync, count_answered, 2, words);
}

static void ask_hosts(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;
	const char *const words[] = { "HGETALL", sync->hosts_key };
	const struct timeval later = { .tv_sec = 1 };

	if (job->number != sync->connection)
		return;
	memcpy(sync->own_text_asked, sync->own_text, sizeof(sync->own_text));
	sync_ask_end(sync);
	ask_count(sync);
	/* Too much waits; less will. */
	if (sync_send(sync, hosts_answered, 2, words))
		evtimer_add(sync->ticker, &later);
}

void sync_tick(struct fleet_sync *sync)
{
	const struct timeval later = { .tv_sec = 1 };
	struct fleet_job *job = sync_job_new(sync, NULL, ask_hosts);

	if (job)
		sync_job_submit(job);
	else
		evtimer_add(sync->ticker, &later);
}
