/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random source addresses, drawn beforehand into an array that a BPF program walks
 * through: a draw is four or sixteen bytes of a stream, which the CPU fetches ahead,
 * and leaves the caches to what is measured.
 */
#ifndef BENCH_SOURCES_H
#define BENCH_SOURCES_H

#include "lists.h"

struct bpf_map; /* the map `sources` of sources.bpf.h */

/* ANY: all of IPv4, or 2000::/3. NEAR: in the /16 to /24 (IPv4), /48 or /64 (IPv6)
 * of a listed prefix, listed or not. NEAR_UNLISTED: of those the ones that are not. */
enum source_kind {
	SOURCE_KIND_ANY,
	SOURCE_KIND_LISTED,
	SOURCE_KIND_UNLISTED,
	SOURCE_KIND_NEAR,
	SOURCE_KIND_NEAR_UNLISTED,
	SOURCE_KIND_COUNT,
};
extern const char *const source_kind_names[SOURCE_KIND_COUNT];

/* Fill the array; the same each time. Returns the share of them that is listed. */
double sources_fill(const struct bpf_map *map, enum family family, enum source_kind kind,
		    const struct prefix_list *list);

#endif
