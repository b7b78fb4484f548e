/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exchanges records with the other hosts of a fleet through a Redis or Valkey server. The server is
 * only where they meet: a host that cannot reach it goes on with its replica, and what the server
 * loses, the hosts write again. Nothing blocks, and nothing is removed because it is absent.
 *
 * All keys have the hash tag {CLUSTER}, so one node of a Cluster has them:
 *
 *     ipwl:{CLUSTER}:h       hash: HOST -> what the host says of its records (summary.h)
 *     ipwl:{CLUSTER}:r:HOST  hash: the key of a record -> its value with the MAC
 *     ipwl:{CLUSTER}:s       stream, capped: o HOST k KEY v VALUE b HOST_THAT_WROTE_THIS
 *
 * A host writes what it says of its records first, then the record, then into the stream. Others
 * wait at the end of the stream. Whatever they miss there, they notice by what the origin says, and
 * then they read the hash of the origin.
 */
#ifndef FLEET_SYNC_H
#define FLEET_SYNC_H

#include <event2/event.h>

#include "fleet/replica.h"
#include "fleet/summary.h"
#include "redis/client.h"

struct fleet_sync;

/* ---- the replica -------------------------------------------------------------------- */

/* What a job may use while it runs. */
struct fleet_access {
	struct fleet_replica *replica;
	/* Records of other hosts, or of this one, have come, whatever their versions: take them
	 * into the replica. @is_last: false: more follow soon, and what they mean for the entries
	 * in force can wait until then. Return: 0, or -errno: they are read again later. */
	int (*take)(const struct fleet_record *const records[], size_t count, bool is_last,
		    void *context);
	void *context;
};

/* Work that needs the replica, which may belong to another thread. */
struct fleet_job;

/* Do the work. In any thread, but one job at a time. */
void fleet_job_run(struct fleet_job *job, const struct fleet_access *access);
/* Use the result, and free the job: in the loop, after it has run, or instead. */
void fleet_job_finish(struct fleet_job *job);

/* ---- the exchange ------------------------------------------------------------------- */

struct fleet_sync_settings {
	const char *self;      /* the name of this host */
	const char *cluster;   /* a name as of a list */
	const char *key;       /* sign.h */
	const char *only_from; /* hosts whose records are taken: "mx2,mx3"; NULL: all */
	struct redis_settings redis;
	struct fleet_contact contact;
	unsigned int tick_ms; /* how often summaries are compared; 0: 3 s */
};

struct fleet_sync_events {
	/* Have the job run, after all that were submitted before, and then finished, but not before
	 * this returns. If that changes records of this host, call fleet_sync_publish() before
	 * fleet_job_finish(). Return: 0 or -ENOMEM. */
	int (*submit)(struct fleet_job *job, void *context);
	/* @why: NULL: the server can be used; or why it cannot. Called when that changes. */
	void (*state)(const char *why, void *context);
	/* Keep this. Called once an hour at most. May be NULL. */
	void (*contact)(const struct fleet_contact *contact, void *context);
	void *context;
};

/**
 * fleet_sync_new() - connect, and exchange records from then on
 * @settings: is copied, with its texts
 *
 * Return: as redis_client_new().
 */
int fleet_sync_new(struct event_base *base, const struct fleet_sync_settings *settings,
		   const struct fleet_sync_events *events, struct fleet_sync **ret_sync,
		   const char **ret_problem);

/* No event is called any more. Jobs that were submitted must be finished all the same. NULL is
 * fine. */
void fleet_sync_free(struct fleet_sync *sync);

/* This host has written the record into the replica. It need not live longer. */
void fleet_sync_publish(struct fleet_sync *sync, const struct fleet_record *record);

/* Take the records of a host out of Redis, and tell the others not to write them again. Its own
 * records return with it. Return: 0; -ENOTCONN; -EINVAL: it is this host; or as
 * redis_client_command(). */
int fleet_sync_forget(struct fleet_sync *sync, const char *host);

struct fleet_sync_state {
	bool is_connected;
	bool is_reading;	   /* whole hashes, or writing what Redis lacks */
	const char *place;	   /* the server, connected or not. Valid until the loop runs. */
	int64_t contact_ms;	   /* when the server answered last, of the wall clock; 0: never */
	size_t sent_count;	   /* records since the start */
	size_t received_count;	   /* of others, valid ones, from the stream and from hashes */
	size_t refused_count;	   /* without a valid MAC, or not readable */
	size_t unknown_count;	   /* of a newer version, passed over */
	size_t refused_host_count; /* hosts whose summary is not valid: they have another key */
	size_t lag_count;	   /* own records that came back by the stream */
	int64_t lag_ms;		   /* of the last one: from its writing until it came back */
	size_t host_count;	   /* see fleet_sync_get_host() */
	size_t held_count;	   /* removals that are held, of all hosts */
	size_t other_count;	   /* hosts that have another number or digest than known here */
};

void fleet_sync_get_state(const struct fleet_sync *sync, struct fleet_sync_state *ret_state);

/* A host that Redis or the replica knows. */
struct fleet_sync_host {
	const char *name;
	bool is_told;	  /* Redis has its summary */
	bool is_believed; /* its records are taken */
	struct fleet_summary summary;
	bool is_equal; /* the replica has the same */
};

/* @index: below host_count. What is returned is valid until the loop runs. */
void fleet_sync_get_host(const struct fleet_sync *sync, size_t index,
			 struct fleet_sync_host *ret_host);

#endif
