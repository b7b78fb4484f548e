// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens, looks up, fills and releases the LPM tries. There is one for each generation, action
 * and family. generation.c chooses which of them decide. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/* An update can fail for a moment, because no memory can be allocated without sleeping or a
 * packet holds a lock. */
#define UPDATE_TRIES 20
#define UPDATE_PAUSE_USEC 500

/* ---- elements ------------------------------------------------------------- */

union table_key {
	struct ipwl_key4 key4;
	struct ipwl_key6 key6;
};

static union table_key key_of(const struct prefix *prefix)
{
	union table_key key = { .key6 = { .prefixlen = prefix->len } };

	_Static_assert(offsetof(struct ipwl_key4, addr) == offsetof(struct ipwl_key6, addr),
		       "one layout but for the length");
	memcpy(key.key6.addr, prefix->addr, prefix->family == FAMILY_IPV4 ? 4 : 16);
	return key;
}

static bool is_transient(int err)
{
	return err == -ENOMEM || err == -EBUSY || err == -EAGAIN || err == -EDEADLK;
}

static int update_element(int table, const struct node *node)
{
	struct ipwl_match match = match_of_node(node);
	union table_key key = key_of(&node->prefix);
	int err = 0;

	for (int try = 0; try < UPDATE_TRIES; try++) {
		err = bpf_map_update_elem(table, &key, &match, BPF_ANY) ? -errno : 0;
		if (!is_transient(err))
			break;
		usleep(UPDATE_PAUSE_USEC);
	}
	return err;
}

static void delete_element(int table, const struct prefix *prefix)
{
	union table_key key = key_of(prefix);

	for (int try = 0; try < UPDATE_TRIES; try++) {
		int err = bpf_map_delete_elem(table, &key) ? -errno : 0;

		if (!is_transient(err))
			break;
		usleep(UPDATE_PAUSE_USEC);
	}
}

int table_map_lookup(int table, const struct prefix *address, struct ipwl_match *ret_match)
{
	union table_key key = key_of(address);

	return bpf_map_lookup_elem(table, &key, ret_match) ? -errno : 0;
}

/* ---- maps ----------------------------------------------------------------- */

int table_maps_pin_path(const struct datapath *datapath, enum family family, uint32_t slot,
			char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "table%d_%u", family == FAMILY_IPV4 ? 4 : 6, slot);
	return pins_path(path, datapath->bpffs_dir, PIN_MAPS_DIR, name);
}

void table_maps_open_pinned(struct datapath *datapath)
{
	char path[PATH_MAX];

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (uint32_t slot = 0; slot < IPWL_TABLE_SLOTS; slot++)
			if (!table_maps_pin_path(datapath, family, slot, path))
				datapath->tables[family][slot] = bpf_obj_get(path);
}

static uint32_t slot_of(uint32_t generation, uint32_t group, enum action action)
{
	return IPWL_ROOT(generation, group) * IPWL_ACTION_COUNT + (uint32_t)action;
}

int table_map_of(const struct datapath *datapath, uint32_t generation, uint32_t group,
		 enum action action, enum family family)
{
	return datapath->tables[family][slot_of(generation, group, action)];
}

static int outer_table_fd(const struct datapath *datapath, enum family family)
{
	return bpf_map__fd(family == FAMILY_IPV4 ? datapath->shared->maps.tables4
						 : datapath->shared->maps.tables6);
}

static int create_table(enum family family)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, family == FAMILY_IPV4 ? "table4" : "table6",
				family == FAMILY_IPV4 ? sizeof(struct ipwl_key4)
						      : sizeof(struct ipwl_key6),
				sizeof(struct ipwl_match), IPWL_TABLE_ENTRIES_MAX, &options);

	return fd < 0 ? -errno : fd;
}

static void set_table_fd(struct datapath *datapath, enum family family, uint32_t slot, int fd)
{
	pthread_mutex_lock(&datapath->lock);
	datapath->tables[family][slot] = fd;
	pthread_mutex_unlock(&datapath->lock);
}

int table_map_build(struct datapath *datapath, uint32_t generation, uint32_t group,
		    enum action action, enum family family, const struct table *table)
{
	uint32_t slot = slot_of(generation, group, action);
	char path[PATH_MAX];
	int fd, err = table_maps_pin_path(datapath, family, slot, path);

	if (err)
		return err;
	fd = create_table(family);
	if (fd < 0)
		return fd;
	/* From now on, table_maps_drop() closes it. */
	set_table_fd(datapath, family, slot, fd);
	for (size_t i = 0; i < table->count; i++) {
		err = update_element(fd, &table->nodes[i]);
		if (err)
			return err;
	}
	err = pins_pin_unless_detached(fd, path);
	if (err)
		return err;
	return bpf_map_update_elem(outer_table_fd(datapath, family), &slot, &fd, BPF_ANY) ? -errno
											  : 0;
}

/* Delete the elements one by one. Releasing a full trie occupies a CPU in the kernel until it
 * is done, 0.4 s for a million elements. */
static void empty_table(int fd, const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		delete_element(fd, &table->nodes[i].prefix);
}

static void drop_table(struct datapath *datapath, enum family family, uint32_t slot,
		       const struct table *content)
{
	int fd = datapath->tables[family][slot];
	char path[PATH_MAX];

	/* A table has a pin and a descriptor before it is entered, so without a descriptor
	 * there is nothing to delete. Even deleting nothing would wait for a grace period. */
	if (fd >= 0)
		bpf_map_delete_elem(outer_table_fd(datapath, family), &slot);
	if (!table_maps_pin_path(datapath, family, slot, path))
		unlink(path);
	if (fd < 0)
		return;
	empty_table(fd, content);
	set_table_fd(datapath, family, slot, -1);
	close(fd);
}

static void drop_group(struct datapath *datapath, uint32_t generation, uint32_t group,
		       const struct tables *content)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (enum action action = 0; action < ACTION_COUNT; action++)
			drop_table(datapath, family, slot_of(generation, group, action),
				   &content->of[action][family]);
}

void table_maps_drop(struct datapath *datapath, uint32_t generation,
		     const struct tables content[IPWL_PORT_GROUPS])
{
	for (uint32_t group = 0; group < IPWL_PORT_GROUPS; group++)
		drop_group(datapath, generation, group, &content[group]);
}
