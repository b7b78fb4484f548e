// SPDX-License-Identifier: GPL-2.0-or-later
/* The classes in the kernel: what a match decides, and what was averted by each. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "base/log.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

#define CLASSES_BYTES (IPWL_CLASSES_MAX * sizeof(struct ipwl_class))
#define SETS_BYTES (IPWL_AVERTED_MAX * sizeof(struct ipwl_block_set))

int classes_open(struct datapath *datapath)
{
	struct averted_classes *classes = &datapath->averted;

	classes->classes = values_map(datapath->shared->maps.classes, CLASSES_BYTES);
	if (!classes->classes)
		return -errno;
	classes->sets = values_map(datapath->shared->maps.averted_sets, SETS_BYTES);
	return classes->sets ? 0 : -errno;
}

void classes_close(struct datapath *datapath)
{
	values_unmap(datapath->averted.classes, CLASSES_BYTES);
	values_unmap(datapath->averted.sets, SETS_BYTES);
}

static void write_class(struct datapath *datapath, uint32_t class, uint32_t slot,
			enum ipwl_verdict verdict)
{
	struct ipwl_class content = { .list = (uint16_t)slot, .verdict = (uint8_t)verdict };

	__atomic_store(&datapath->averted.classes[class], &content, __ATOMIC_RELEASE);
}

/* A slot that is in use keeps its action, and so its classes do not change either. */
void classes_write(struct datapath *datapath, uint32_t slot, enum ipwl_action action)
{
	const bool is_allow = action == IPWL_ACTION_ALLOW;

	write_class(datapath, slot, slot, is_allow ? IPWL_ALLOW : IPWL_BLOCK);
	write_class(datapath, slot | IPWL_CLASS_SECOND, slot,
		    is_allow ? IPWL_AVERTED : IPWL_WOULD_BLOCK);
}

void classes_set_answer(struct datapath *datapath, uint32_t slot, enum ipwl_answer answer)
{
	__atomic_store_n(&datapath->averted.classes[slot].answer, (uint8_t)answer,
			 __ATOMIC_RELEASE);
}

/* If a counter cannot be zeroed, the next class of this number begins with it. */
void classes_forget(struct datapath *datapath, uint16_t slot)
{
	int counters = bpf_map__fd(datapath->shared->maps.averted_counters);
	uint16_t freed[IPWL_AVERTED_MAX];
	size_t count;

	pthread_mutex_lock(&datapath->lock);
	count = averted_forget(&datapath->averted, slot, freed);
	for (size_t i = 0; i < count; i++)
		counters_zero(counters, freed[i]);
	pthread_mutex_unlock(&datapath->lock);
}

void classes_report_full(struct datapath *datapath)
{
	if (datapath->averted.is_full)
		log_warning("datapath",
			    "the lists overlap in more than %d combinations, so some averted "
			    "packets are not counted by block list",
			    IPWL_AVERTED_MAX);
	datapath->averted.is_full = false;
}

/* ---- reading --------------------------------------------------------------- */

struct pairs {
	struct averted_pair *items;
	size_t count;
	size_t capacity;
};

/* Return: the pair; NULL: out of memory. */
static struct averted_pair *find_pair(struct pairs *pairs, uint16_t allow, uint16_t block)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->items[i].allow == allow && pairs->items[i].block == block)
			return &pairs->items[i];
	if (pairs->count == pairs->capacity) {
		size_t capacity = pairs->capacity ? 2 * pairs->capacity : 16;
		struct averted_pair *items = realloc(pairs->items, capacity * sizeof(*items));

		if (!items)
			return NULL;
		pairs->items = items;
		pairs->capacity = capacity;
	}
	pairs->items[pairs->count] = (struct averted_pair) { .allow = allow, .block = block };
	return &pairs->items[pairs->count++];
}

static int add_class(struct pairs *pairs, uint16_t allow, const struct ipwl_block_set *set,
		     const struct ipwl_traffic *traffic)
{
	for (uint16_t block = 0; block < IPWL_LISTS_MAX; block++) {
		struct averted_pair *pair;

		if (!(set->words[block / 64] >> block % 64 & 1))
			continue;
		pair = find_pair(pairs, allow, block);
		if (!pair)
			return -ENOMEM;
		pair->traffic.packets += traffic->packets;
		pair->traffic.bytes += traffic->bytes;
		pair->traffic.connections += traffic->connections;
	}
	return 0;
}

static int read_pairs(const struct datapath *datapath, struct pairs *pairs)
{
	int counters = bpf_map__fd(datapath->shared->maps.averted_counters);
	int err = 0;

	for (uint32_t i = 0; i < IPWL_AVERTED_MAX && !err; i++) {
		struct ipwl_traffic traffic;
		struct ipwl_class class;

		__atomic_load(&datapath->averted.classes[IPWL_CLASS_AVERTED + i], &class,
			      __ATOMIC_ACQUIRE);
		if (!class.verdict)
			continue;
		err = counters_read(counters, i, 1, &traffic);
		if (!err)
			err = add_class(pairs, class.list, &datapath->averted.sets[i], &traffic);
	}
	return err;
}

int datapath_read_averted(struct datapath *datapath, struct averted_pair **ret_pairs,
			  size_t *ret_count)
{
	struct pairs pairs = { .items = NULL };
	int err;

	/* No class becomes free meanwhile. */
	pthread_mutex_lock(&datapath->lock);
	err = read_pairs(datapath, &pairs);
	pthread_mutex_unlock(&datapath->lock);
	if (err) {
		free(pairs.items);
		return err;
	}
	*ret_pairs = pairs.items;
	*ret_count = pairs.count;
	return 0;
}
