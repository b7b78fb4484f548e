/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of manual entries with their records, for the engine's jobs. */
#ifndef ENGINE_RECORDS_H
#define ENGINE_RECORDS_H

#include "engine/engine.h"
#include "store/manual.h"

/* The record of a deed that @job asks for, begun by nobody yet; strings are the job's. */
struct history_record engine_record(const struct job *job, enum history_event event);

/* Put, or delete, the one entry of @job in a transaction that is left open, with its
 * record. Return: 0, or -EIO: it is rolled back. */
int engine_record_put(struct engine *engine, const struct job *job,
		      const struct state_entry *entry);
int engine_record_delete(struct engine *engine, const struct job *job, const struct list *list);

/* A record of what @job's reload has changed in config and files; a failure is a warning
 * of the job, for the reload has taken effect. */
void engine_record_reload(struct engine *engine, struct job *job, const struct policy *before);

/* The same of a reload that the guard held, with what it would have changed. */
void engine_record_held(struct engine *engine, struct job *job, const struct policy *held);

/* The same of a copy of @feed that took effect; the job has the difference. */
void engine_record_feed(struct engine *engine, struct job *job, const struct feed_config *feed);

/* In engine_entries.c: the list's manual entry of that prefix, or NULL; the entry in force,
 * or just out of it, kept for the answer; the list whose manual entry @job may delete, or
 * NULL: the job has failed. */
const struct entry *engine_find_manual(const struct list *list, const struct prefix *prefix);
void engine_keep_entry(struct job *job, const struct list *list);
const struct list *engine_find_deletable(struct engine *engine, struct job *job);

/* Whether the entry of @job is protected; then the job has failed. */
bool engine_refuse_protected(struct engine *engine, struct job *job);

/* Whether a ttl is asked for that the entry cannot have, being protected; then the job has
 * failed. */
bool engine_refuse_ttl(struct engine *engine, struct job *job);

/* What becomes of mail without the allow entry of @job: hits, other entries, block lists.
 * NULL: out of memory. */
json_t *engine_impact_json(struct engine *engine, const struct list *list,
			   const struct prefix *prefix);

/**
 * engine_switch_manual() - put the manual entries of the open transaction in force
 *
 * Ends the transaction. On failure (-errno) nothing has changed.
 */
int engine_switch_manual(struct engine *engine, char error[DATAPATH_ERROR_BYTES]);

#endif
