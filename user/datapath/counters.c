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

#include "base/clock.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

#define NSEC_PER_SEC 1000000000LL

/* Seconds from boot to the Unix epoch's clock: what to add to a time since boot. Packets are
 * dated by a clock that nobody sets. */
static int64_t boot_sec(void)
{
	return time_booted_ns() / NSEC_PER_SEC;
}

static struct ipwl_rule_counters counters_of(const struct ipwl_rule_record *record,
					     int64_t booted_sec)
{
	uint32_t last = (uint32_t)(record->other_packets >> IPWL_RECORD_COUNT_BITS) << 16 |
			(uint32_t)(record->connections >> IPWL_RECORD_COUNT_BITS);
	uint64_t connections = record->connections & IPWL_RECORD_COUNT_MASK;

	return (struct ipwl_rule_counters) {
		.packets = (record->other_packets & IPWL_RECORD_COUNT_MASK) + connections,
		.bytes = record->bytes,
		.connections = connections,
		.averted_packets = record->averted_packets,
		.last_hit_sec = last ? booted_sec + last : 0,
	};
}

int datapath_read_rule(struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters)
{
	struct ipwl_rule_record record;
	uint32_t chunk = rule / IPWL_CHUNK_RULES;
	uint32_t key = rule % IPWL_CHUNK_RULES;
	int err;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOENT;
	pthread_mutex_lock(&datapath->lock);
	err = bpf_map_lookup_elem(datapath->chunks[chunk], &key, &record) ? -errno : 0;
	pthread_mutex_unlock(&datapath->lock);
	if (!err)
		*ret_counters = counters_of(&record, boot_sec());
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

/* Read word by word, because packets keep counting. */
static void copy_counters(const struct ipwl_rule_record *from, struct ipwl_rule_counters *to)
{
	const int64_t booted_sec = boot_sec();

	for (size_t i = 0; i < IPWL_CHUNK_RULES; i++) {
		const struct ipwl_rule_record record = {
			.other_packets = __atomic_load_n(&from[i].other_packets, __ATOMIC_RELAXED),
			.connections = __atomic_load_n(&from[i].connections, __ATOMIC_RELAXED),
			.bytes = __atomic_load_n(&from[i].bytes, __ATOMIC_RELAXED),
			.averted_packets =
			    __atomic_load_n(&from[i].averted_packets, __ATOMIC_RELAXED),
		};

		to[i] = counters_of(&record, booted_sec);
	}
}

/* Uses mmap. A batch lookup copies each element separately, which is 30 times as slow. */
int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES])
{
	const size_t bytes = IPWL_CHUNK_RULES * sizeof(struct ipwl_rule_record);
	int fd = borrow_chunk(datapath, chunk);
	void *mapped;
	int err = 0;

	if (fd < 0)
		return fd;
	mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED) {
		err = -errno;
	} else {
		copy_counters(mapped, ret_counters);
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

int counters_read(int map, uint32_t first, uint32_t count, struct ipwl_traffic *ret_traffic)
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

int counters_zero(int map, uint32_t key)
{
	int cpu_count = libbpf_num_possible_cpus();
	struct ipwl_traffic *zero;
	int err;

	if (cpu_count < 0)
		return cpu_count;
	zero = calloc((size_t)cpu_count, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	err = bpf_map_update_elem(map, &key, zero, BPF_ANY) ? -errno : 0;
	free(zero);
	return err;
}

int datapath_read_list(const struct datapath *datapath, uint16_t slot, enum ipwl_verdict verdict,
		       struct ipwl_traffic *ret_traffic)
{
	return counters_read(bpf_map__fd(datapath->shared->maps.list_counters),
			     IPWL_LIST_COUNTER(slot, (uint32_t)verdict), 1, ret_traffic);
}

int datapath_read_answers(const struct datapath *datapath, uint16_t slot,
			  struct ipwl_traffic *ret_traffic)
{
	return counters_read(bpf_map__fd(datapath->shared->maps.answer_counters), slot, 1,
			     ret_traffic);
}

int interface_read_counters(const struct interface *interface,
			    struct ipwl_traffic ret_counters[IPWL_COUNTER_COUNT])
{
	return counters_read(bpf_map__fd(interface->skeleton->maps.counters), 0, IPWL_COUNTER_COUNT,
			     ret_counters);
}
