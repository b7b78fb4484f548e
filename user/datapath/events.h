/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts to connect that the kernel reports (ipwl_event.h says what is reported). Their limits
 * are part of struct datapath_change.
 */
#ifndef DATAPATH_EVENTS_H
#define DATAPATH_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "ipwl_event.h"

struct datapath;
struct events;

/**
 * events_open() - read the events of a datapath
 * @take: called by events_consume() for each event, which is valid until it returns
 *
 * The events are pinned, so those that were reported while no process read them come first. Only
 * one reader at a time: the one that has claimed bpffs_dir. Return: 0 or -errno.
 */
int events_open(const struct datapath *datapath,
		void (*take)(void *context, const struct ipwl_event *event), void *context,
		struct events **ret_events);
/* NULL is fine. Events that have not been consumed stay for the next reader. */
void events_close(struct events *events);

/* A descriptor that is readable while there are events. */
int events_fd(const struct events *events);

/* Consume @max events at most. Return: how many; -errno. */
int events_consume(struct events *events, size_t max);

/* What became of attempts that were to be reported, since the maps were created. */
struct event_counts {
	uint64_t fates[IPWL_FATE_COUNT];
	uint64_t crowded; /* attempts that found no place in the table, see ipwl_event.h */
};

/* Return: 0 or -errno. */
int datapath_read_event_counts(const struct datapath *datapath, struct event_counts *ret_counts);

/* Count the events in the ring that nobody has consumed yet. Return: 0 or -errno. */
int datapath_count_unread_events(const struct datapath *datapath, uint64_t *ret_count);

#endif
