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
/* Jobs of one kind that may wait, while more is read. */
#define SYNC_JOBS_MAX 2
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

/* A record as text. */
struct item {
	struct item *next;
	char *origin, *key, *value;
	bool is_own;	/* of this host */
	bool is_echo;	/* and it has written this, too */
	bool is_absent; /* Redis has none */
	char texts[];
};

/* What the replica knows of an origin. */
struct known {
	char name[FLEET_HOST_BYTES_MAX + 1];
	size_t count, held_count;
	uint64_t digest;
};

struct fleet_job {
	struct fleet_sync *sync;
	/* Of the thread that has the replica. NULL: only look what it knows. */
	void (*run)(struct fleet_job *job, const struct fleet_access *access);
	/* Of the loop, unless the exchange has ended. */
	void (*done)(struct fleet_job *job);
	bool has_run;
	int err;
	uint64_t number; /* of the connection, or of the scan */
	struct item *items, **next_item;
	size_t item_count;
	size_t pending_count; /* own records that were pending */

	/* What was read. */
	bool is_first, is_last; /* of a scan */
	size_t received_count, refused_count, unknown_count;
	uint64_t echo_version;	     /* of the latest record that has come back */
	struct fleet_record **again; /* own ones that somebody may have replaced */
	size_t again_count;

	/* What is compared. */
	char (*names)[FLEET_HOST_BYTES_MAX + 1];
	size_t name_count;
	int64_t return_ms;
	bool is_complete;

	struct known *known; /* after the job */
	size_t known_count;
};

/* Hashes that are read one after the other, and then compared. */
struct scan {
	bool is_running;
	uint64_t number; /* each one has another */
	char (*names)[FLEET_HOST_BYTES_MAX + 1];
	size_t count;
	size_t index;			/* of the hash that is asked next; @count: all were read */
	char cursor[SYNC_CURSOR_BYTES]; /* in this hash */
	bool is_asking;
	bool has_begun;	   /* the first job was submitted */
	bool is_unsettled; /* the last one was not */
	size_t job_count;  /* with the replica */
	bool has_self;
	size_t written_count; /* records that Redis lacked */
	size_t own_count;     /* of these, of this host */
};

struct fleet_sync {
	struct event_base *base;
	struct fleet_sync_events events;
	char *cluster, *key, *self, *only_from;
	struct fleet_signer signer; /* of these two */
	char hosts_key[SYNC_KEY_BYTES], stream_key[SYNC_KEY_BYTES];
	struct redis_client *client, *reader;
	unsigned int tick_ms;
	struct event *ticker;
	bool is_closed;	     /* is freed when the last job is finished */
	size_t job_count;    /* not finished */
	uint64_t connection; /* each one has another number */

	struct host *hosts;
	size_t host_count;
	struct known *known; /* what the replica knew last */
	size_t known_count;
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
	unsigned int stale_count;	/* replies to come for scans that have failed */
	char cursor[SYNC_CURSOR_BYTES]; /* of the stream; "": not known yet */
	size_t stream_job_count;
	bool is_stream_idle; /* until one of these is finished */

	struct fleet_record *pending[SYNC_PENDING_MAX];
	size_t pending_count;
	bool is_sending; /* a job is to be finished first */

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
/* Whether the records of a host are taken at all. */
bool sync_believes(const struct fleet_sync *sync, const char *name);
/* What the replica knows of an origin; zeros: nothing. */
struct known sync_known(const struct fleet_sync *sync, const char *name);

/* ---- sync_job.c ---- */

/* @run, @done: see struct fleet_job. NULL: out of memory. */
struct fleet_job *sync_job_new(struct fleet_sync *sync,
			       void (*run)(struct fleet_job *job,
					   const struct fleet_access *access),
			       void (*done)(struct fleet_job *job));
/* Add a record as text. Return: 0 or -ENOMEM. */
int sync_job_add(struct fleet_job *job, const char *origin, const char *key, const char *value,
		 const char *writer);
void sync_job_free(struct fleet_job *job);
void sync_job_submit(struct fleet_job *job);
/* Free what is left of a closed exchange, unless jobs still need it. */
void sync_release(struct fleet_sync *sync);
/* While a job runs: check the records that were added, take them, and then visit each valid one. */
void sync_job_take(struct fleet_job *job, const struct fleet_access *access,
		   void (*visit)(struct fleet_job *job, const struct fleet_access *access,
				 const struct item *item, const struct fleet_record *record));

/* ---- sync_hosts.c ---- */

/* Ask for summaries now. */
void sync_tick(struct fleet_sync *sync);

/* ---- sync_scan.c ---- */

/* Read the hashes that are wanted, unless that goes on already. */
void sync_scan_start(struct fleet_sync *sync);
/* The connection has ended. */
void sync_scan_stop(struct fleet_sync *sync);

/* ---- sync_stream.c ---- */

/* Ask where the stream ends. */
void sync_ask_end(struct fleet_sync *sync);
/* Wait for what comes; for events of the reader. */
void sync_read_stream(struct fleet_sync *sync);

/* ---- sync_write.c ---- */

/* The value with its MAC. Return: 0, -EINVAL or -ENOMEM. */
int sync_value(const struct fleet_signer *signer, const struct fleet_record *record,
	       char key[FLEET_KEY_BYTES], char value[FLEET_SIGNED_BYTES]);
/* Add a record to the stream. */
int sync_ring(struct fleet_sync *sync, const char *origin, const char *key, const char *value);
void sync_drop_pending(struct fleet_sync *sync);

#endif
