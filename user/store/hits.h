/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remembers the hits of entries over restarts and reboots: in a table in memory, and in
 * state_dir/hits.db. The key is list (name and action) and prefix, so the hits outlive rule
 * ids, reloads and the kernel's maps.
 *
 * A hit is a packet that the entry's rule decided. Counters are read at intervals (`history:
 * sample` of the configuration). The time of a hit is the time at which it was found. The hits
 * have a database of their own, because it grows with traffic. Enforcement depends on state.db,
 * so nothing that happens to the hits may affect it.
 */
#ifndef STORE_HITS_H
#define STORE_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/rules.h"
#include "ipwl.h"

struct hits;

struct hit_counts {
	uint64_t packets;
	uint64_t connections;	  /* attempts to connect */
	uint64_t averted_packets; /* those of @packets whose address is also in a block list */
};

void hit_counts_add(struct hit_counts *sum, const struct hit_counts *more);

struct hit_memory {
	struct hit_counts total; /* in total */
	int64_t last_hit_sec;	 /* Unix time; 0: no hit has been seen */
};

/**
 * hits_open() - begin without any hits; hits_load() reads the database
 * @cookie: identifies the kernel's maps; other maps count from zero
 * @adopted: the maps have counted before. If the database is new, the times of these hits are
 *           unknown
 *
 * Return: 0 or -ENOMEM.
 */
int hits_open(const char *state_dir, uint64_t cookie, bool adopted, struct hits **ret_hits);
/* Close without writing: hits that are not flushed are lost. NULL is fine. */
void hits_close(struct hits *hits);

/* ---- for any thread ------------------------------------------------------- */

/* The Unix time since when hits are remembered; 0: they are not, or are not read yet. An entry
 * without a recorded hit had none since this time. */
int64_t hits_since_sec(struct hits *hits);

/**
 * hits_find() - find the hits of an entry
 * @rule: the entry's rule id
 * @counters: the rule's counters, just read; NULL: use those of the last pass
 * @now_sec: the time to give to hits since the last pass
 *
 * Return: true if anything is known, which means that hits_since_sec() is not 0.
 */
bool hits_find(struct hits *hits, const struct list *list, const struct prefix *prefix,
	       uint32_t rule, const struct ipwl_rule_counters *counters, int64_t now_sec,
	       struct hit_memory *ret_memory);

/* ---- for the worker ------------------------------------------------------- */

/* Read the database, or create one, unless it is open. Return: 0; -ENOMEM or -EIO: try again
 * later, and hits_error() says why. */
int hits_load(struct hits *hits, int64_t now_sec);

/* A rule and its counters. */
struct hits_reading {
	const struct rule *rule;
	const struct ipwl_rule_counters *counters;
};

/* Note what rules of a list have counted. Readers are blocked meanwhile, so pass only some
 * hundred at a time. A rule for which there is no memory waits for the next pass. */
void hits_note(struct hits *hits, const struct list *list, const struct hits_reading *readings,
	       size_t count, int64_t now_sec);

/* Tell that all rules were noted since hits_load() or since the last call. From now on, new
 * hits have a time. */
void hits_end_pass(struct hits *hits);

/* Tell that the counters of these rule ids now begin at zero. */
void hits_restart_rules(struct hits *hits, const uint32_t *rules, size_t rule_count);

/* Write the changed hits if there are many, or if @is_final. Return: 0; -EIO: the next call
 * tries to write them again. */
int hits_flush(struct hits *hits, bool is_final, int64_t now_sec);

/* The hits of the last @days days and of today so far. Days are UTC days. Return: 0 or -EIO. */
int hits_sum_days(struct hits *hits, const struct list *list, const struct prefix *prefix,
		  unsigned int days, int64_t now_sec, struct hit_counts *ret_counts);

/* Delete days older than hits_sum_days() needs, and hits of entries that are no longer listed
 * and were last hit before @before_sec. Return: 0 or -EIO. */
int hits_prune(struct hits *hits, const struct policy *policy, int64_t before_sec, int64_t now_sec);

/* The last error of the database, or NULL. */
const char *hits_error(const struct hits *hits);

#endif
