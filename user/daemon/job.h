/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change that is asked of the worker, and what came of it. */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/entry.h"
#include "import.h"
#include "outcome.h"
#include "snapshot.h"
#include "text.h"

struct daemon;

enum job_type {
	JOB_RELOAD,	  /* read the configuration again */
	JOB_ADD,	  /* a manual entry */
	JOB_DELETE,	  /* a manual entry */
	JOB_IMPORT,	  /* manual entries, from a list */
	JOB_EXPIRE,	  /* entries whose time has come */
	JOB_PAUSE,	  /* the worker touches nothing until worker_resume() */
	JOB_EXPORT_FILES, /* not the worker's: see export_job.h */
	JOB_EXPORT_TEXT,
	JOB_DISCARD, /* finished: the worker frees what it holds */
};

struct job {
	struct job *next;
	enum job_type type;

	/* What is asked. */
	char *list_name;
	struct prefix prefix;
	char *reason;	       /* or NULL */
	char *author;	       /* or NULL */
	int64_t ttl_sec;       /* 0: without end */
	struct import *import; /* of JOB_IMPORT; owned */

	/* What came of it. */
	enum outcome outcome;
	char *message; /* unless it is OK */
	struct lines details;
	struct lines warnings;
	size_t added_count;
	size_t removed_count;
	double seconds;
	struct snapshot *snapshot; /* now in force, or NULL: nothing changed */
	struct entry_set *set;	   /* holds entry */
	const struct entry *entry; /* added or deleted, or NULL */
	uint32_t rule;		   /* of the entry, for its counters */
	char *state_error;	   /* what is wrong with the state now, or NULL */

	/* Called by the main loop when the job is done; it does not own the job. */
	void (*done)(struct daemon *daemon, struct job *job);
	void *context;
};

/* NULL: out of memory. */
struct job *job_new(enum job_type type, void (*done)(struct daemon *daemon, struct job *job),
		    void *context);
/* NULL is fine. */
void job_free(struct job *job);

/* Say how it came out; the last call counts. */
void job_fail(struct job *job, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
