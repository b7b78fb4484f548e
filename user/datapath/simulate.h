/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges frames with the real program and the tables in force. It sends no packet and changes
 * no counter that anyone reads.
 */
#ifndef DATAPATH_SIMULATE_H
#define DATAPATH_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "datapath/datapath.h"

struct simulation;

struct simulation_result {
	enum ipwl_verdict verdict;
	enum ipwl_family family;
	bool is_connection;
	bool has_list; /* a list decided; `list` is its slot */
	uint16_t list;
};

/**
 * simulation_open() - load the program beside those that are attached
 * @bpffs_dir: where ipwl is pinned; nothing is created there
 *
 * The program uses the pinned tables and settings and follows their changes. It has counters of
 * its own.
 *
 * Return: 0; -ENOENT: ipwl is not pinned there; -EPERM: this user lacks the permission; another
 * -errno.
 */
int simulation_open(const char *bpffs_dir, struct simulation **ret_simulation,
		    char error[DATAPATH_ERROR_BYTES]);
/* NULL is fine. */
void simulation_close(struct simulation *simulation);

/**
 * simulation_run() - judge one frame
 * @frame: begins with its Ethernet header; at least 14 bytes
 *
 * Return: 0; -EMSGSIZE: this kernel cannot run a frame that long; another -errno.
 */
int simulation_run(struct simulation *simulation, const void *frame, size_t bytes,
		   struct simulation_result *ret_result);

/* The limits in force, and whether ipwl enforces. The program does not judge by limits, because
 * packets of a capture come at other times than when they are run. Return: 0 or -errno. */
int simulation_read_limits(const struct simulation *simulation, struct limits *ret_limits,
			   bool *ret_is_enforcing);

/* The name of the list in a slot, or NULL. It is valid until the next call. */
const char *simulation_list_name(struct simulation *simulation, uint16_t slot);

#endif
