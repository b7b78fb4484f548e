// SPDX-License-Identifier: GPL-2.0-or-later
/* A generation is everything that decides packets: tables or an index. tables.c or index.c
 * builds a new one beside the generation in force. This file switches to it by one store. */
#include <errno.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/* ---- waiting for packets ---------------------------------------------------- */

/*
 * An update of a map of maps returns after an RCU grace period
 * (maybe_wait_bpf_programs() in the kernel's syscall.c).
 */
static int update_barrier(const struct datapath *datapath)
{
	const uint32_t slot = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nothing", sizeof(uint32_t), sizeof(uint32_t),
				1, NULL);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(datapath->shared->maps.barrier), &slot, &fd, BPF_ANY))
		err = -errno;
	close(fd);
	return err;
}

/* Much longer than a grace period. Only used if the kernel lacks the memory for a barrier. */
#define GRACE_PERIOD_USEC 500000

void generation_wait_for_packets(const struct datapath *datapath)
{
	if (update_barrier(datapath))
		usleep(GRACE_PERIOD_USEC);
}

/* ---- switching -------------------------------------------------------------- */

static uint32_t read_decides(const struct datapath *datapath)
{
	return __atomic_load_n(&datapath->settings->decides, __ATOMIC_ACQUIRE);
}

uint32_t generation_in_force(const struct datapath *datapath)
{
	return read_decides(datapath) & IPWL_DECIDES_GENERATION;
}

bool generation_is_indexed(const struct datapath *datapath)
{
	return read_decides(datapath) & IPWL_DECIDES_BY_INDEX;
}

/* Release regions that a killed daemon has left. No packet finds them any more, but pending ones
 * may tell places in them. */
static void drop_left_regions(struct datapath *datapath, uint32_t generation)
{
	struct regions_mark left = regions_mark(datapath);
	bool is_any = false;

	for (uint32_t slot = 0; slot < IPWL_REGION_SLOTS; slot++) {
		left.is_there[slot] &= slot / IPWL_REGIONS_MAX == generation;
		is_any |= left.is_there[slot];
	}
	if (!is_any)
		return;
	generation_wait_for_packets(datapath);
	if (!datapath_settle(datapath))
		regions_drop(datapath, &left, true);
}

struct generation_before generation_begin(struct datapath *datapath)
{
	static const struct tables unknown[IPWL_PORT_GROUPS];
	uint32_t next = (generation_in_force(datapath) + 1) % IPWL_GENERATIONS;

	/* A killed daemon may have left tables there. */
	table_maps_drop(datapath, next, unknown);
	drop_left_regions(datapath, next);
	return (struct generation_before) {
		.next = next,
		.position = datapath->space.position,
		.regions = regions_mark(datapath),
	};
}

/* From now on, packets and callers of datapath_decide() are decided by @next. Return the filter
 * of the generation before. */
static uint32_t *put_in_force(struct datapath *datapath, uint32_t number,
			      const struct generation *next)
{
	uint32_t decides = number | (next->is_indexed ? IPWL_DECIDES_BY_INDEX : 0) |
			   (next->has_groups ? IPWL_DECIDES_BY_PORT : 0);
	uint32_t *filter = datapath->filter;

	pthread_mutex_lock(&datapath->lock);
	__atomic_store_n(&datapath->settings->decides, decides, __ATOMIC_RELEASE);
	datapath->filter = next->filter;
	pthread_mutex_unlock(&datapath->lock);
	generation_wait_for_packets(datapath);
	return filter;
}

void generation_finish(struct datapath *datapath, const struct generation_before *before,
		       const struct generation *next)
{
	uint32_t last = generation_in_force(datapath);
	uint32_t *last_filter = put_in_force(datapath, before->next, next);

	table_maps_drop(datapath, last, datapath->in_force);
	for (size_t group = 0; group < IPWL_PORT_GROUPS; group++) {
		tables_done(&datapath->in_force[group]);
		datapath->in_force[group] = next->tables[group];
	}
	if (last_filter)
		filter_enter(datapath, last, -1);
	filter_unmap(last_filter);
	/* Pending packets tell places in the former index. If they cannot be settled, it stays
	 * until the next change. */
	if (!datapath_settle(datapath))
		regions_drop(datapath, &before->regions, true);
	datapath->is_known = true;
}
