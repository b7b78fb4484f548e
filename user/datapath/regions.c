// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions are the arrays that hold the index. They are added as it grows, and written through
 * mmap. What is mapped counts as resident memory of ipwld, so that is only what is being filled,
 * and what was looked up since the last change. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

_Static_assert(IPWL_REGION_BYTES % 4096 == 0, "the kernel maps whole pages");

int regions_pin_path(const struct datapath *datapath, uint32_t region, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "region_%u", region);
	return pins_path(path, datapath->bpffs_dir, PIN_MAPS_DIR, name);
}

/* They are not mapped. An earlier daemon's index is only kept until there is a new one. */
void regions_open_pinned(struct datapath *datapath)
{
	char path[PATH_MAX];

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++) {
		if (regions_pin_path(datapath, region, path) || access(path, F_OK))
			continue;
		datapath->regions[region] = bpf_obj_get(path);
		datapath->is_region_entered[region] = true;
	}
}

static struct datapath *datapath_of_space(struct index_space *space)
{
	return (struct datapath *)(void *)((char *)space - offsetof(struct datapath, space));
}

/* Map a region that exists, with the lock held. Return: 0 or -errno. */
static int map_region(struct datapath *datapath, uint32_t region)
{
	void *memory = mmap(NULL, IPWL_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			    datapath->regions[region], 0);

	if (memory == MAP_FAILED)
		return -errno;
	datapath->space.regions[region] = memory;
	return 0;
}

int regions_find(struct index_space *space, uint32_t slot)
{
	struct datapath *datapath = datapath_of_space(space);

	return datapath->regions[slot] >= 0 ? map_region(datapath, slot) : 0;
}

int regions_map(struct datapath *datapath)
{
	int err = 0;

	pthread_mutex_lock(&datapath->lock);
	for (uint32_t region = 0; region < IPWL_REGION_SLOTS && !err; region++)
		if (!datapath->space.regions[region] && index_space_fills(&datapath->space, region))
			err = regions_find(&datapath->space, region);
	pthread_mutex_unlock(&datapath->lock);
	return err;
}

/* With the lock held. */
static void unmap_region(struct datapath *datapath, uint32_t region)
{
	values_unmap(datapath->space.regions[region], IPWL_REGION_BYTES);
	datapath->space.regions[region] = NULL;
}

void regions_unmap(struct datapath *datapath, bool is_filling)
{
	pthread_mutex_lock(&datapath->lock);
	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++)
		if (!is_filling || !index_space_fills(&datapath->space, region))
			unmap_region(datapath, region);
	pthread_mutex_unlock(&datapath->lock);
}

static int outer_region_fd(const struct datapath *datapath)
{
	return bpf_map__fd(datapath->shared->maps.regions);
}

/* Pin a region before it is entered, so that each entered region can be found again by its pin. */
static int pin_region(const struct datapath *datapath, uint32_t region, int fd)
{
	char path[PATH_MAX];
	int err = regions_pin_path(datapath, region, path);

	if (err)
		return err;
	unlink(path);
	return pins_pin_unless_detached(fd, path);
}

static void unpin_region(const struct datapath *datapath, uint32_t region)
{
	char path[PATH_MAX];

	if (!regions_pin_path(datapath, region, path))
		unlink(path);
}

static int add_region(struct datapath *datapath, uint32_t region)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "region", sizeof(uint32_t), IPWL_REGION_BYTES,
				1, &options);
	int err;

	if (fd < 0)
		return -errno;
	err = pin_region(datapath, region, fd);
	if (!err) {
		pthread_mutex_lock(&datapath->lock);
		datapath->regions[region] = fd;
		err = map_region(datapath, region);
		if (err)
			datapath->regions[region] = -1;
		pthread_mutex_unlock(&datapath->lock);
	}
	if (err) {
		unpin_region(datapath, region);
		close(fd);
	}
	return err;
}

int regions_add(struct index_space *space)
{
	struct datapath *datapath = datapath_of_space(space);
	const uint32_t first = space->position.generation * IPWL_REGIONS_MAX;

	for (uint32_t region = first; region < first + IPWL_REGIONS_MAX; region++) {
		int err;

		if (datapath->regions[region] >= 0)
			continue;
		err = add_region(datapath, region);
		return err ? err : (int)region;
	}
	return -ENOSPC;
}

struct regions_mark regions_mark(const struct datapath *datapath)
{
	struct regions_mark mark;

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++)
		mark.is_there[region] = datapath->regions[region] >= 0;
	return mark;
}

int regions_enter(struct datapath *datapath, const struct regions_mark *mark)
{
	uint32_t slots[IPWL_REGION_SLOTS];
	int fds[IPWL_REGION_SLOTS];
	uint32_t count = 0;

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++) {
		if (datapath->regions[region] < 0 || mark->is_there[region])
			continue;
		slots[count] = region;
		fds[count++] = datapath->regions[region];
		datapath->is_region_entered[region] = true;
	}
	return inner_enter(outer_region_fd(datapath), slots, fds, count);
}

/* Close a region that no packet uses any more. Its slot still keeps it alive. */
static void close_region(struct datapath *datapath, uint32_t region)
{
	unpin_region(datapath, region);
	pthread_mutex_lock(&datapath->lock);
	unmap_region(datapath, region);
	close(datapath->regions[region]);
	datapath->regions[region] = -1;
	pthread_mutex_unlock(&datapath->lock);
}

/*
 * Make each slot release its closed region. Deleting an element waits for a grace period each
 * time, and before Linux 6.8 so does looking at one, even if it is empty. Instead, one batch puts
 * a region that is in use into the slots that were ever entered. If an earlier daemon has done
 * that, it is not known here. These slots keep one region at most, until they are entered again.
 */
static void clear_region_slots(struct datapath *datapath)
{
	uint32_t slots[IPWL_REGION_SLOTS];
	int fds[IPWL_REGION_SLOTS];
	uint32_t count = 0;
	int in_use = -1;

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++)
		if (datapath->regions[region] >= 0)
			in_use = datapath->regions[region];
	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++) {
		if (datapath->regions[region] >= 0 || !datapath->is_region_entered[region])
			continue;
		slots[count] = region;
		fds[count++] = in_use;
	}
	if (in_use >= 0 && (!count || !inner_enter(outer_region_fd(datapath), slots, fds, count)))
		return;
	for (uint32_t i = 0; i < count; i++) {
		bpf_map_delete_elem(outer_region_fd(datapath), &slots[i]);
		datapath->is_region_entered[slots[i]] = false;
	}
}

void regions_drop(struct datapath *datapath, const struct regions_mark *mark, bool were_there)
{
	bool is_any = false;

	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++) {
		if (datapath->regions[region] < 0 || mark->is_there[region] != were_there)
			continue;
		close_region(datapath, region);
		is_any = true;
	}
	if (is_any)
		clear_region_slots(datapath);
}
