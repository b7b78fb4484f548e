/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps that are written through a mapping, and the regions that hold blocks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "candidates.h"

int storage_fd(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		fail("no map %s", name);
	return fd;
}

static size_t whole_pages(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

static void *map_pages(int fd, size_t size)
{
	void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (mapping == MAP_FAILED)
		fail("cannot map %zu bytes: %s", size, strerror(errno));
	return mapping;
}

void *storage_map(struct bpf_object *object, const char *name, size_t *ret_size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		fail("no map %s", name);
	*ret_size =
	    whole_pages((size_t)bpf_map__value_size(map) * (size_t)bpf_map__max_entries(map));
	return map_pages(bpf_map__fd(map), *ret_size);
}

void storage_unmap(void *mapping, size_t size)
{
	munmap(mapping, size);
}

size_t storage_memory(int map)
{
	char path[64], line[128];
	size_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map);
	file = fopen(path, "r");
	if (!file)
		fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "memlock:", 8))
			bytes = strtoull(line + 8, NULL, 10);
	}
	fclose(file);
	return bytes;
}

#define REGION_MAPPED (REGION_BYTES + REGION_SLACK)

void regions_open(struct regions *regions, struct bpf_object *object, const char *name)
{
	*regions = (struct regions) { .outer = storage_fd(object, name), .used = REGION_BYTES };
}

static void add_region(struct regions *regions)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "region", sizeof(uint32_t), REGION_MAPPED, 1,
				&options);

	if (fd < 0 || bpf_map_update_elem(regions->outer, &regions->count, &fd, 0))
		fail("cannot add region %u: %s", regions->count, strerror(errno));
	if (regions->bytes)
		munmap(regions->bytes, REGION_MAPPED);
	regions->bytes = map_pages(fd, REGION_MAPPED);
	close(fd);
	regions->count++;
	regions->used = 0;
}

uint32_t regions_take(struct regions *regions, size_t size, int unit_shift, void **ret_block)
{
	size_t unit = (size_t)1 << unit_shift;
	uint32_t at;

	if (regions->used + size > REGION_BYTES)
		add_region(regions);
	*ret_block = regions->bytes + regions->used;
	at = (regions->count - 1) << (REGION_SHIFT - unit_shift) |
	     (uint32_t)(regions->used >> unit_shift);
	regions->used = (regions->used + size + unit - 1) & ~(unit - 1);
	return at;
}

size_t regions_close(struct regions *regions)
{
	if (regions->bytes)
		munmap(regions->bytes, REGION_MAPPED);
	return (size_t)(regions->count - 1) * REGION_MAPPED + regions->used;
}
