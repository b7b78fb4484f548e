/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares lookup structures: random prefixes, the tables made of them, the oracle. */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "layout.h"

struct network {
	uint32_t address; /* host byte order, as all addresses here */
	uint32_t rule;	  /* 1 and up */
	uint8_t length;
};

/* Addresses from first to last, each with the same decision, which is not 0. */
struct interval {
	uint32_t first;
	uint32_t last;
	uint32_t decision;
};

/* Networks without duplicates, ascending by address, then by length. */
struct networks {
	struct network *items;
	size_t count;
};

enum kind {
	KIND_MIXED,	/* the lengths of real lists, anywhere */
	KIND_ADDRESSES, /* /32 only, anywhere */
	KIND_CLUSTERED, /* as mixed, half of them crowded into few /16s, 128 or so in each */
	KIND_COUNT
};

struct set {
	struct networks allow;
	struct networks block;
	struct interval *intervals; /* disjoint and ascending; equal neighbours are one */
	size_t interval_count;
	size_t prefix_count;
	uint64_t random;
};

uint64_t set_random(struct set *set);
/* Draw @count prefixes, one in ten to allow. */
void set_init(struct set *set, size_t count, enum kind kind, uint64_t seed);
void set_done(struct set *set);
/* An address of a random prefix. */
uint32_t set_listed(struct set *set);
/* set_oracle() - the decision, by the prefixes alone
 * Knows no intervals: looks for the network of each length, longest first. */
uint32_t set_oracle(const struct set *set, uint32_t address);

/* Fill the maps of one structure from @set's intervals.
 * Return: the bytes of kernel memory that it needs. */
size_t fill_tries(struct bpf_object *object, const struct set *set);
size_t fill_blocks(struct bpf_object *object, const struct set *set);
size_t fill_pairs(struct bpf_object *object, const struct set *set);
size_t fill_split(struct bpf_object *object, const struct set *set);
size_t fill_ranges16(struct bpf_object *object, const struct set *set);
size_t fill_ranges18(struct bpf_object *object, const struct set *set);
size_t fill_ranges20(struct bpf_object *object, const struct set *set);
size_t fill_dir24(struct bpf_object *object, const struct set *set);
size_t fill_poptrie(struct bpf_object *object, const struct set *set);
size_t fill_inline(struct bpf_object *object, const struct set *set);
size_t fill_compact(struct bpf_object *object, const struct set *set);
size_t fill_aligned(struct bpf_object *object, const struct set *set);
/* One bit for each network of @bits bits, 22 or 24: is anything in it listed? */
size_t fill_filter(struct bpf_object *object, const struct set *set, int bits);

/* Regions that blocks are put into, one behind the other. */
struct regions {
	int outer;
	uint32_t count;
	size_t used; /* of the last */
	char *bytes; /* of the last */
};

void regions_open(struct regions *regions, struct bpf_object *object, const char *name);
/* Room for @size zero bytes. Return: its unit of 1 << @unit_shift bytes. */
uint32_t regions_take(struct regions *regions, size_t size, int unit_shift, void **ret_block);
/* Release the mapping. Return: the bytes of kernel memory. */
size_t regions_close(struct regions *regions);

/* A map of BPF_F_MMAPABLE, to write to. */
void *storage_map(struct bpf_object *object, const char *name, size_t *ret_size);
void storage_unmap(void *mapping, size_t size);
int storage_fd(struct bpf_object *object, const char *name);
/* What the kernel says that a map takes. */
size_t storage_memory(int map);

/* Of the intervals from *@from on the first that ends at or behind @address: nothing
 * before it can matter to addresses from there on. */
static inline size_t interval_skip(const struct set *set, size_t from, uint32_t address)
{
	while (from < set->interval_count && set->intervals[from].last < address)
		from++;
	return from;
}

void *allocate(size_t count, size_t size);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
