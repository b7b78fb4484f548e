// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the counters of very many rules. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "datapath/internal.h"

/* A descriptor of one's own: the writer may close the chunk's at any time, and to hold
 * the lock while thousands of counters are read would keep others waiting. */
static int borrow_chunk(const struct datapath *datapath, uint32_t chunk)
{
	/* Not the datapath's state, but access to it. */
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&datapath->lock;
	int fd = -ENOENT;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOENT;
	pthread_mutex_lock(lock);
	if (datapath->chunks[chunk] >= 0) {
		fd = fcntl(datapath->chunks[chunk], F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -errno : fd;
	}
	pthread_mutex_unlock(lock);
	return fd;
}

_Static_assert(sizeof(struct ipwl_rule_counters) % sizeof(uint64_t) == 0, "whole words");

/* Word by word, for packets go on counting. */
static void copy_counters(const uint64_t *from, uint64_t *to)
{
	size_t words = IPWL_CHUNK_RULES * sizeof(struct ipwl_rule_counters) / sizeof(*from);

	for (size_t i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* Through mmap: a batch of lookups copies each element by itself, 30 times as slow. */
int datapath_read_chunk(const struct datapath *datapath, uint32_t chunk,
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
