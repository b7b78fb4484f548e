/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A veth pair into a namespace of its own, and packets through it. The kernel makes
 * the packets (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18) and receives them on the same
 * CPU, as one core does that a network card feeds.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "sources.h"

struct wire {
	int netns;	    /* of the receiver */
	char device[16];    /* the receiver's, there */
	int device_ifindex; /* there */
	int sender_ifindex; /* here */
};

void wire_open(struct wire *wire);
void wire_close(struct wire *wire);

/* Sources for what is sent next, over any wire. */
void wire_draw(enum source_kind kind, const struct prefix_list *list);
/* The TCP flags of mail packets that are sent next. At first: SYN. */
void wire_set_flags(uint8_t flags);
/* Send mail packets; returns nanoseconds a packet, of sending and receiving. Each must
 * arrive. */
double wire_send(const struct wire *wire, size_t count);
void wire_done(void);

#endif
