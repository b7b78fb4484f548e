/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A separate datapath for a test. Policies are applied as by the daemon, packets run through
 * the programs, and all counters are compared with the expected ones. A failure fails the
 * cmocka test.
 */
#ifndef TESTS_LIB_FIXTURE_H
#define TESTS_LIB_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rules.h"
#include "datapath/datapath.h"
#include "lib_oracle.h"
#include "lib_packet.h"

#define FIXTURE_RULES_MAX (IPWL_CHUNK_RULES * 4)

/* Slots are given from 0 on, to the lists of at most two scenarios at a time. */
#define TALLY_SLOTS_MAX (2 * SCENARIO_LISTS_MAX)

/* The expected counters. */
struct tally {
	struct ipwl_traffic interface[IPWL_COUNTER_COUNT];
	struct ipwl_traffic lists[IPWL_LIST_COUNTER_COUNT];	       /* by IPWL_LIST_COUNTER */
	struct ipwl_traffic averted[TALLY_SLOTS_MAX][TALLY_SLOTS_MAX]; /* by allow, block slot */
	struct ipwl_rule_counters rules[FIXTURE_RULES_MAX];	       /* by id */
};

struct fixture {
	char bpffs_dir[64];
	struct datapath *datapath;
	struct interface *interface;
	int xdp_fd, tc_fd;
	uint32_t meta_owner;

	/* In force. */
	const struct scenario *scenario;
	struct policy *policy;
	bool uses_index;
	struct event_limits events; /* of the next fixture_apply() */
	struct limits limits;	    /* the same */
	struct flood flood;	    /* the same */
	struct rule_ids ids;

	struct tally *expected;
	char problem[256]; /* what fixture_check() found */
};

/* As a cmocka setup and teardown of a group; *state is the fixture. Without the index
 * the tries decide. */
int fixture_setup(void **state);
int fixture_setup_without_index(void **state);
int fixture_teardown(void **state);

/* Close everything and take over the pins again, like a new daemon. The policy in force does
 * not change. */
void fixture_restart(struct fixture *fixture);

enum apply_way { APPLY_CHANGE, APPLY_REBUILD };

/* Put @scenario, which must stay, in force. */
void fixture_apply(struct fixture *fixture, const struct scenario *scenario, enum apply_way way);

/* Set whether the tc program must classify packets itself, because XDP cannot pass metadata to
 * it. */
void fixture_set_metadata_missing(struct fixture *fixture, bool is_missing);
bool fixture_metadata_missing(const struct fixture *fixture);

/* Whether the programs know the MTU of their device. */
bool fixture_has_check_mtu(const struct fixture *fixture);
/* Forget which listeners have given SYN cookies. */
void fixture_forget_listeners(const struct fixture *fixture);

/* What a program did with a packet. */
struct outcome {
	int error; /* -errno of the test run; -EINVAL: such frames are refused */
	uint32_t retval;
	bool is_changed;   /* the packet itself */
	bool has_metadata; /* XDP only */
	struct ipwl_meta metadata;
	uint32_t mark, priority; /* tc only */
};

/* Safe on several threads. A SYN begins an attempt each time: it gets a sequence number of its
 * own. */
struct outcome fixture_run_xdp(const struct fixture *fixture, const struct packet *packet);
/* The packet as it is. */
struct outcome fixture_run_xdp_again(const struct fixture *fixture, const struct packet *packet);
/* With the first bytes of the frame in its first buffer and the rest in others. -EINVAL: the
 * kernel has no frames of several buffers (Linux 5.18), or makes the first one as large as
 * it can (6.18). */
struct outcome fixture_run_xdp_split(const struct fixture *fixture, const struct packet *packet,
				     size_t first_bytes);
struct outcome fixture_run_tc(const struct fixture *fixture, const struct packet *packet,
			      uint32_t mark, uint32_t priority);

/* The list and rule of the policy in force that a ruling names; NULL, 0: none. */
const struct list *fixture_list(const struct fixture *fixture, const struct ruling *ruling);
uint32_t fixture_rule(const struct fixture *fixture, const struct ruling *ruling);

/* Expect @packet to be counted @times by this ruling. */
void fixture_expect(struct fixture *fixture, const struct packet *packet,
		    const struct ruling *ruling, uint64_t times);

/* Run both programs on @packet and check all their actions against @ruling, with the counters
 * of the interface and of the deciding list and rule. @name identifies the case if the test
 * fails. */
void fixture_check(struct fixture *fixture, const char *name, const struct packet *packet,
		   const struct ruling *ruling);

/* Compare every counter of the interface, the lists and the rules. */
void fixture_check_counters(struct fixture *fixture);

#endif
