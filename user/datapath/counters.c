// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the counters of rules (one by one or by chunk), of lists and of interfaces. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

int datapath_read_rule(struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters)
{
	uint32_t chunk = rule / IPWL_CHUNK_RULES;
	uint32_t key = rule % IPWL_CHUNK_RULES;
	int err;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOENT;
	pthread_mutex_lock(&datapath->lock);
	err = bpf_map_lookup_elem(datapath->chunks[chunk], &key, ret_counters) ? -errno : 0;
	pthread_mutex_unlock(&datapath->lock);
	return err;
}

/* Return a duplicate of the chunk's descriptor. The writer may close the original at any time,
 * and holding the lock while thousands of counters are read would delay other threads. */
static int borrow_chunk(struct datapath *datapath, uint32_t chunk)
{
	int fd = -ENOENT;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOENT;
	pthread_mutex_lock(&datapath->lock);
	if (datapath->chunks[chunk] >= 0) {
		fd = fcntl(datapath->chunks[chunk], F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -errno : fd;
	}
	pthread_mutex_unlock(&datapath->lock);
	return fd;
}

_Static_assert(sizeof(struct ipwl_rule_counters) % sizeof(uint64_t) == 0, "whole words");

/* Copy word by word, because packets keep counting. */
static void copy_counters(const uint64_t *from, uint64_t *to)
{
	size_t words = IPWL_CHUNK_RULES * sizeof(struct ipwl_rule_counters) / sizeof(*from);

	for (size_t i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* Uses mmap. A batch lookup copies each element separately, which is 30 times as slow. */
int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES])
{
	const size_t bytes = IPWL_CHUNK_RULES * sizeof(*ret_counters);
	int fd = borrow_chunk(datapath, chunk);
	void *mapped;
	int err = 0;

	if (fd < 0)
		return fd;
	mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED) {
		err = -errno;
	} else {
		copy_counters(mapped, (uint64_t *)(void *)ret_counters);
		munmap(mapped, bytes);
	}
	close(fd);
	return err;
}

static struct ipwl_traffic sum_traffic(const struct ipwl_traffic *values, int cpu_count)
{
	struct ipwl_traffic sum = { 0 };

	for (int cpu = 0; cpu < cpu_count; cpu++) {
		sum.packets += values[cpu].packets;
		sum.bytes += values[cpu].bytes;
		sum.connections += values[cpu].connections;
	}
	return sum;
}

/* Read @count values of a per-CPU map, beginning with key @first. Each is summed over the CPUs. */
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
	for (uint32_t i = 0; i < count; i++) {
		uint32_t key = first + i;

		if (bpf_map_lookup_elem(map, &key, values)) {
			err = -errno;
			break;
		}
		ret_traffic[i] = sum_traffic(values, cpu_count);
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
