// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening, pinning and closing the maps that all interfaces share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"
#include "ipwl.skel.h"

/* The kernel maps whole pages. */
static size_t settings_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct ipwl_settings) + page - 1) / page * page;
}

static int map_settings(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int fd = bpf_map__fd(datapath->shared->maps.settings);
	void *settings = mmap(NULL, settings_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (settings == MAP_FAILED)
		return errors_report(error, -errno, "cannot map the settings");
	datapath->settings = settings;
	while (!datapath->settings->cookie)
		if (getrandom(&datapath->settings->cookie, sizeof(uint64_t), 0) < 0)
			return errors_report(error, -errno, "cannot get a random number");
	return 0;
}

static int read_lists(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int fd = bpf_map__fd(datapath->shared->maps.lists);

	for (uint32_t slot = 0; slot < IPWL_LISTS_MAX; slot++)
		if (bpf_map_lookup_elem(fd, &slot, &datapath->lists[slot]))
			return errors_report(error, -errno, "cannot read the lists' slots");
	return 0;
}

static struct datapath *new_datapath(const char *bpffs_dir)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));

	if (!datapath)
		return NULL;
	memset(datapath->tables, -1, sizeof(datapath->tables));
	memset(datapath->chunks, -1, sizeof(datapath->chunks));
	pthread_mutex_init(&datapath->lock, NULL);
	datapath->bpffs_dir = strdup(bpffs_dir);
	if (!datapath->bpffs_dir) {
		datapath_close(datapath);
		return NULL;
	}
	return datapath;
}

static bool is_pinned(const char *bpffs_dir)
{
	char path[PATH_MAX];

	return !pins_path(path, bpffs_dir, PIN_MAPS_DIR, "settings") && !access(path, F_OK);
}

int datapath_open(const char *bpffs_dir, struct datapath **ret_datapath, bool *ret_adopted,
		  char error[DATAPATH_ERROR_BYTES])
{
	struct datapath *datapath = new_datapath(bpffs_dir);
	bool adopted;
	int err;

	if (!datapath)
		return errors_report(error, -ENOMEM, "cannot open the data path");
	err = pins_prepare(bpffs_dir, error);
	adopted = !err && is_pinned(bpffs_dir);
	if (!err)
		err = load_skeleton(bpffs_dir, NULL, &datapath->shared, error);
	if (!err)
		err = map_settings(datapath, error);
	if (!err)
		err = read_lists(datapath, error);
	if (err) {
		datapath_close(datapath);
		return err;
	}
	tables_open_pinned(datapath);
	chunks_open_pinned(datapath);
	*ret_adopted = adopted;
	*ret_datapath = datapath;
	return 0;
}

void datapath_close(struct datapath *datapath)
{
	if (!datapath)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		for (int slot = 0; slot < IPWL_TABLE_SLOTS; slot++)
			if (datapath->tables[family][slot] >= 0)
				close(datapath->tables[family][slot]);
	for (int chunk = 0; chunk < IPWL_CHUNKS_MAX; chunk++)
		if (datapath->chunks[chunk] >= 0)
			close(datapath->chunks[chunk]);
	if (datapath->settings)
		munmap(datapath->settings, settings_bytes());
	ipwl_bpf__destroy(datapath->shared);
	pthread_mutex_destroy(&datapath->lock);
	free(datapath->bpffs_dir);
	free(datapath);
}

uint64_t datapath_cookie(const struct datapath *datapath)
{
	return datapath->settings->cookie;
}

uint32_t datapath_first_fresh_rule(const struct datapath *datapath)
{
	return datapath->first_fresh_rule;
}

static int pin_shared_maps(struct datapath *datapath)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, datapath->shared->obj)
	{
		/* Internal maps and those of interfaces have no path here. */
		if (!bpf_map__pin_path(map))
			continue;
		err = pins_path(path, datapath->bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));
		if (!err)
			err = pins_pin(bpf_map__fd(map), path);
		if (err)
			return err;
	}
	return 0;
}

static int pin_tables_and_chunks(struct datapath *datapath)
{
	char path[PATH_MAX];
	int err = 0;

	for (enum family family = 0; family < FAMILY_COUNT && !err; family++)
		for (uint32_t slot = 0; slot < IPWL_TABLE_SLOTS && !err; slot++) {
			if (datapath->tables[family][slot] < 0)
				continue;
			err = tables_pin_path(datapath, family, slot, path);
			if (!err)
				err = pins_pin(datapath->tables[family][slot], path);
		}
	for (uint32_t chunk = 0; chunk < IPWL_CHUNKS_MAX && !err; chunk++) {
		if (datapath->chunks[chunk] < 0)
			continue;
		err = chunks_pin_path(datapath, chunk, path);
		if (!err)
			err = pins_pin(datapath->chunks[chunk], path);
	}
	return err;
}

int datapath_pin(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int err = pins_prepare(datapath->bpffs_dir, error);

	if (err)
		return err;
	err = pin_shared_maps(datapath);
	if (!err)
		err = pin_tables_and_chunks(datapath);
	return err ? errors_report(error, err, "cannot pin maps in %s", datapath->bpffs_dir) : 0;
}
