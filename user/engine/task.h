/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change that is asked of the worker, and what came of it. */
#ifndef ENGINE_TASK_H
#define ENGINE_TASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lines.h"
#include "base/outcome.h"
#include "base/worker.h"
#include "config/snapshot.h"
#include "core/entry.h"
#include "daemon/import.h"
#include "feeds/report.h"
#include "store/history_read.h"

struct runtime;
struct history_filter;

enum job_type {
	JOB_RELOAD,  /* read the configuration again */
	JOB_ADD,     /* a manual entry */
	JOB_DELETE,  /* a manual entry */
	JOB_IMPORT,  /* manual entries, from a list */
	JOB_EXPIRE,  /* entries whose time has come */
	JOB_LINT,    /* look for what is odd in the lists */
	JOB_DIFF,    /* tell what a reload would change */
	JOB_SAMPLE,  /* a look at hits */
	JOB_HISTORY, /* what was changed */
	JOB_UNDO,    /* revert a change */
	JOB_PROTECT,
	JOB_UNPROTECT,
	JOB_IMPACT,	  /* what a deletion would do */
	JOB_PAUSE, /* the worker rests */

	JOB_FEED,	 /* a copy of a feed that was fetched */
	JOB_FEED_ACCEPT, /* the copy that is held back */
	JOB_FEED_DIFF,	 /* the same, against the one in force */
};

struct job {
	struct task task;
	enum job_type type;

	/* What is asked. */
	char *list_name;
	struct prefix prefix;
	char *reason;	       /* or NULL */
	char *author;	       /* or NULL */
	int64_t ttl_sec;       /* 0: without end */
	struct import *import; /* of JOB_IMPORT; owned */
	struct feed_job *feed; /* of JOB_FEED and the like; owned */
	struct lint_query *lint;
	char *config_path;     /* diff: another file than the daemon's, or NULL */
	size_t limit;	       /* diff: entries to name */
	bool accepts_removals; /* reload: whatever the guard says */
	bool is_sudo;	       /* the author is root's word */
	bool is_dry_run;
	int64_t record_id;	       /* of the history; 0: the last change */
	struct history_filter *filter; /* of the history */

	/* What came of it. */
	enum outcome outcome;
	char *message; /* unless it is OK */
	struct lines details;
	struct lines warnings;
	struct lines changes; /* reload: for the log */
	size_t added_count;
	size_t removed_count;
	bool is_incomplete; /* to be asked for again */
	double seconds;
	json_t *answer;			  /* for who asked, or NULL */
	struct snapshot *snapshot;	  /* now in force, or NULL: nothing changed */
	struct entry_set *set;		  /* holds entry */
	const struct entry *entry;	  /* added or deleted, or NULL */
	uint32_t rule;			  /* of the entry, for its counters */
	struct feed_reports feed_reports; /* after a reload */
	char *held;			  /* reload: what the guard says, or NULL: not held */
	char *state_error;		  /* what is wrong with the state now, or NULL */

	/* Called by the main loop when the job is done; it does not own the job. */
	void (*done)(struct runtime *runtime, struct job *job);
	void *context;
};

/* NULL: out of memory. */
struct job *job_new(enum job_type type, void (*done)(struct runtime *runtime, struct job *job),
		    void *context);
/* NULL is fine. */
void job_free(struct job *job);

/* Say how it came out; the last call counts. */
void job_fail(struct job *job, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
