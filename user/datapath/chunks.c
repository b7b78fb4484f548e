// SPDX-License-Identifier: GPL-2.0-or-later
/* Chunks: arrays of rule counters, added as rule ids grow. A counter never moves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"
#include "ipwl.skel.h"

int chunks_pin_path(const struct datapath *datapath, uint32_t chunk, char path[PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof(name), "chunk_%u", chunk);
	return pins_path(path, datapath->bpffs_dir, PIN_MAPS_DIR, name);
}

void chunks_open_pinned(struct datapath *datapath)
{
	char path[PATH_MAX];

	datapath->first_fresh_rule = 1;
	for (uint32_t chunk = 0; chunk < IPWL_CHUNKS_MAX; chunk++) {
		if (chunks_pin_path(datapath, chunk, path) || access(path, F_OK))
			continue;
		datapath->chunks[chunk] = bpf_obj_get(path);
		datapath->first_fresh_rule = (chunk + 1) * IPWL_CHUNK_RULES;
	}
}

/* Make, pin and enter a chunk; its counters are zero. */
static int add_chunk(struct datapath *datapath, uint32_t chunk)
{
	int outer = bpf_map__fd(datapath->shared->maps.chunks);
	char path[PATH_MAX];
	int fd, err;

	err = chunks_pin_path(datapath, chunk, path);
	if (err)
		return err;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(uint32_t),
			    sizeof(struct ipwl_rule_counters), IPWL_CHUNK_RULES, NULL);
	if (fd < 0)
		return -errno;
	unlink(path);
	/* Entered before it is pinned: what the next daemon finds pinned counts. */
	err = bpf_map_update_elem(outer, &chunk, &fd, BPF_ANY) ? -errno : 0;
	if (!err)
		err = pins_pin_unless_detached(fd, path);
	if (err) {
		bpf_map_delete_elem(outer, &chunk);
		close(fd);
		return err;
	}
	pthread_mutex_lock(&datapath->lock);
	datapath->chunks[chunk] = fd;
	pthread_mutex_unlock(&datapath->lock);
	return 0;
}

int chunks_prepare(struct datapath *datapath, const uint32_t *rules, size_t count,
		   char error[DATAPATH_ERROR_BYTES])
{
	static const struct ipwl_rule_counters zero;
	bool is_new[IPWL_CHUNKS_MAX] = { false };
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		uint32_t chunk = rules[i] / IPWL_CHUNK_RULES;
		uint32_t key = rules[i] % IPWL_CHUNK_RULES;

		if (chunk >= IPWL_CHUNKS_MAX)
			return errors_report(error, -ENOSPC, "more than %u rules",
					     IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
		if (datapath->chunks[chunk] < 0) {
			err = add_chunk(datapath, chunk);
			is_new[chunk] = true;
		} else if (!is_new[chunk] &&
			   bpf_map_update_elem(datapath->chunks[chunk], &key, &zero, BPF_ANY)) {
			err = -errno;
		}
	}
	return err ? errors_report(error, err, "cannot make room for rule counters") : 0;
}

void chunks_trim(struct datapath *datapath, const struct policy *policy)
{
	int outer = bpf_map__fd(datapath->shared->maps.chunks);
	bool is_used[IPWL_CHUNKS_MAX] = { false };
	char path[PATH_MAX];

	for (size_t i = 0; i < policy->list_count; i++)
		for (size_t j = 0; j < policy->lists[i].rule_count; j++)
			is_used[policy->lists[i].rules[j].id / IPWL_CHUNK_RULES] = true;
	for (uint32_t chunk = 0; chunk < IPWL_CHUNKS_MAX; chunk++) {
		if (is_used[chunk] || datapath->chunks[chunk] < 0)
			continue;
		bpf_map_delete_elem(outer, &chunk);
		if (!chunks_pin_path(datapath, chunk, path))
			unlink(path);
		pthread_mutex_lock(&datapath->lock);
		close(datapath->chunks[chunk]);
		datapath->chunks[chunk] = -1;
		pthread_mutex_unlock(&datapath->lock);
	}
}
