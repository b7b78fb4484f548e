// SPDX-License-Identifier: GPL-2.0-or-later
/* The filter in front of a large index. It is created and changed together with the index. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

#define FILTER_BYTES (IPWL_FILTER_WORDS * sizeof(uint32_t))

int filter_new(uint32_t **ret_filter, int *ret_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "filter", sizeof(uint32_t), FILTER_BYTES, 1,
				&options);
	void *filter;
	int err;

	if (fd < 0)
		return -errno;
	filter = mmap(NULL, FILTER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (filter == MAP_FAILED) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_filter = filter;
	*ret_fd = fd;
	return 0;
}

void filter_unmap(uint32_t *filter)
{
	if (filter)
		munmap(filter, FILTER_BYTES);
}

int filter_enter(struct datapath *datapath, uint32_t generation, int fd)
{
	int outer = bpf_map__fd(datapath->shared->maps.filters);

	if (fd >= 0) {
		datapath->is_filter_entered[generation] = true;
		return bpf_map_update_elem(outer, &generation, &fd, BPF_ANY) ? -errno : 0;
	}
	/* Even deleting nothing would wait for a grace period. */
	if (!datapath->is_filter_entered[generation])
		return 0;
	datapath->is_filter_entered[generation] = false;
	return bpf_map_delete_elem(outer, &generation) && errno != ENOENT ? -errno : 0;
}

/* A bit may be 0 only if nothing is listed there, before and after the change. So bits are set
 * before the root words are stored, and cleared afterwards. */
void filter_publish(const struct datapath *datapath, const uint32_t *changed, uint32_t slot,
		    bool is_before)
{
	uint32_t first = slot * INDEX_SLOT_FILTER_WORDS;

	for (uint32_t word = first; datapath->filter && word < first + INDEX_SLOT_FILTER_WORDS;
	     word++) {
		uint32_t bits = changed[word] | (is_before ? datapath->filter[word] : 0);

		__atomic_store_n(&datapath->filter[word], bits, __ATOMIC_RELEASE);
	}
}
