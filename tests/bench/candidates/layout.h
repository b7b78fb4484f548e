/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the candidates' BPF programs and the driver that fills their maps share. */
#ifndef CANDIDATES_LAYOUT_H
#define CANDIDATES_LAYOUT_H

/*
 * A decision: the rule's number, and above it whether an allow list decides and
 * whether a block list has the address too. 0: in no list. Bit 31 stays free, for
 * structures that tell a decision from a reference by it.
 */
#define DECISION_RULE 0x0fffffffU
#define DECISION_FLAGS_SHIFT 28
#define DECISION_ALLOW (1U << DECISION_FLAGS_SHIFT)
#define DECISION_BOTH (2U << DECISION_FLAGS_SHIFT)
#define WORD_DIRECT (1U << 31)

/*
 * Storage of variable size: regions, each one value of an array map. A block begins
 * at a whole unit and does not cross a region's end. The verifier wants room behind
 * the last unit for the longest block that a reference could name.
 */
#define REGION_SHIFT 20
#define REGION_BYTES (1U << REGION_SHIFT)
#define REGION_SLACK 20480U
#define REGION_COUNT 1024U

/* A reference: the block's unit, then how many elements the block has. */
#define COUNT_BITS 10
#define COUNT_MAX ((1U << COUNT_BITS) - 1)
#define LINE_SHIFT 6

/* Of a /16 that has a table of its /24s: at least as many intervals. */
#define SPLIT_FROM 32

/* The value of an interval with its counters: rule, flags, last address; packets in the upper 24
 * bits, bytes below. */
struct counted_value {
	unsigned long long value;
	unsigned long long packets_bytes;
};

/* Compact blocks: small units, and how many intervals they have at most. */
#define COMPACT_UNIT_SHIFT 4
#define PLACES_SHIFT 21

/* An interval of 4 bytes: start, class, and the bits in which the range that it fills differs. */
#define ALIGNED_BITS_MASK 31U
#define ALIGNED_CLASS_SHIFT 5
#define ALIGNED_CLASS_MASK 0x7ffU

/* What a place is counted in, and after how many packets. */
struct total {
	unsigned long long packets;
	unsigned long long bytes;
};

#define BATCH_MAX 64

/* Units and first levels of the boundary tables, by the bits of the first level. */
#define RANGES16_UNIT_SHIFT 6
#define RANGES18_UNIT_SHIFT 5
#define RANGES20_UNIT_SHIFT 4

/* Poptrie: 18 bits directly, then 6, 6 and 2. */
#define POPTRIE_DIRECT_BITS 18

struct poptrie_node {
	unsigned long long children; /* bit i: child i is a node */
	unsigned long long leaves;   /* bit i: child i is a leaf unlike the one before it */
	unsigned int first_leaf;
	unsigned int first_node;
};

/* An array map's values take whole 8 bytes. */
struct poptrie_leaves {
	unsigned int of[2];
};

/* What a decision is counted in, one for each rule. */
struct record {
	unsigned long long packets;
	unsigned long long bytes;
	unsigned long long rest[2];
};

/* The programs note the time after so many lookups each. */
#define WINDOW 8192
#define WINDOW_COUNT 128

/* How many listed sources are drawn beforehand. */
#define SOURCES_SHIFT 22

#endif
