// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps of maps. */
#include <errno.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>

#include "datapath/internal.h"

/* Each update waits for a grace period of 10 ms or more. A batch waits once (Linux 6.8). */
int inner_enter(int outer, const uint32_t *slots, const int *fds, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t entered = count;

	if (count > 1 && !bpf_map_update_batch(outer, slots, fds, &entered, &options))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (bpf_map_update_elem(outer, &slots[i], &fds[i], BPF_ANY))
			return -errno;
	return 0;
}
