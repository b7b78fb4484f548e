// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading counters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

int datapath_read_rule(const struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters)
{
	/* Not the datapath's state, but access to it. */
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&datapath->lock;
	uint32_t chunk = rule / IPWL_CHUNK_RULES;
	uint32_t key = rule % IPWL_CHUNK_RULES;
	int err;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOENT;
	pthread_mutex_lock(lock);
	err = bpf_map_lookup_elem(datapath->chunks[chunk], &key, ret_counters) ? -errno : 0;
	pthread_mutex_unlock(lock);
	return err;
}

/* Read @count values of a per-CPU map, from key @first on, each summed. */
static int read_summed(int map, uint32_t first, uint32_t count, struct ipwl_traffic *ret_traffic)
{
	int cpu_count = libbpf_num_possible_cpus();
	struct ipwl_traffic *values;
	int err = 0;

	if (cpu_count < 0)
		return cpu_count;
	values = calloc((size_t)cpu_count, sizeof(*values));
	if (!values)
		return -ENOMEM;
	memset(ret_traffic, 0, count * sizeof(*ret_traffic));
	for (uint32_t i = 0; i < count && !err; i++) {
		uint32_t key = first + i;

		if (bpf_map_lookup_elem(map, &key, values))
			err = -errno;
		for (int cpu = 0; cpu < cpu_count && !err; cpu++) {
			ret_traffic[i].packets += values[cpu].packets;
			ret_traffic[i].bytes += values[cpu].bytes;
			ret_traffic[i].connections += values[cpu].connections;
		}
	}
	free(values);
	return err;
}

int datapath_read_list(const struct datapath *datapath, uint16_t slot,
		       struct ipwl_traffic *ret_traffic)
{
	return read_summed(bpf_map__fd(datapath->shared->maps.list_counters), slot, 1, ret_traffic);
}

int interface_read_counters(const struct interface *interface,
			    struct ipwl_traffic ret_counters[IPWL_COUNTER_COUNT])
{
	return read_summed(bpf_map__fd(interface->skeleton->maps.counters), 0, IPWL_COUNTER_COUNT,
			   ret_counters);
}
