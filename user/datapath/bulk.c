// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the counters of very many rules. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "internal.h"

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

int datapath_read_chunk(const struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES])
{
	uint32_t *keys = malloc(IPWL_CHUNK_RULES * sizeof(*keys));
	uint32_t count = IPWL_CHUNK_RULES;
	uint32_t next;
	int fd, err;

	if (!keys)
		return -ENOMEM;
	fd = borrow_chunk(datapath, chunk);
	if (fd < 0) {
		free(keys);
		return fd;
	}
	/* ENOENT: there is no batch behind this one. */
	err = bpf_map_lookup_batch(fd, NULL, &next, keys, ret_counters, &count, NULL);
	err = err && errno != ENOENT ? -errno : 0;
	if (!err && count != IPWL_CHUNK_RULES)
		err = -EIO;
	close(fd);
	free(keys);
	return err;
}
