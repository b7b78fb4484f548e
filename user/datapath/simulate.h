/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames judged by the real program and the tables in force, without a packet sent
 * and without a counter moved that anyone reads.
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
	bool has_list; /* a list decided; its slot is below */
	uint16_t list;
};

/**
 * simulation_open() - load the program beside those that are attached
 * @bpffs_dir: where ipwl is pinned; nothing is made there
 *
 * Tables and settings are those that are pinned, and change as they do; all counters
 * are this program's own. Return: 0; -ENOENT: ipwl is not pinned there; -EPERM: this
 * user may not; another -errno.
 */
int simulation_open(const char *bpffs_dir, struct simulation **ret_simulation,
		    char error[DATAPATH_ERROR_BYTES]);
/* NULL is fine. */
void simulation_close(struct simulation *simulation);

/**
 * simulation_run() - judge one frame
 * @frame: from its Ethernet header on, which is 14 bytes at least
 *
 * Return: 0; -EMSGSIZE: this kernel runs no frame as long; another -errno.
 */
int simulation_run(struct simulation *simulation, const void *frame, size_t bytes,
		   struct simulation_result *ret_result);

/* The name of a list by its slot, or NULL; until the next call. */
const char *simulation_list_name(struct simulation *simulation, uint16_t slot);

#endif
