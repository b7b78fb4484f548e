/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Senders that attempt to connect, and the tables and events of the programs. Times are set in the
 * tables, not waited for. A failure fails the cmocka test. */
#ifndef TESTS_LIB_ATTEMPTS_H
#define TESTS_LIB_ATTEMPTS_H

#include "datapath/events.h"
#include "lib_fixture.h"

/* A life of notes that no test outlasts. */
#define LONG_SEC 120
#define TAKEN_MAX 16384

/* Limits that no test reaches. */
extern const struct event_limits attempts_all_events;

/* An allow list, a block list and a trial of one, and who is sent by whom. */
extern struct scenario attempts_scenario;
struct sender {
	const char *source;
	bool is_reported;
};
#define SENDERS 9
extern const struct sender senders[SENDERS];

void attempts_fill_scenario(void);
/* Apply the scenario, and start with empty tables and a ring without events. */
void attempts_begin(struct fixture *fixture, struct event_limits limits);

/* The events that the last attempts_take_events() consumed, @max at a time. */
struct taken {
	struct ipwl_event events[TAKEN_MAX];
	size_t count;
};
extern struct taken taken;
void attempts_take_events(const struct fixture *fixture, size_t max);
struct event_counts attempts_read_counts(const struct fixture *fixture);

struct packet attempts_build_syn(const char *source, uint16_t port_from);
/* Run the packet as it is, and expect it to be counted; @begins: as an attempt. */
void attempts_run(struct fixture *fixture, const struct packet *packet, bool begins);
/* Run @count attempts of different sources of a blocked network. */
void attempts_run_sources(struct fixture *fixture, uint32_t count, uint32_t step);

uint32_t attempts_boot_sec(void);
/* Have all notes be valid for @life_sec from now on; -1: they have just expired. Return the last
 * one that was found, as it was. */
uint64_t attempts_set_lives(const struct fixture *fixture, int life_sec);
/* Have other attempts in all places of the table that are free, for LONG_SEC. */
void attempts_fill(const struct fixture *fixture);
/* Have each source be below its limit. */
void attempts_make_sources_due(const struct fixture *fixture);

#endif
