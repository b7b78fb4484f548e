/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts to connect that block lists match, on disk: state_dir/seen.db. It grows with traffic,
 * so it has a database of its own: nothing that happens to it may affect state.db, on which
 * enforcement depends.
 *
 * Attempts of one source with the same decision and port are one row for each SEEN_SLOT_SEC, with
 * the times of the first and last one. The number of rows is limited. If there is no room, the
 * slot with most rows gives way, its rows with fewest attempts first; so a flood of forged sources
 * takes room from itself, not from other times. What is not in a row is counted as left out, by
 * slot and cause, so that each sum of attempts is complete.
 *
 * Rows that cannot be written are kept in memory up to a limit, and are read from there. Only one
 * thread at a time may use it. Unless stated otherwise, functions return 0 or -EIO: the
 * transaction is rolled back, and seen_error() says why.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "ipwl.h"

/* Retries of mail servers are farther apart, so each of them has its row. */
#define SEEN_SLOT_SEC 300
/* Attempts that are kept in memory while they cannot be written. */
#define SEEN_WAITING_MAX 16384

struct seen_store;

/* An entry of a list that matched. */
struct seen_match {
	char list[POLICY_NAME_MAX + 1]; /* empty: unknown, or none */
	bool has_entry;			/* the entry is known */
	struct prefix entry;
};

/* Attempts of one source, with the same decision, to the same port. */
struct seen_row {
	struct prefix source; /* an address */
	uint16_t port;
	enum ipwl_verdict verdict;
	struct seen_match decided; /* the entry that decided */
	struct seen_match beaten;  /* of averted ones: the block entry that was overruled */
	int64_t first_sec;
	int64_t last_sec;
	uint64_t attempts; /* reported one by one */
	uint64_t left_out; /* others of the source that the kernel did not report */
};

/* What the kernel did with attempts that it was to report, since its maps were created. */
struct seen_kernel_counts {
	uint64_t cookie; /* of the maps */
	uint64_t reported;
	uint64_t source_limit; /* not reported: over the limit of their source */
	uint64_t limit;	       /* not reported: over the limit of all */
	uint64_t ring_full;    /* not reported: no room for events */
};

/* Attempts that no row contains. */
struct seen_left_out {
	uint64_t source_limit; /* without those that are in `left_out` of rows */
	uint64_t limit;
	uint64_t ring_full;
	uint64_t rows; /* no room for their rows */
	uint64_t lost; /* reported, but not written: ipwld was killed, or the disk was full */
};

uint64_t seen_left_out_sum(const struct seen_left_out *left_out);

/**
 * seen_open() - open the database of a directory, or create one
 * @ret_store: even if the database cannot be used; seen_ready() tries to open it again
 * @ret_lost: set if a corrupt database was renamed: what happened, to be freed; else NULL
 *
 * Return: 0 or -ENOMEM.
 */
int seen_open(const char *state_dir, struct seen_store **ret_store, char **ret_lost);
/* Attempts that are not written are lost. NULL is fine. */
void seen_close(struct seen_store *store);

/* Open the database if that failed before, or replace one that turned out to be corrupt.
 * @ret_lost: as above. */
int seen_ready(struct seen_store *store, char **ret_lost);
/* What is wrong with the database at present, or NULL. */
const char *seen_error(const struct seen_store *store);

/* ---- write ------------------------------------------------------------------------ */

/* Take an attempt; @row->attempts may be more than 1. If too many are waiting, it is counted as
 * lost. */
void seen_note(struct seen_store *store, const struct seen_row *row);

/* Write what is waiting. @counts: the kernel's at present. @rows_max: how many rows there may
 * be. If this fails, what is waiting stays. */
int seen_write(struct seen_store *store, const struct seen_kernel_counts *counts, uint64_t rows_max,
	       int64_t now_sec);

/**
 * seen_continue() - tell where the events begin that this process reads
 * @counts: the kernel's, read before any event was consumed
 * @unread_count: reported events that nobody has consumed yet
 *
 * To be called once before the first seen_note(). What a former process has consumed but not
 * written is counted as lost by the next seen_write().
 */
void seen_continue(struct seen_store *store, const struct seen_kernel_counts *counts,
		   uint64_t unread_count);

/* Attempts that are lost, and that no transaction has counted yet. */
uint64_t seen_lost_count(const struct seen_store *store);

/* Delete what ended before @oldest_sec. */
int seen_prune(struct seen_store *store, int64_t oldest_sec);

/* Delete all rows of addresses inside @prefix, also those that wait. */
int seen_forget(struct seen_store *store, const struct prefix *prefix, uint64_t *ret_row_count);

/* Delete everything, as if the database were new. */
int seen_clear(struct seen_store *store);

/* ---- read ------------------------------------------------------------------------- */

struct seen_filter {
	int64_t since_sec; /* rows with an attempt since then */
	bool has_prefix;
	struct prefix prefix; /* sources inside it */
};

/* Visit rows, also those that wait, by source and time. If the database is not open, only those
 * that wait. @row is valid until @visit returns. Return: 0; a value of @visit that is not 0;
 * -EIO. */
int seen_walk(struct seen_store *store, const struct seen_filter *filter,
	      int (*visit)(const struct seen_row *row, void *context), void *context);

/* What was left out in slots that ended after @since_sec. */
void seen_read_left_out(const struct seen_store *store, int64_t since_sec,
			struct seen_left_out *ret_left_out);

/* The number of rows, and the time since when attempts are remembered; 0: none. */
uint64_t seen_row_count(const struct seen_store *store);
int64_t seen_since_sec(const struct seen_store *store);
/* Attempts that wait to be written. */
size_t seen_waiting_count(const struct seen_store *store);

#endif
