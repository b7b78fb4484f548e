/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet may arrive at. Each drops packets from listed sources; what it passes
 * is dropped behind it, at the first place where that can be done.
 */
#ifndef BENCH_RECEIVER_H
#define BENCH_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lists.h"
#include "tables.h"
#include "wire.h"

struct receiver_list {
	const struct prefix_list *list;
	struct list_files files;
};

struct receiver {
	const struct receiver_kind *kind;
	struct wire wire;
	/* Of ipwl alone. */
	struct bench_datapath bench;
	struct policy *loaded;
};

struct receiver_kind {
	const char *name;
	const char *program; /* of its own, or NULL */
	bool passes_listed, drops_unlisted;
	/* Put it behind the wire with the list in force. */
	void (*open)(struct receiver *receiver, const struct receiver_list *list);
	void (*close)(struct receiver *receiver);
	/* Packets that came through so far. */
	uint64_t (*passed)(const struct receiver *receiver);
	/* Have `passed` count, by means that are not the receiver's own, instead of
	 * dropping what is passed in the cheapest way. NULL: it counts always. */
	void (*count_passed)(const struct receiver *receiver, bool is_on);
};

extern const struct receiver_kind receiver_drop, receiver_pass, receiver_ipwl, receiver_nftables,
    receiver_read, receiver_ipset, receiver_xdp_filter;

void receiver_open(struct receiver *receiver, const struct receiver_kind *kind,
		   const struct receiver_list *list);
void receiver_close(struct receiver *receiver);
/* Send packets; returns nanoseconds for each. Checks how many come through, where
 * that is counted: all or none, by what the receiver does and whether all sources are
 * listed. */
double receiver_send(const struct receiver *receiver, size_t count, bool is_listed);
/* Die unless listed sources are dropped, all of them, and no other. */
void receiver_check(const struct receiver *receiver, const struct prefix_list *list, size_t count);

/* Die, naming the packages, if a program is missing. */
void receiver_need(const struct receiver_kind *kind);

/* ---- floor.c: receivers that look at nothing ----------------------------- */

/* The end of the line behind XDP programs: counts and drops. */
void floor_attach_end(const struct wire *wire);
uint64_t floor_passed(const struct receiver *receiver);
/* The bytes of the index that ipwl had when it was opened last. receiver_read reads in so much
 * memory, so it is opened afterwards. */
size_t floor_index_bytes(void);

#endif
