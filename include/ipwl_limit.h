/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits for unlisted sources: how many attempts to connect (ipwl_event.h) a minute an address and
 * its network may make.
 *
 * An address is an IPv4 address or an IPv6 /64, a network is a /24 or a /48. Each limit is a GCRA
 * (the leaky bucket of ATM): a source has a theoretical arrival time, which each admitted attempt
 * moves by `interval_ns`. An attempt is over the limit if this time is more than `burst_ns` ahead.
 * An attempt over one of the two limits counts for neither.
 *
 * The times are kept in a sketch of a fixed size, not in a table of sources: forged sources can
 * push nobody out, because nobody is in it. Each source has a cell in each of two rows, picked by
 * two independent keyed hashes. Sources that share a cell share its time. A source's time is the
 * earlier one of its two cells, so a source is limited only if both cells say so, and sources that
 * share a cell can only be limited too early, never too late. An attempt moves a cell only to where
 * the source's own time must be (conservative update).
 *
 * What holds:
 *  - Only IPWL_UNLISTED becomes IPWL_WOULD_LIMIT or IPWL_LIMITED, only for SYNs without ACK to a
 *    mail port. Sources in an allow list are not limited, nor are packets of a connection.
 *  - A SYN that is sent again is judged again if the one before was over a limit; otherwise it
 *    belongs to an admitted attempt and passes. After IPWL_ATTEMPT_REPEATS_MAX repetitions it is
 *    judged like a new one, so a sender gains little by sending the same SYN for ever.
 *  - There is no lock. Cells are words, read and written whole. If two CPUs move a cell at the same
 *    moment, the later store stays, so a cell may be earlier than it should be by what the other
 *    CPU admitted in between. A race can only admit an attempt, never limit one.
 *  - Times are of the kernel's tick, so they may be wrong by 10 ms.
 *  - If n sources are over their limit, another one shares both cells with some of them with a
 *    probability of at most (n / 2^IPWL_LIMIT_CELL_BITS)^2.
 */
#ifndef IPWL_LIMIT_H
#define IPWL_LIMIT_H

#include "ipwl_hash.h"

enum ipwl_limit {
	IPWL_LIMIT_ADDRESS,
	IPWL_LIMIT_NETWORK,
	IPWL_LIMIT_COUNT,
};

#define IPWL_LIMIT_ROWS 2
#define IPWL_LIMIT_CELL_BITS 16
/* Cells of all rows: `limit_cells` takes 2 MiB. */
#define IPWL_LIMIT_CELLS ((IPWL_LIMIT_COUNT * IPWL_LIMIT_ROWS) << IPWL_LIMIT_CELL_BITS)

/* A cell: nanoseconds since boot. User space zeroes all through mmap when a limit changes. */

/* One limit. */
struct ipwl_rate {
	__u64 interval_ns; /* between attempts on average; 0: no limit */
	__u64 burst_ns;	   /* (attempts at once - 1) * interval_ns, and a tick */
};

/* The one value of `limit_settings`; user space writes it through mmap. */
struct ipwl_limit_settings {
	struct ipwl_rate rates[IPWL_LIMIT_COUNT];
	__u64 reserved[4]; /* 0 */
};
_Static_assert(sizeof(struct ipwl_limit_settings) == 64, "ABI");

/* Values of settings.limits. */
enum ipwl_limit_mode {
	IPWL_LIMITS_OFF,
	IPWL_LIMITS_MONITOR,
	IPWL_LIMITS_ENFORCE,
};

/* The source that a limit counts, as two words: the words of an IPv6 address, or 0 and those of an
 * IPv4-mapped one. */
struct ipwl_limited {
	__u64 high, low;
};

/* @high, @low: an IPv6 address, or 0 and 0xffff followed by an IPv4 address. */
static inline __attribute__((always_inline)) struct ipwl_limited
ipwl_limited_of(enum ipwl_limit limit, __u64 high, __u64 low, int is_ipv6)
{
	struct ipwl_limited source = { .high = high, .low = low };

	/* An IPv6 source has no lower word, so it is never taken for an IPv4 address. */
	if (is_ipv6)
		source.low = 0;
	if (limit == IPWL_LIMIT_NETWORK && is_ipv6)
		source.high &= ~0xffffULL;
	else if (limit == IPWL_LIMIT_NETWORK)
		source.low &= ~0xffULL;
	return source;
}

/* The number of a source's cell in a row. @keys: of struct ipwl_attempt_settings. */
static inline __attribute__((always_inline)) __u32
ipwl_limit_cell(const __u64 (*keys)[IPWL_HASH_KEYS], enum ipwl_limit limit, __u32 row,
		const struct ipwl_limited *source)
{
	__u64 hash = ipwl_hash_words(keys[row], source->high, source->low, 0);

	return ((__u32)limit * IPWL_LIMIT_ROWS + row) << IPWL_LIMIT_CELL_BITS |
	       (__u32)(hash >> (64 - IPWL_LIMIT_CELL_BITS));
}

#endif
