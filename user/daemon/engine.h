/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: makes configuration and manual entries into the policy in force. The one
 * writer of state, rule ids and what the kernel decides by. Used by one thread at a time: by the
 * main thread until the worker starts, by the worker from then on.
 */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include <stdbool.h>

#include "../config/config.h"
#include "../core/rules.h"
#include "../datapath/datapath.h"
#include "job.h"
#include "snapshot.h"
#include "text.h"

struct rule_file;
struct state;

struct engine {
	const char *config_path;
	struct datapath *datapath;
	struct state *state;
	struct rule_file *rule_file; /* NULL: cannot be kept */
	struct rule_ids ids;
	struct policy *adopted; /* rules of the daemon before, until the first switch */
	struct snapshot *current;
	bool is_kernel_known; /* it decides by current */
	bool is_detached;     /* nothing is pinned until a reload */
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
void engine_run(struct job *job, void *context);

/* Take everything off the machine. The caller's thread must be the only one here now.
 * Return: 0 or -errno. */
int engine_detach(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

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

void engine_reload(struct engine *engine, struct job *job);
void engine_add(struct engine *engine, struct job *job);
void engine_delete(struct engine *engine, struct job *job);
void engine_expire(struct engine *engine, struct job *job);

/* Give the lists of @snapshot their manual entries: those of state, or while that
 * cannot be read those in force now. Return: 0 or -ENOMEM. */
int engine_merge_manual(struct engine *engine, struct snapshot *snapshot, struct lines *warnings);

/* Have @next drop nothing if entries are missing that may have kept mail from being
 * dropped. Return: 0 or -ENOMEM. */
int engine_suspend(const struct engine *engine, struct snapshot *next);

/* Delete expired rows; one that stays for want of space is passed over when read. */
void engine_forget_expired(struct engine *engine);

#endif
