// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps the values of arrays into memory. */
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"

/* The kernel maps whole pages. */
static size_t mapped_bytes(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

void *values_map(const struct bpf_map *map, size_t bytes)
{
	void *value = mmap(NULL, mapped_bytes(bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
			   bpf_map__fd(map), 0);

	return value == MAP_FAILED ? NULL : value;
}

void values_unmap(void *value, size_t bytes)
{
	if (value)
		munmap(value, mapped_bytes(bytes));
}
