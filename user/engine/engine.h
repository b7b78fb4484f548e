/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: makes configuration and manual entries into the policy in force. The one
 * writer of state, rule ids and what the kernel decides by. Used by one thread at a time: by the
 * main thread until the worker starts, by the worker from then on.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/lines.h"
#include "config/config.h"
#include "config/snapshot.h"
#include "core/rules.h"
#include "datapath/datapath.h"
#include "engine/sampling.h"
#include "engine/task.h"

struct feed_reports;
struct feed_store;
struct hits;
struct protections;
struct rule_file;
struct state;

struct engine {
	const char *config_path;
	struct datapath *datapath;
	struct state *state;
	struct rule_file *rule_file; /* NULL: cannot be kept */
	struct rule_ids ids;
	struct policy *adopted;		 /* rules of the daemon before, until the first switch */
	struct feed_store *feeds;	 /* of current */
	struct feed_store *staged_feeds; /* of the snapshot that is to be */
	struct snapshot *current;
	bool is_kernel_known; /* it decides by current */
	bool is_detached;     /* nothing is pinned until a reload */
	struct protections *protections;
	struct hits *hits;	  /* of entries, remembered */
	struct sampling sampling; /* the look at them */
	bool are_hits_failing;
	int64_t pruned_at_sec; /* what is old was last forgotten */
};

/**
 * engine_start() - open state and kernel maps, and put a configuration in force
 * @config_path: to be read again at each reload; must outlive the engine
 * @first: of the configuration there; a reference is taken
 * @warnings: what an administrator should know
 *
 * On failure packets go on being decided as before. Return: 0 or -errno.
 */
int engine_start(const char *config_path, struct snapshot *first, struct lines *warnings,
		 struct engine **ret_engine, char error[DATAPATH_ERROR_BYTES]);
/* NULL is fine. */
void engine_stop(struct engine *engine);

/* Run a job of the engine @context; what came of it is in the job. */
void engine_run(struct task *task, void *context);

/* Take everything off the machine. The caller's thread must be the only one here now.
 * Return: 0 or -errno. */
int engine_detach(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

/* Look at all hits for the last time. The caller's thread must be the only one here. */
void engine_sample_all(struct engine *engine);

/* ---- between the engine's own files -------------------------------------- */

/**
 * engine_switch() - put @next in force
 * @next: its entries are final; a reference is taken
 * @commits_state: a transaction is open and is to be committed with it
 *
 * On failure all is as before, apart from the open transaction, which is for the
 * caller to roll back. Return: 0 or -errno.
 */
int engine_switch(struct engine *engine, struct snapshot *next, bool commits_state,
		  char error[DATAPATH_ERROR_BYTES]);

/* Put one list's new manual entries in force and commit the open transaction; takes over
 * @set, which may be NULL: out of memory. Return: as engine_switch(). */
int engine_switch_list(struct engine *engine, const char *name, struct entry_set *set,
		       char error[DATAPATH_ERROR_BYTES]);

void engine_reload(struct engine *engine, struct job *job);
void engine_add(struct engine *engine, struct job *job);
void engine_delete(struct engine *engine, struct job *job);
void engine_import(struct engine *engine, struct job *job);
void engine_expire(struct engine *engine, struct job *job);
void engine_take_feed(struct engine *engine, struct job *job);
void engine_accept_feed(struct engine *engine, struct job *job);
void engine_diff_feed(struct engine *engine, struct job *job);
/* These change nothing. */
void engine_lint(struct engine *engine, struct job *job);
void engine_diff(struct engine *engine, struct job *job);

/**
 * engine_read_config() - read a configuration as a reload would
 * @path: the daemon's own, or another
 * @ret_next: of it and of the manual entries, not in force; a reference
 *
 * Return: whether there is one; if not, the job has failed.
 */
bool engine_read_config(struct engine *engine, const char *path, struct job *job,
			struct snapshot **ret_next);

/**
 * engine_guard() - whether the guard holds @next
 * @ret_message: what it says, to be freed; NULL: it does not hold it
 * @examples: entries that it would remove, as lines; may be NULL
 *
 * The limits are those in force. Return: 0 or -ENOMEM.
 */
int engine_guard(const struct engine *engine, const struct snapshot *next, char **ret_message,
		 struct lines *examples);
/* A step of the look at hits; the job is incomplete if more are to follow. */
void engine_sample(struct engine *engine, struct job *job);
void engine_history(struct engine *engine, struct job *job);
void engine_undo(struct engine *engine, struct job *job);
void engine_protect(struct engine *engine, struct job *job);
void engine_unprotect(struct engine *engine, struct job *job);
void engine_impact(struct engine *engine, struct job *job);

/* Give the lists of @snapshot their manual entries: those of state, or while that
 * cannot be read those in force now. Return: 0 or -ENOMEM. */
int engine_merge_manual(struct engine *engine, struct snapshot *snapshot, struct lines *warnings);

/* Give the lists of @snapshot the entries of their feeds, from memory or their stored
 * copies; engine_settle_feeds() is to follow, whatever is returned. Return: 0 or
 * -ENOMEM. */
int engine_merge_feeds(struct engine *engine, struct snapshot *snapshot, struct lines *warnings);
void engine_settle_feeds(struct engine *engine, bool is_in_force);

/* How all feeds are, for the main loop. Return: 0 or -ENOMEM. */
int engine_report_feeds(const struct engine *engine, struct feed_reports *ret_reports);

/* Have @next drop nothing if entries are missing that may have kept mail from being
 * dropped. Return: 0 or -ENOMEM. */
int engine_suspend(const struct engine *engine, struct snapshot *next);

/* Delete expired rows; one that stays for want of space is passed over when read. */
void engine_forget_expired(struct engine *engine);

#endif
