/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the exchange, for sync*.c. */
#ifndef FLEET_SYNC_INTERNAL_H
#define FLEET_SYNC_INTERNAL_H

#include "fleet/sync.h"

#define SYNC_WHY_BYTES 800
/* A key in Redis, with the longest cluster and host. */
#define SYNC_KEY_BYTES 192
/* An entry of a stream: two numbers of 64 bits. */
#define SYNC_CURSOR_BYTES 48
/* So many own records wait to be sent together; more are found by comparing. */
#define SYNC_PENDING_MAX 2000
/* If Redis lacks more records, others read whole hashes instead of the stream. */
#define SYNC_RINGS_MAX 1000

/* What a host says of its records, and what is known of them, while these differ. */
struct difference {
	bool is_told;
	uint64_t told_count, told_digest, count, digest;
	int64_t stamp_ms;
};

struct host {
	char name[FLEET_HOST_BYTES_MAX + 1];
	bool is_told;
	struct fleet_summary summary;
	bool is_equal;
	bool is_wanted; /* its hash is to be read */
	bool has_seen;	/* a difference, at the last tick */
	struct difference seen;
	struct difference read; /* when its hash was read last */
	int64_t read_ms;	/* when; 0: never */
};

/* Records that were read, and belong to the array. */
struct batch {
	struct fleet_record **records;
	size_t count;
	size_t room;
};

/* Hashes that are read one after the other, and then compared. */
struct scan {
	bool is_running;
	char (*names)[FLEET_HOST_BYTES_MAX + 1];
	const char **origins; /* the same */
	size_t count;
	size_t index;
	bool has_self;
	size_t step_count;    /* records that were sent in this step */
	size_t written_count; /* records that Redis lacked */
	size_t own_count;     /* of these, of this host */
};

struct fleet_sync {
	struct event_base *base;
	struct fleet_replica *replica;
	struct fleet_sync_events events;
	char *cluster, *key;
	struct fleet_signer signer; /* of these two */
	char hosts_key[SYNC_KEY_BYTES], stream_key[SYNC_KEY_BYTES];
	struct redis_client *client, *reader;
	unsigned int tick_ms;
	struct event *ticker, *sender, *stepper;

	struct host *hosts;
	size_t host_count;
	bool is_joining;     /* the first tick of a connection is to come */
	bool is_own_written; /* Redis has had all records of this host */
	bool is_own_wanted;  /* some may not have been sent */
	bool is_own_refused; /* the server has refused some */
	bool is_foreign;     /* another host has written the summary of this one */
	bool is_refused;     /* the server has refused something since the last tick */
	int64_t own_stamp_ms;
	uint64_t own_count_asked;	    /* records that Redis should have, when it was asked */
	char own_text[FLEET_SUMMARY_BYTES]; /* as it was sent last */
	char own_text_asked[FLEET_SUMMARY_BYTES]; /* when Redis was asked last */
	unsigned int rival_count;		  /* ticks in a row in which it was foreign */
	uint64_t lag_version;			  /* of the record that came back last */

	struct scan scan;
	char cursor[SYNC_CURSOR_BYTES]; /* of the stream; "": not known yet */

	struct fleet_record *pending[SYNC_PENDING_MAX];
	size_t pending_count;

	struct fleet_contact contact;
	int64_t contact_kept_ms; /* of the monotonic clock; 0: never */
	struct fleet_sync_state state;
	char why[SYNC_WHY_BYTES]; /* what is wrong; "": nothing */
	bool has_told;		  /* state() was called */
};

/* ---- sync_link.c ---- */

int64_t sync_now_ms(void);	 /* of the wall clock */
int64_t sync_monotonic_ms(void); /* of the other one */

/* What is wrong; NULL: nothing. state() is called if that is new. */
void sync_tell(struct fleet_sync *sync, const char *why);
/* The server has refused a command. */
void sync_tell_error(struct fleet_sync *sync, const char *command, const struct redis_reply *reply);

/* Send words, which end with zeros. Return: as redis_client_command(). */
int sync_send(struct fleet_sync *sync, redis_done *done, size_t count, const char *const words[]);

/* "ipwl:{CLUSTER}:r:HOST". Returns @key. */
const char *sync_records_key(const struct fleet_sync *sync, const char *host,
			     char key[SYNC_KEY_BYTES]);

/* For commands whose reply says only whether they were refused. */
redis_done sync_written;

/* ---- sync_table.c ---- */

/* NULL: out of memory, or with @is_made false: it is not known. */
struct host *sync_host(struct fleet_sync *sync, const char *name, bool is_made);
/* Write what this host says of its records. */
void sync_write_summary(struct fleet_sync *sync);
/* What the replica knows of an origin; zeros: nothing. */
void sync_known(const struct fleet_sync *sync, const char *name, struct fleet_origin *ret_origin);

/* ---- sync_batch.c ---- */

/* Check a record and add it; what is not valid is counted. Return: 0 or -ENOMEM. */
int sync_batch_add(struct fleet_sync *sync, struct batch *batch, const char *origin,
		   const struct redis_reply *key, const struct redis_reply *value);
/* Give them to take(). */
int sync_batch_take(struct fleet_sync *sync, const struct batch *batch);
void sync_batch_free(struct batch *batch);

/* ---- sync_hosts.c ---- */

/* Ask for summaries now. */
void sync_tick(struct fleet_sync *sync);

/* ---- sync_scan.c ---- */

/* Read the hashes that are wanted, unless that goes on already. */
void sync_scan_start(struct fleet_sync *sync);
/* The connection has ended. */
void sync_scan_stop(struct fleet_sync *sync);
/* Go on comparing; of the event `stepper`. */
void sync_scan_step(evutil_socket_t fd, short what, void *context);

/* ---- sync_stream.c ---- */

/* Ask where the stream ends. */
void sync_ask_end(struct fleet_sync *sync);
/* Wait for what comes; for events of the reader. */
void sync_read_stream(struct fleet_sync *sync);

/* ---- sync_write.c ---- */

/* The value with its MAC. Return: 0, -EINVAL or -ENOMEM. */
int sync_value(const struct fleet_sync *sync, const struct fleet_record *record,
	       char key[FLEET_KEY_BYTES], char value[FLEET_SIGNED_BYTES]);
/* Add a record to the stream. */
int sync_ring(struct fleet_sync *sync, const struct fleet_record *record, const char *key,
	      const char *value);
/* Send what is pending; of the event `sender`. */
void sync_send_pending(evutil_socket_t fd, short what, void *context);
void sync_drop_pending(struct fleet_sync *sync);

#endif
