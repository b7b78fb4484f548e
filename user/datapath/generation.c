// SPDX-License-Identifier: GPL-2.0-or-later
/* A generation is all that decides, tables or index. A new one is built beside the one in
 * force, then one store switches to it. */
#include <errno.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/*
 * An update of a map of maps returns after an RCU grace period
 * (maybe_wait_bpf_programs() in the kernel's syscall.c).
 */
static int wait_for_packets(const struct datapath *datapath)
{
	const uint32_t slot = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nothing", sizeof(uint32_t), sizeof(uint32_t),
				1, NULL);
	int err = fd < 0 ? -errno : 0;

	if (!err &&
	    bpf_map_update_elem(bpf_map__fd(datapath->shared->maps.barrier), &slot, &fd, BPF_ANY))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Much longer than a grace period, where the kernel has no memory for a better way. */
#define GRACE_PERIOD_USEC 500000

static void wait_long_enough(const struct datapath *datapath)
{
	if (wait_for_packets(datapath))
		usleep(GRACE_PERIOD_USEC);
}

bool generation_is_indexed(const struct datapath *datapath)
{
	return datapath->settings->indexed >> datapath->settings->generation % IPWL_GENERATIONS & 1;
}

/* Packets are judged by it from now on. */
static void put_in_force(struct datapath *datapath, uint32_t generation, bool is_indexed)
{
	struct ipwl_settings *settings = datapath->settings;
	uint32_t bit = 1U << generation;

	pthread_mutex_lock(&datapath->lock);
	__atomic_store_n(&settings->indexed,
			 is_indexed ? settings->indexed | bit : settings->indexed & ~bit,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&settings->generation, generation, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&datapath->lock);
	wait_long_enough(datapath);
}

/* How things were before a new generation was built. */
struct before {
	uint32_t generation;
	struct index_space space;
	struct regions_mark regions;
};

static struct before begin(struct datapath *datapath)
{
	static const struct tables unknown;
	struct before before = {
		.generation = datapath->settings->generation % IPWL_GENERATIONS,
		.space = datapath->space,
		.regions = regions_mark(datapath),
	};

	/* What a daemon that was killed may have left. */
	tables_drop(datapath, (before.generation + 1) % IPWL_GENERATIONS, &unknown);
	return before;
}

/* The new generation decides, and the one before goes. @tables: what the new one has in
 * its tables; @filter: of its index. */
static void finish(struct datapath *datapath, const struct before *before, bool is_indexed,
		   const struct tables *tables, uint32_t *filter)
{
	const struct tables gone = datapath->in_force;

	put_in_force(datapath, (before->generation + 1) % IPWL_GENERATIONS, is_indexed);
	datapath->in_force = *tables;
	tables_drop(datapath, before->generation, &gone);
	if (datapath->filter)
		filter_enter(datapath, before->generation, -1);
	filter_unmap(datapath->filter);
	datapath->filter = filter;
	regions_drop(datapath, &before->regions, true);
	datapath->is_known = true;
}

int generation_switch_to_index(struct datapath *datapath, const struct policy *policy,
			       char error[DATAPATH_ERROR_BYTES])
{
	static const struct tables none;
	struct tables gone = datapath->in_force;
	struct before before = begin(datapath);
	uint32_t *filter = NULL;
	int err = index_build(datapath, (before.generation + 1) % IPWL_GENERATIONS, policy, &filter,
			      error);

	if (err) {
		regions_drop(datapath, &before.regions, false);
		datapath->space = before.space;
		return err;
	}
	finish(datapath, &before, true, &none, filter);
	tables_done(&gone);
	return 0;
}

int generation_switch_to_tables(struct datapath *datapath, const struct tables *tables,
				char error[DATAPATH_ERROR_BYTES])
{
	struct before before = begin(datapath);
	int err = tables_build(datapath, (before.generation + 1) % IPWL_GENERATIONS, tables, error);

	if (!err)
		finish(datapath, &before, false, tables, NULL);
	return err;
}
