// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens, pins and closes the maps that all interfaces share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/claim.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

static int map_values(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int err;

	datapath->settings =
	    values_map(datapath->shared->maps.settings, sizeof(struct ipwl_settings));
	if (!datapath->settings)
		return errors_report(error, -errno, "cannot map the settings");
	if (settle_open(datapath))
		return errors_report(error, -errno, "cannot map the pending packets");
	err = attempts_open(bpf_map__fd(datapath->shared->maps.attempt_settings),
			    &datapath->attempt_settings);
	if (err)
		return errors_report(error, err, "cannot map the settings of attempts");
	err = limits_open(datapath);
	if (err)
		return errors_report(error, err, "cannot map the limits");
	err = flood_open(datapath);
	if (err)
		return errors_report(error, err, "cannot map the shield against floods");
	if (classes_open(datapath))
		return errors_report(error, -errno, "cannot map the classes");
	if (lane_maps_open(datapath))
		return errors_report(error, -errno, "cannot map the lanes");
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

static struct datapath *new_datapath(const char *bpffs_dir, const char *owner)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));

	if (!datapath)
		return NULL;
	memset(datapath->tables, -1, sizeof(datapath->tables));
	memset(datapath->chunks, -1, sizeof(datapath->chunks));
	memset(datapath->regions, -1, sizeof(datapath->regions));
	datapath->space.find_region = regions_find;
	pthread_mutex_init(&datapath->lock, NULL);
	pthread_mutex_init(&datapath->settling, NULL);
	datapath->owner = owner;
	datapath->claim = -1;
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

/* Create bpffs_dir and its subdirectories, and claim it for this process. */
static int own_pins(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int err = pins_make_root(datapath->bpffs_dir, error);

	if (err)
		return err;
	/* datapath_detach() may have removed the claimed directory. */
	if (!claim_is_on(datapath->claim, datapath->bpffs_dir)) {
		claim_give(datapath->claim);
		datapath->claim = -1;
		err = claim_take(datapath->bpffs_dir, datapath->owner, &datapath->claim);
	}
	if (err) {
		claim_explain(err, "bpffs_dir", datapath->bpffs_dir, error, DATAPATH_ERROR_BYTES);
		return err;
	}
	return pins_make_subdirs(datapath->bpffs_dir, error);
}

static int open_maps(struct datapath *datapath, bool *ret_adopted, char error[DATAPATH_ERROR_BYTES])
{
	int err = own_pins(datapath, error);

	if (err)
		return err;
	*ret_adopted = is_pinned(datapath->bpffs_dir);
	err = load_skeleton(datapath->bpffs_dir, NULL, 0, &datapath->shared, error);
	if (err)
		return err;
	err = map_values(datapath, error);
	if (err)
		return err;
	return read_lists(datapath, error);
}

int datapath_open(const char *bpffs_dir, const char *owner, struct datapath **ret_datapath,
		  bool *ret_adopted, char error[DATAPATH_ERROR_BYTES])
{
	struct datapath *datapath = new_datapath(bpffs_dir, owner);
	bool adopted;
	int err;

	if (!datapath)
		return errors_report(error, -ENOMEM, "cannot open the data path");
	err = open_maps(datapath, &adopted, error);
	if (err) {
		datapath_close(datapath);
		return err;
	}
	table_maps_open_pinned(datapath);
	chunks_open_pinned(datapath);
	regions_open_pinned(datapath);
	/* An earlier daemon's. */
	memset(datapath->is_filter_entered, adopted, sizeof(datapath->is_filter_entered));
	*ret_adopted = adopted;
	*ret_datapath = datapath;
	return 0;
}

int datapath_peek(const char *bpffs_dir, struct datapath **ret_datapath,
		  char error[DATAPATH_ERROR_BYTES])
{
	struct datapath *datapath = new_datapath(bpffs_dir, NULL);
	int err;

	if (!datapath)
		return errors_report(error, -ENOMEM, "cannot open the data path");
	err = load_pinned(bpffs_dir, &datapath->shared, error);
	if (!err)
		err = map_values(datapath, error);
	if (err) {
		datapath_close(datapath);
		return err;
	}
	chunks_open_pinned(datapath);
	*ret_datapath = datapath;
	return 0;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void datapath_close(struct datapath *datapath)
{
	if (!datapath)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		close_all(datapath->tables[family], IPWL_TABLE_SLOTS);
	close_all(datapath->chunks, IPWL_CHUNKS_MAX);
	close_all(datapath->regions, IPWL_REGION_SLOTS);
	for (uint32_t region = 0; region < IPWL_REGION_SLOTS; region++)
		values_unmap(datapath->space.regions[region], IPWL_REGION_BYTES);
	filter_unmap(datapath->filter);
	settle_close(datapath);
	attempts_close(datapath->attempt_settings);
	limits_close(datapath);
	flood_close(datapath);
	roots_unmap(datapath);
	classes_close(datapath);
	lane_maps_close(datapath);
	values_unmap(datapath->settings, sizeof(struct ipwl_settings));
	ipwl_bpf__destroy(datapath->shared);
	pthread_mutex_destroy(&datapath->lock);
	pthread_mutex_destroy(&datapath->settling);
	for (size_t group = 0; group < IPWL_PORT_GROUPS; group++)
		tables_done(&datapath->in_force[group]);
	claim_give(datapath->claim);
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

void datapath_forget_old_layouts(const struct datapath *datapath)
{
	pins_remove_layouts(datapath->bpffs_dir, PIN_MAPS_DIR);
}

static int pin_shared_maps(struct datapath *datapath)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, datapath->shared->obj)
	{
		/* Internal maps and the maps of interfaces have no path here. */
		if (!bpf_map__pin_path(map))
			continue;
		err = pins_path(path, datapath->bpffs_dir, PIN_MAPS_DIR, bpf_map__name(map));
		if (err)
			return err;
		err = pins_pin(bpf_map__fd(map), path);
		if (err)
			return err;
	}
	return 0;
}

static int pin_table(const struct datapath *datapath, enum family family, uint32_t slot)
{
	int fd = datapath->tables[family][slot];
	char path[PATH_MAX];
	int err;

	if (fd < 0)
		return 0;
	err = table_maps_pin_path(datapath, family, slot, path);
	return err ? err : pins_pin(fd, path);
}

static int pin_tables(const struct datapath *datapath)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (uint32_t slot = 0; slot < IPWL_TABLE_SLOTS; slot++) {
			int err = pin_table(datapath, family, slot);

			if (err)
				return err;
		}
	return 0;
}

/* Pin each open descriptor of @fds at the path that @pin_path returns for its number. */
static int pin_numbered(const struct datapath *datapath, const int *fds, uint32_t count,
			int (*pin_path)(const struct datapath *datapath, uint32_t number,
					char path[PATH_MAX]))
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < count; i++) {
		int err;

		if (fds[i] < 0)
			continue;
		err = pin_path(datapath, i, path);
		if (err)
			return err;
		err = pins_pin(fds[i], path);
		if (err)
			return err;
	}
	return 0;
}

static int pin_all(struct datapath *datapath)
{
	int err = pin_shared_maps(datapath);

	if (err)
		return err;
	err = pin_tables(datapath);
	if (err)
		return err;
	err = pin_numbered(datapath, datapath->chunks, IPWL_CHUNKS_MAX, chunks_pin_path);
	if (err)
		return err;
	return pin_numbered(datapath, datapath->regions, IPWL_REGION_SLOTS, regions_pin_path);
}

int datapath_pin(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	int err = own_pins(datapath, error);

	if (err)
		return err;
	err = pin_all(datapath);
	return err ? errors_report(error, err, "cannot pin maps in %s", datapath->bpffs_dir) : 0;
}
