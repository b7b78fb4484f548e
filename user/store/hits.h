/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hits of entries, remembered over restarts and reboots: a table in memory, and
 * state_dir/hits.db behind it. Keyed by list (name and action) and prefix: what is
 * remembered outlives rule ids, reloads and the kernel's maps.
 *
 * A hit is a packet that the entry's rule decided. Counters are looked at from time to
 * time (`history: sample` of the configuration), and a hit has the time at which it was
 * found there. A database of its own: it grows with traffic, and whatever becomes of it
 * must not touch state.db, on which enforcement depends.
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
	uint64_t connections;	  /* packets with SYN and without ACK */
	uint64_t averted_packets; /* of packets, those a block list holds too */
};

void hit_counts_add(struct hit_counts *sum, const struct hit_counts *more);

struct hit_memory {
	struct hit_counts total; /* of all times */
	int64_t last_hit_sec;	 /* Unix time; 0: none has been seen */
};

/**
 * hits_open() - begin with nothing known; hits_load() reads the database
 * @cookie: of the kernel's maps: other maps count from zero
 * @adopted: the maps have counted before: for a new database the time of that is not
 *           known
 *
 * Return: 0 or -ENOMEM.
 */
int hits_open(const char *state_dir, uint64_t cookie, bool adopted, struct hits **ret_hits);
/* NULL is fine. What was not flushed is lost. */
void hits_close(struct hits *hits);

/* ---- for any thread ------------------------------------------------------- */

/* Since when hits are remembered, Unix time; 0: they are not, or not read yet. An entry
 * without a hit had none since then. */
int64_t hits_since_sec(struct hits *hits);

/**
 * hits_find() - what is remembered of an entry
 * @rule: its rule id, @counters: of that rule, just read; NULL: as of the last look
 * @now_sec: the time of a hit since then
 *
 * Return: whether anything is known: hits_since_sec() is not 0.
 */
bool hits_find(struct hits *hits, const struct list *list, const struct prefix *prefix,
	       uint32_t rule, const struct ipwl_rule_counters *counters, int64_t now_sec,
	       struct hit_memory *ret_memory);

/* ---- for the worker ------------------------------------------------------- */

/* Read the database, or make one, unless that is done. Return: 0, -ENOMEM or -EIO: try
 * again later; hits_error() tells. */
int hits_load(struct hits *hits, int64_t now_sec);

/* What was read of a rule. */
struct hits_reading {
	const struct rule *rule;
	const struct ipwl_rule_counters *counters;
};

/* Note what rules of a list have counted. Readers wait meanwhile: some hundred at a time.
 * A rule that finds no memory is left for the next pass. */
void hits_note(struct hits *hits, const struct list *list, const struct hits_reading *readings,
	       size_t count, int64_t now_sec);

/* All rules were noted since hits_load(), or since the last call: what counts from now on
 * has a time. */
void hits_end_pass(struct hits *hits);

/* These rule ids begin to count at zero now. */
void hits_restart_rules(struct hits *hits, const uint32_t *rules, size_t rule_count);

/* Write what changed if that is much, or @is_final. Return: 0 or -EIO: what is not
 * written now is written the next time. */
int hits_flush(struct hits *hits, bool is_final, int64_t now_sec);

/* The hits of the last @days days, or a little more: days are those of UTC. Return: 0
 * or -EIO. */
int hits_sum_days(struct hits *hits, const struct list *list, const struct prefix *prefix,
		  unsigned int days, int64_t now_sec, struct hit_counts *ret_counts);

/* Forget days beyond those that are asked for, and what was last hit before
 * @before_sec and is listed no more. Return: 0 or -EIO. */
int hits_prune(struct hits *hits, const struct policy *policy, int64_t before_sec, int64_t now_sec);

/* What went wrong with the database last, or NULL. */
const char *hits_error(const struct hits *hits);

#endif
