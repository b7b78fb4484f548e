/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ABI between the BPF programs and user space: map keys, map values,
 * verdicts and limits. Nothing else is shared but ipwl_verdict.h.
 *
 * A change of any layout here needs a new IPWL_ABI_VERSION: maps of another
 * version are pinned in another directory, so an upgraded daemon fills its own
 * tables before it replaces the programs.
 */
#ifndef IPWL_H
#define IPWL_H

#include <linux/types.h>

#define IPWL_ABI_VERSION 6

/* The maximum number of allow and block lists together. */
#define IPWL_LISTS_MAX 1024
/* The size of a list's name, with the terminating zero. */
#define IPWL_LIST_NAME_BYTES 64
/*
 * Rules live in chunks, arrays of a fixed size that are added as the policy
 * grows: a rule's counters never move. 1024 chunks are 16 777 216 rules.
 */
#define IPWL_CHUNK_RULES 16384
#define IPWL_CHUNKS_MAX 1024
/* The capacity of one LPM trie: more than the chunks can number. */
#define IPWL_TABLE_ENTRIES_MAX (1U << 25)

/* What happened to a packet. The order is part of the ABI, because counters are indexed by it. */
enum ipwl_verdict {
	IPWL_OTHER,	  /* not to a mail port, or no TCP: passed */
	IPWL_FRAGMENT,	  /* a later fragment, which has no ports: passed */
	IPWL_MALFORMED,	  /* a header cut off or impossible, which the stack discards: passed */
	IPWL_UNLISTED,	  /* mail from a source in no list: passed */
	IPWL_ALLOW,	  /* in an allow list: passed, marked */
	IPWL_AVERTED,	  /* in an allow list and a block list: passed, marked */
	IPWL_WOULD_BLOCK, /* in a block list, in monitor mode: passed */
	IPWL_BLOCK,	  /* in a block list: dropped */
	IPWL_WOULD_LIMIT, /* in no list, over a limit (ipwl_limit.h), in monitor mode: passed */
	IPWL_LIMITED,	  /* in no list, over a limit: dropped */
	IPWL_VERDICT_COUNT,
};

enum ipwl_family {
	IPWL_FAMILY_NONE, /* neither, or too short to tell */
	IPWL_FAMILY_IPV4,
	IPWL_FAMILY_IPV6,
	IPWL_FAMILY_COUNT,
};

/* Which of a generation's two tables. */
enum ipwl_action {
	IPWL_ACTION_ALLOW,
	IPWL_ACTION_BLOCK,
	IPWL_ACTION_COUNT,
};

/* Key of an IPv4 table; lookups use prefixlen 32. */
struct ipwl_key4 {
	__u32 prefixlen; /* bits, host byte order */
	__u8 addr[4];	 /* network byte order */
};
_Static_assert(sizeof(struct ipwl_key4) == 8, "ABI");

/* Key of an IPv6 table; lookups use prefixlen 128. */
struct ipwl_key6 {
	__u32 prefixlen; /* bits, host byte order */
	__u8 addr[16];	 /* network byte order */
};
_Static_assert(sizeof(struct ipwl_key6) == 20, "ABI");

/*
 * A class is what a match decides. Its number is part of the match, its content is a value of
 * `classes`. Two classes belong to each list: its slot, and its slot with IPWL_CLASS_SECOND.
 * From IPWL_CLASS_AVERTED on, a class belongs to an allow list and a set of block lists, which
 * all contain the address.
 */
#define IPWL_CLASS_AVERTED (2 * IPWL_LISTS_MAX)
#define IPWL_AVERTED_MAX 1024
#define IPWL_CLASSES_MAX (IPWL_CLASS_AVERTED + IPWL_AVERTED_MAX)
/* Of a block list: the list's own mode is monitor. Of an allow list: a block list contains the
 * address, too. Such an address has this class only if there is none for its block lists. */
#define IPWL_CLASS_SECOND IPWL_LISTS_MAX

/* What a block list does with a SYN that it drops. */
enum ipwl_answer {
	IPWL_ANSWER_NONE,
	IPWL_ANSWER_RESET, /* it becomes a TCP segment with RST and ACK, back to the source */
	/* The second SYN of an attempt is handed to a program that rejects (struct ipwl_reject). */
	IPWL_ANSWER_REJECT,
};

/* Value of `classes`. User space writes it through mmap, before a match refers to it. It does
 * not change while one does. */
struct ipwl_class {
	__u16 list;    /* slot in `lists` of the list that decides */
	__u8 verdict;  /* enum ipwl_verdict with `enforce`: IPWL_ALLOW or higher */
	__u8 answer;   /* enum ipwl_answer; it may change at any time */
	__u32 padding; /* 0: arrays round their values up to 8 bytes */
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct ipwl_class) == 8, "ABI");

/* Value of `averted_sets`, by class - IPWL_CLASS_AVERTED: the block lists of a class, bit
 * slot % 64 of word slot / 64. Only user space uses it. It does not change while a match refers
 * to the class. */
#define IPWL_BLOCK_SET_WORDS (IPWL_LISTS_MAX / 64)
struct ipwl_block_set {
	__u64 words[IPWL_BLOCK_SET_WORDS];
};
_Static_assert(sizeof(struct ipwl_block_set) == 128, "ABI");

/* The rule that decides for an address, and what it decides. As a value in a table, it decides
 * for the addresses whose longest prefix it belongs to. */
struct ipwl_match {
	__u32 rule;	/* id, or its place in the index (ipwl_index.h); 0: a hole, as if no
			 * prefix matched */
	__u16 class;	/* number in `classes` */
	__u16 reserved; /* 0 */
};
_Static_assert(sizeof(struct ipwl_match) == 8, "ABI");

/*
 * A list may be for some mail ports only. Ports with the same lists form a group, and each
 * group is decided by tables or a root of its own. A generation numbers its groups from 0;
 * most have only one. Packets whose port cannot be read belong to group 0.
 */
#define IPWL_GENERATIONS 2
#define IPWL_PORT_GROUPS 4
#define IPWL_PORT_GROUP_BITS 2
_Static_assert(IPWL_PORT_GROUPS == 1 << IPWL_PORT_GROUP_BITS, "bits of a number");
#define IPWL_ROOT(generation, group) ((generation)*IPWL_PORT_GROUPS + (group))
#define IPWL_ROOT_COUNT (IPWL_GENERATIONS * IPWL_PORT_GROUPS)

/*
 * Tables are slots of two maps of maps, `tables4` and `tables6`, one for each
 * family: slot = IPWL_ROOT(generation, group) * IPWL_ACTION_COUNT + action. An empty slot
 * matches nothing.
 */
#define IPWL_TABLE_SLOTS (IPWL_ROOT_COUNT * IPWL_ACTION_COUNT)

#define IPWL_LIST_IN_USE (1U << 0)
#define IPWL_LIST_SETS_MARK (1U << 1)
#define IPWL_LIST_SETS_PRIORITY (1U << 2)

/* Value of `lists`, indexed by slot. A slot keeps its list (name and action)
 * as long as the list is configured, across restarts: counters stay its own. */
struct ipwl_list {
	char name[IPWL_LIST_NAME_BYTES];
	__u32 action;	 /* enum ipwl_action */
	__u32 flags;	 /* IPWL_LIST_*; 0: a free slot */
	__u32 mark;	 /* host byte order, no bit outside mark_mask */
	__u32 mark_mask; /* bits of skb->mark that are replaced */
	__u32 priority;	 /* skb->priority */
	__u32 lane;	 /* IPWL_LANE_NUMBER() of its lane; 0: none */
};
_Static_assert(sizeof(struct ipwl_list) == IPWL_LIST_NAME_BYTES + 24, "ABI");

/*
 * A lane is a listener of the mail server to which new connections of an allow list's senders
 * are handed, or the listener of a program that rejects those of a block list. Each slot has two
 * elements of `lanes`, so that a changed lane is written beside the one in force; ipwl_list.lane
 * switches.
 */
#define IPWL_LANES_MAX (2 * IPWL_LISTS_MAX)
#define IPWL_LANE_NUMBER(slot, which) (1U + (slot) + (which)*IPWL_LISTS_MAX)

/* The connections are only counted (IPWL_LANE_WOULD_HAND). */
#define IPWL_LANE_MONITORS (1U << 0)
/* The lane of a block list with IPWL_ANSWER_REJECT. What is not handed over is dropped. */
#define IPWL_LANE_REJECTS (1U << 1)

/* Value of `lanes`, by number - 1; user space writes it through mmap. Only until_sec changes while
 * a list refers to it. */
struct ipwl_lane {
	__be32 address4;    /* of the listener */
	__be32 address6[4]; /* of the listener */
	__be16 port4;	    /* network byte order; 0: there is none for IPv4 */
	__be16 port6;	    /* network byte order; 0: there is none for IPv6 */
	__u16 mail_port;    /* host byte order: only connections to it are handed over; of a lane
			     * that rejects: 0, those to all mail ports are */
	__u16 flags;	    /* IPWL_LANE_* */
	/* For IPv4 and IPv6: the second since boot from which on the lane is off; 0: it is off.
	 * ipwld moves it on as long as the listener keeps up, so a lane that nobody watches ends
	 * by itself. */
	__u32 until_sec[2];
	__u32 reserved; /* 0: arrays round their values up to 8 bytes */
};
_Static_assert(sizeof(struct ipwl_lane) == 40, "ABI");

/* What became of the first SYN of an attempt to connect to a list with a lane. */
enum ipwl_lane_outcome {
	IPWL_LANE_HANDED,     /* handed to the lane */
	IPWL_LANE_WOULD_HAND, /* it would have been, but ipwl or the lane only monitors */
	IPWL_LANE_OFF,	      /* the lane is off: the normal way */
	IPWL_LANE_MISSED,     /* no listener there, or the kernel refused: the normal way */
	IPWL_LANE_OUTCOME_COUNT,
};

/* Value of `lane_counters`, by slot: for IPv4 and IPv6. Shared by all CPUs and updated
 * atomically. */
struct ipwl_lane_counters {
	__u64 connections[2][IPWL_LANE_OUTCOME_COUNT];
};
_Static_assert(sizeof(struct ipwl_lane_counters) == 64, "ABI");

/* Value of `rejects`, by slot of a block list with IPWL_ANSWER_REJECT: a GCRA of the connections
 * that may be handed over. User space writes the first two through mmap. */
struct ipwl_reject {
	__u64 interval_ns; /* between two of them; 0: none is handed over */
	__u64 burst_ns;	   /* how far due_ns may be ahead */
	__u64 due_ns;	   /* since boot: when the next one is due */
	__u64 limited[2];  /* SYNs over IPv4 and IPv6 that were over the limit, and dropped */
};
_Static_assert(sizeof(struct ipwl_reject) == 40, "ABI");

/* Key of `rejected`: a connection that was handed to a lane that rejects. Addresses of IPv4 fill
 * the first word. All in network byte order. */
struct ipwl_reject_flow {
	__be32 source[4];
	__be32 destination[4];
	__be16 port_from;
	__be16 port_to;
};
_Static_assert(sizeof(struct ipwl_reject_flow) == 36, "ABI");

/* Value of `rejected`: the second since boot until which packets of the connection pass. It is
 * longer than any connection that ipwl-reject keeps. */
#define IPWL_REJECT_LIFE_SEC 600
#define IPWL_REJECT_FLOWS 8192

/* XDP turns these bits of the IP header's first byte, and ipwl_tc turns them back. So if ipwl_tc
 * does not see a packet of a blocked source, the stack discards it for its version. */
#define IPWL_REJECT_VERSION_BITS 0xf0

/* Value of `list_counters` (by IPWL_LIST_COUNTER), of `averted_counters` (by class -
 * IPWL_CLASS_AVERTED), of `answer_counters` (by slot) and of `counters` (one such map an interface,
 * by IPWL_COUNTER): one for each CPU, to be summed. */
struct ipwl_traffic {
	__u64 packets;
	__u64 bytes;	   /* of whole frames, with the Ethernet header, no FCS */
	__u64 connections; /* attempts to connect (ipwl_event.h); to other ports, packets with SYN
			    * and without ACK */
};
_Static_assert(sizeof(struct ipwl_traffic) == 24, "ABI");

/* An allow list decides IPWL_ALLOW and IPWL_AVERTED, a block list the two others. */
#define IPWL_LIST_COUNTER(slot, verdict) (2 * (slot) + (verdict) % 2)
#define IPWL_LIST_COUNTER_COUNT (2 * IPWL_LISTS_MAX)
_Static_assert(IPWL_ALLOW % 2 != IPWL_AVERTED % 2 && IPWL_WOULD_BLOCK % 2 != IPWL_BLOCK % 2,
	       "counters of a list");
#define IPWL_COUNTER(family, verdict) ((family)*IPWL_VERDICT_COUNT + (verdict))
#define IPWL_COUNTER_COUNT (IPWL_FAMILY_COUNT * IPWL_VERDICT_COUNT)

/* A rule's record, in chunk id / IPWL_CHUNK_RULES at id % IPWL_CHUNK_RULES. Shared by all
 * CPUs and updated atomically: memory does not grow with CPUs. 32 bytes, so that a record
 * never straddles two cache lines.
 *
 * A packet adds to one of the first two words only, and to the bytes.
 *
 * The upper 16 bits of the first two words together are the second of the last hit, the first
 * word's first: of the time since boot, 0 if there was none. They are stored by themselves. The
 * lower 48 bits count: a million packets a second fill them in 8 years. */
struct ipwl_rule_record {
	__u64 other_packets; /* those that are no connections */
	__u64 connections;
	__u64 bytes;
	__u64 averted_packets; /* of all packets, those a block list holds too */
};
_Static_assert(sizeof(struct ipwl_rule_record) == 32, "ABI");
#define IPWL_RECORD_COUNT_BITS 48
#define IPWL_RECORD_COUNT_MASK ((1ULL << IPWL_RECORD_COUNT_BITS) - 1)

/* What user space reads from a record. */
struct ipwl_rule_counters {
	__u64 packets;
	__u64 bytes;
	__u64 connections;
	__u64 averted_packets;
	__s64 last_hit_sec; /* Unix time; 0: none */
};

/*
 * Packets of one CPU that are not yet added to the records of their rules: one value of
 * `pendings` for each CPU. If there are many rules, a rule's id in the index and its record are
 * seldom in a cache, and one after the other each would be waited for. A batch reads all ids
 * first, then all records, and the CPU waits for many at once. If there are few, packets are
 * added directly.
 *
 * A pending packet of a generation that is no longer in force needs its index: user space settles
 * before it releases that.
 *
 * All packets of a batch arrived in the same second. A batch is added when it is full, when a
 * packet of another second arrives, and when user space settles the counters.
 */
#define IPWL_PENDING_MAX 64
struct ipwl_pending {
	__u32 count;
	__u32 holder; /* enum ipwl_holder */
	__u32 second; /* of the batch, since boot */
	__u32 reserved;
	__u64 jiffies; /* when `second` was last determined */
	__u64 reserved_line[5];
	__u64 packets[IPWL_PENDING_MAX]; /* IPWL_PENDING_* */
	__u64 reserved_end[8];		 /* CPUs prefetch lines in pairs */
};
_Static_assert(sizeof(struct ipwl_pending) == 640, "ABI: whole pairs of cache lines");

/* Who uses a struct ipwl_pending. Another user that interrupts it adds its packet directly. */
enum ipwl_holder {
	IPWL_HELD_BY_NONE,
	IPWL_HELD_BY_CPU,  /* its own CPU */
	IPWL_HELD_BY_USER, /* user space, because the CPU is offline */
};

/* A pending packet: its rule in the lower half, as in struct ipwl_match, its bytes above, and
 * flags. */
#define IPWL_PENDING_RULE_BITS 32
#define IPWL_PENDING_BYTES_MASK ((1U << 30) - 1)
#define IPWL_PENDING_CONNECTION (1ULL << 62)
#define IPWL_PENDING_AVERTED (1ULL << 63)

/* Of settings.decides: the number of the generation that decides, whether it does so by an index
 * (ipwl_index.h) or by tables, and whether it has more than one group of ports. */
#define IPWL_DECIDES_GENERATION (IPWL_GENERATIONS - 1U)
#define IPWL_DECIDES_BY_INDEX (1U << 1)
#define IPWL_DECIDES_BY_PORT (1U << 2)
_Static_assert(IPWL_GENERATIONS == 2, "bit 0");

#define IPWL_PORT_WORDS (65536 / 64)

/* The one value of `settings`; user space writes it through mmap. */
struct ipwl_settings {
	__u32 decides; /* IPWL_DECIDES_*, in one word, so that one read returns both from the same
			* moment, in  whatever order a CPU reads */
	__u32 enforce; /* 0: monitor, nothing is ever dropped */
	__u64 cookie;  /* ties these maps to the rule file of the daemon */
	__u32 batches; /* 1: rules are counted in batches (struct ipwl_pending) */
	__u32 events;  /* 1: attempts are reported (ipwl_event.h) */
	__u32 limits;  /* enum ipwl_limit_mode (ipwl_limit.h) */
	__u32 flood;   /* enum ipwl_flood_mode (ipwl_flood.h) */
	__u64 ports[IPWL_PORT_WORDS]; /* bit port % 64 of word port / 64: a mail port */
	/* Bits of the number of a port's group, by generation: bit n of the number is bit port %
	 * 64 of word port / 64 in element n. */
	__u64 port_groups[IPWL_GENERATIONS][IPWL_PORT_GROUP_BITS][IPWL_PORT_WORDS];
};
_Static_assert(sizeof(struct ipwl_settings) == 32 + 5 * 8192, "ABI");

/* The one value of `interface_state`, one such map an interface. */
struct ipwl_interface_state {
	__u32 metadata_missing; /* 1: the driver refused XDP metadata once, so the
				 * tc program classifies by itself */
	__u32 qdisc_created;	/* 1: the clsact qdisc is ipwl's own */
};
_Static_assert(sizeof(struct ipwl_interface_state) == 8, "ABI");

/* XDP metadata of an allowed packet, read by the tc program. It is the same for all packets of
 * one connection, because GRO would not merge them otherwise. The kernel keeps it on a packet
 * that is routed or bridged to another device. There the tc program of another interface, or of
 * another ipwld with other lists, may find it, so `owner` tells whose metadata it is. */
struct ipwl_meta {
	__u32 owner; /* meta_owner of the programs that wrote it; never 0 */
	__u32 list;  /* slot in `lists` */
};
_Static_assert(sizeof(struct ipwl_meta) == 8, "ABI");

#endif
