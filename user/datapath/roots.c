// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps the roots of the index. There is one for each generation and group of ports, but only one or
 * two are in use mostly, and what is mapped counts as resident memory of ipwld. */
#include <errno.h>
#include <sys/mman.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

int root_map_locked(struct datapath *datapath, uint32_t number)
{
	void *root;

	if (datapath->roots[number])
		return 0;
	/* Values of this size are whole pages. */
	root = mmap(NULL, sizeof(struct ipwl_roots), PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_map__fd(datapath->shared->maps.roots),
		    (off_t)(number * sizeof(struct ipwl_roots)));
	if (root == MAP_FAILED)
		return -errno;
	datapath->roots[number] = root;
	return 0;
}

int roots_map(struct datapath *datapath, uint32_t generation, uint32_t group_count)
{
	int err = 0;

	pthread_mutex_lock(&datapath->lock);
	for (uint32_t group = 0; group < group_count && !err; group++)
		err = root_map_locked(datapath, IPWL_ROOT(generation, group));
	pthread_mutex_unlock(&datapath->lock);
	return err;
}

void roots_unmap(struct datapath *datapath)
{
	for (uint32_t number = 0; number < IPWL_ROOT_COUNT; number++)
		if (datapath->roots[number])
			munmap(datapath->roots[number], sizeof(struct ipwl_roots));
}
