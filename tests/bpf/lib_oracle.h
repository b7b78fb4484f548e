/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The expected verdict on a frame, from an independent implementation. It reads headers as the
 * RFCs describe them, and searches lists entry by entry. It shares no code with bpf/, nor with
 * the compiler of tables.
 */
#ifndef TESTS_LIB_ORACLE_H
#define TESTS_LIB_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy.h"
#include "ipwl.h"

#define SCENARIO_LISTS_MAX 12
#define SCENARIO_PORTS_MAX 8

struct scenario_entry {
	struct prefix prefix;
	bool is_exclusion;
};

struct scenario_list {
	char name[POLICY_NAME_MAX + 1];
	enum action action;
	bool is_monitor;
	enum on_block on_block; /* fixture_check() expects ON_BLOCK_DROP */
	bool sets_mark, sets_priority;
	uint32_t mark, mark_mask, priority;
	uint16_t ports[SCENARIO_PORTS_MAX]; /* that it is for */
	size_t port_count;		    /* 0: all */
	struct scenario_entry *entries;
	size_t entry_count;
};

/* Everything that decides a packet. */
struct scenario {
	struct scenario_list lists[SCENARIO_LISTS_MAX];
	size_t list_count;
	uint16_t ports[SCENARIO_PORTS_MAX];
	size_t port_count;
	bool enforce;
};

struct ruling {
	enum ipwl_verdict verdict;
	enum ipwl_family family;
	bool is_connection;
	int list;	      /* index in the scenario, -1: no list decided */
	struct prefix prefix; /* of the entry that decided */
};

/* The kind of a frame, before lists are searched. Portless: a first fragment without the ports.
 * The stack may join it with others, so it is judged like mail. */
enum reading_kind {
	READING_MAIL,
	READING_PORTLESS,
	READING_OTHER,
	READING_FRAGMENT,
	READING_MALFORMED,
};

struct reading {
	enum reading_kind kind;
	enum ipwl_family family;
	bool is_connection;
	uint16_t port; /* 0: it cannot be read */
	struct prefix source;
};

struct reading oracle_read(const struct scenario *scenario, const uint8_t *frame, size_t size);
struct ruling oracle_judge(const struct scenario *scenario, const uint8_t *frame, size_t size);

/* Whether a list contains @source and is for the port. */
bool oracle_list_has(const struct scenario *scenario, const struct scenario_list *list,
		     uint16_t port, const struct prefix *source);

/* The same for an address, as if it had sent mail to a port; 0: to an unknown one, which is
 * judged as the scenario's first. */
struct ruling oracle_judge_source(const struct scenario *scenario, uint16_t port,
				  const struct prefix *source);

#endif
