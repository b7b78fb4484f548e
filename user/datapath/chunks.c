// SPDX-License-Identifier: GPL-2.0-or-later
/* Chunks are arrays of rule counters. They are added as rule ids grow. A counter never moves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/rule_array.h"
#include "datapath/internal.h"
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

static int create_chunk(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(uint32_t),
				sizeof(struct ipwl_rule_record), IPWL_CHUNK_RULES, &options);

	return fd < 0 ? -errno : fd;
}

/* Up to so many rules, half of a second-level cache of 1 MiB holds their records, and adding to
 * them directly is quicker (docs/lookup.md). */
#define BATCHES_ABOVE_RULES 16384

/* Chunks that are created together. */
struct new_chunks {
	uint32_t slots[IPWL_CHUNKS_MAX];
	int fds[IPWL_CHUNKS_MAX];
	uint32_t count;
	bool is_new[IPWL_CHUNKS_MAX];
};

static int add_chunk(struct new_chunks *new, uint32_t chunk)
{
	int fd = create_chunk();

	if (fd < 0)
		return fd;
	new->slots[new->count] = chunk;
	new->fds[new->count++] = fd;
	new->is_new[chunk] = true;
	return 0;
}

static int pin_chunk(const struct datapath *datapath, uint32_t chunk, int fd)
{
	char path[PATH_MAX];
	int err = chunks_pin_path(datapath, chunk, path);

	if (err)
		return err;
	unlink(path);
	return pins_pin_unless_detached(fd, path);
}

/* Chunks are entered before they are pinned, because the next daemon relies on each pinned
 * chunk to count. */
static int enter_chunks(struct datapath *datapath, const struct new_chunks *new)
{
	int err = inner_enter(bpf_map__fd(datapath->shared->maps.chunks), new->slots, new->fds,
			      new->count);

	if (err)
		return err;
	for (uint32_t i = 0; i < new->count; i++) {
		err = pin_chunk(datapath, new->slots[i], new->fds[i]);
		if (err)
			return err;
	}
	pthread_mutex_lock(&datapath->lock);
	for (uint32_t i = 0; i < new->count; i++)
		datapath->chunks[new->slots[i]] = new->fds[i];
	pthread_mutex_unlock(&datapath->lock);
	return 0;
}

static void give_up_chunks(const struct datapath *datapath, const struct new_chunks *new)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < new->count; i++) {
		bpf_map_delete_elem(bpf_map__fd(datapath->shared->maps.chunks), &new->slots[i]);
		if (!chunks_pin_path(datapath, new->slots[i], path))
			unlink(path);
		close(new->fds[i]);
	}
}

static int prepare_rule(const struct datapath *datapath, struct new_chunks *new, uint32_t rule)
{
	static const struct ipwl_rule_record zero;
	uint32_t chunk = rule / IPWL_CHUNK_RULES;
	uint32_t key = rule % IPWL_CHUNK_RULES;

	if (chunk >= IPWL_CHUNKS_MAX)
		return -ENOSPC;
	if (new->is_new[chunk])
		return 0;
	if (datapath->chunks[chunk] < 0)
		return add_chunk(new, chunk);
	return bpf_map_update_elem(datapath->chunks[chunk], &key, &zero, BPF_ANY) ? -errno : 0;
}

static int prepare_rules(struct datapath *datapath, struct new_chunks *new, const uint32_t *rules,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int err = prepare_rule(datapath, new, rules[i]);

		if (err)
			return err;
	}
	return new->count ? enter_chunks(datapath, new) : 0;
}

int chunks_prepare(struct datapath *datapath, const uint32_t *rules, size_t count,
		   char error[DATAPATH_ERROR_BYTES])
{
	struct new_chunks new = { .count = 0 };
	int err;

	/* A pending packet may belong to the rule that had the id before. */
	if (count)
		datapath_settle(datapath);
	err = prepare_rules(datapath, &new, rules, count);

	if (!err)
		return 0;
	give_up_chunks(datapath, &new);
	if (err == -ENOSPC)
		return errors_report(error, err, "the policy has more than %u rules",
				     IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
	return errors_report(error, err, "cannot allocate rule counters");
}

size_t chunks_count_rules(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->list_count; i++)
		count += policy->lists[i].rule_count;
	return count;
}

void chunks_choose_batches(struct datapath *datapath, const struct policy *policy)
{
	__atomic_store_n(&datapath->settings->batches,
			 chunks_count_rules(policy) > BATCHES_ABOVE_RULES, __ATOMIC_RELAXED);
}

void chunks_trim(struct datapath *datapath, const struct policy *policy)
{
	int outer = bpf_map__fd(datapath->shared->maps.chunks);
	bool is_used[IPWL_CHUNKS_MAX] = { false };
	const struct rule *rule;
	struct rule_cursor rules;
	char path[PATH_MAX];

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		rule_cursor_init(&rules, list->rules, 0, list->rule_count);
		while ((rule = rule_cursor_next(&rules)))
			is_used[rule->id / IPWL_CHUNK_RULES] = true;
	}
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
