// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the index in the kernel, or changes it in place. Written units never change. A root
 * word is replaced by one store, so that each address is decided either as before or as after.
 * Nothing is published before all of it is written, so a failure needs no undo.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/progress.h"
#include "datapath/internal.h"

_Static_assert((int)FAMILY_IPV4 == 0 && (int)FAMILY_IPV6 == 1, "roots go by family");

/* If at least this many slots change, building a new index is as quick. */
#define CHANGED_SLOTS_MAX (IPWL_ROOT_WORDS / 2)
/* Changes leave unused units behind; only a new index frees them. It is built when there are
 * more unused units than the index had at first, and more than this number. */
#define GARBAGE_UNITS_MIN (4 * IPWL_REGION_UNITS)

static int report_index(char error[DATAPATH_ERROR_BYTES], int err)
{
	if (err == -ENOSPC)
		return errors_report(error, err,
				     "the policy needs more than the %u MiB that an index "
				     "can have",
				     IPWL_REGIONS_MAX);
	return errors_report(error, err, "cannot build the index");
}

/* ---- built anew ------------------------------------------------------------ */

/* A root is built in so many ranges, so that little is compiled at a time. */
#define ROOT_RANGES 256U

/* Build a whole root. @before: how many ranges of other roots are built. */
static int build_root(struct datapath *datapath, struct index_builder *builder, enum family family,
		      const struct index_root *root, uint32_t before)
{
	struct prefix range = { .family = (uint8_t)family, .len = 8 };

	for (unsigned int first = 0; first < ROOT_RANGES; first++) {
		int err;

		range.addr[0] = (uint8_t)first;
		err = index_builder_run(builder, &range, root);
		if (err)
			return err;
		regions_unmap(datapath, true);
		progress_set(before + first + 1);
	}
	return 0;
}

/* The root of a group, or of the first one, in a generation whose roots are mapped. */
static uint32_t *root_words(const struct datapath *datapath, uint32_t generation, uint32_t group,
			    enum family family)
{
	return datapath->roots[IPWL_ROOT(generation, group)]->words[family];
}

/* NULL: out of memory. */
static struct index_builder *new_builder(struct datapath *datapath, const struct policy *policy,
					 const struct port_groups *groups, uint32_t group)
{
	return index_builder_new(policy, groups->firsts[group], group ? groups->firsts[0] : 0,
				 &datapath->space, &datapath->averted, INDEX_SPLIT_ABOVE);
}

static int build_group(struct datapath *datapath, const struct policy *policy,
		       const struct port_groups *groups, uint32_t generation, uint32_t group,
		       uint32_t *filter)
{
	struct index_builder *builder = new_builder(datapath, policy, groups, group);
	int err = builder ? 0 : -ENOMEM;

	for (enum family family = 0; family < FAMILY_COUNT && !err; family++) {
		struct index_root root = {
			.words = root_words(datapath, generation, group, family),
			.first_words = root_words(datapath, generation, 0, family),
		};

		if (family == FAMILY_IPV4)
			root.filter = filter;
		err = build_root(datapath, builder, family, &root,
				 (group * FAMILY_COUNT + (uint32_t)family) * ROOT_RANGES);
	}
	index_builder_free(builder);
	return err;
}

/* Write the index of a generation that is not in force, and enter the new regions. @filter:
 * mapped, with the descriptor @filter_fd; or NULL and -1. */
static int write_index(struct datapath *datapath, const struct generation_before *before,
		       const struct policy *policy, const struct port_groups *groups,
		       uint32_t *filter, int filter_fd)
{
	int err = roots_map(datapath, before->next, (uint32_t)groups->count);

	progress_begin(false, (uint64_t)groups->count * FAMILY_COUNT * ROOT_RANGES,
		       "building the index");
	for (uint32_t group = 0; group < groups->count && !err; group++)
		err = build_group(datapath, policy, groups, before->next, group, filter);
	if (err)
		return err;
	ports_write(datapath, before->next, groups);
	err = regions_enter(datapath, &before->regions);
	if (err)
		return err;
	return filter_enter(datapath, before->next, filter_fd);
}

/* @ret_filter: mapped, or NULL. */
static int build_index(struct datapath *datapath, const struct generation_before *before,
		       const struct policy *policy, const struct port_groups *groups,
		       uint32_t **ret_filter)
{
	uint32_t *filter = NULL;
	int filter_fd = -1;
	int err;

	if (chunks_count_rules(policy) >= INDEX_FILTER_RULES) {
		err = filter_new(&filter, &filter_fd);
		if (err)
			return err;
	}
	index_space_init(&datapath->space, before->next, regions_add);
	err = write_index(datapath, before, policy, groups, filter, filter_fd);
	if (filter_fd >= 0)
		close(filter_fd);
	if (err) {
		filter_unmap(filter);
		return err;
	}
	*ret_filter = filter;
	return 0;
}

/* Discard what a failed change has written. */
static void undo_writes(struct datapath *datapath, const struct regions_mark *regions,
			const struct index_position *position)
{
	regions_drop(datapath, regions, false);
	datapath->space.position = *position;
}

static int switch_index(struct datapath *datapath, const struct policy *policy,
			const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	struct generation_before before = generation_begin(datapath);
	struct generation next = { .is_indexed = true, .has_groups = groups->count > 1 };
	int err = build_index(datapath, &before, policy, groups, &next.filter);

	if (err) {
		undo_writes(datapath, &before.regions, &before.position);
		return report_index(error, err);
	}
	datapath->rebuilt_units = datapath->space.position.unit_count;
	generation_finish(datapath, &before, &next);
	return 0;
}

/* ---- in place ------------------------------------------------------------- */

/* The slots of a root that change, and their new content. */
struct slots {
	bool is_changed[IPWL_ROOT_WORDS];
	uint32_t words[IPWL_PORT_GROUPS][IPWL_ROOT_WORDS];
	uint32_t filter[IPWL_FILTER_WORDS]; /* IPv4 */
	size_t count;
};

static void mark_slots(struct slots slots[FAMILY_COUNT], const struct prefix *prefix)
{
	struct slots *root = &slots[prefix->family];
	uint32_t slot = (uint32_t)prefix->addr[0] << 8 | prefix->addr[1];
	uint32_t end =
	    slot + (prefix->len < IPWL_ROOT_BITS ? 1U << (IPWL_ROOT_BITS - prefix->len) : 1);

	for (; slot < end; slot++) {
		root->count += !root->is_changed[slot];
		root->is_changed[slot] = true;
	}
}

static int build_slots(struct index_builder *builder, uint32_t group, enum family family,
		       struct slots *slots)
{
	const struct index_root root = {
		.words = slots->words[group],
		.first_words = slots->words[0],
		.filter = family == FAMILY_IPV4 ? slots->filter : NULL,
	};

	for (uint32_t slot = 0; slot < IPWL_ROOT_WORDS; slot++) {
		const struct prefix range = {
			.addr = { (uint8_t)(slot >> 8), (uint8_t)slot },
			.family = (uint8_t)family,
			.len = IPWL_ROOT_BITS,
		};
		int err = slots->is_changed[slot] ? index_builder_run(builder, &range, &root) : 0;

		if (err)
			return err;
	}
	return 0;
}

/* Of all groups. Only the ports of a group see its word. */
static void publish_slot(const struct datapath *datapath, size_t group_count, enum family family,
			 const struct slots *slots, uint32_t slot)
{
	for (uint32_t group = 0; group < group_count; group++) {
		uint32_t *words =
		    root_words(datapath, generation_in_force(datapath), group, family);

		__atomic_store_n(&words[slot], slots->words[group][slot], __ATOMIC_RELEASE);
	}
}

static void publish_slots(const struct datapath *datapath, size_t group_count, enum family family,
			  const struct slots *slots)
{
	for (uint32_t slot = 0; slot < IPWL_ROOT_WORDS; slot++) {
		if (!slots->is_changed[slot])
			continue;
		if (family == FAMILY_IPV4)
			filter_publish(datapath, slots->filter, slot, true);
		publish_slot(datapath, group_count, family, slots, slot);
		if (family == FAMILY_IPV4)
			filter_publish(datapath, slots->filter, slot, false);
	}
}

/* Write the units that the slots of a group lead to. */
static int write_group(struct datapath *datapath, const struct policy *policy,
		       const struct port_groups *groups, uint32_t group,
		       struct slots slots[FAMILY_COUNT])
{
	struct index_builder *builder = new_builder(datapath, policy, groups, group);
	int err = builder ? 0 : -ENOMEM;

	for (enum family family = 0; family < FAMILY_COUNT && !err; family++)
		err = build_slots(builder, group, family, &slots[family]);
	index_builder_free(builder);
	return err;
}

static int change_slots(struct datapath *datapath, const struct policy *policy,
			const struct port_groups *groups, struct slots slots[FAMILY_COUNT],
			char error[DATAPATH_ERROR_BYTES])
{
	const struct index_position position = datapath->space.position;
	const struct regions_mark regions = regions_mark(datapath);
	int err = roots_map(datapath, generation_in_force(datapath), (uint32_t)groups->count);

	if (!err)
		err = regions_map(datapath);
	for (uint32_t group = 0; group < groups->count && !err; group++)
		err = write_group(datapath, policy, groups, group, slots);
	if (!err)
		err = regions_enter(datapath, &regions);
	if (err) {
		undo_writes(datapath, &regions, &position);
		return report_index(error, err);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		publish_slots(datapath, groups->count, family, &slots[family]);
	return 0;
}

static bool has_much_garbage(const struct datapath *datapath)
{
	uint32_t added = datapath->space.position.unit_count - datapath->rebuilt_units;

	return added > GARBAGE_UNITS_MIN && added > datapath->rebuilt_units;
}

/* Return: 0; -EAGAIN: build a new index instead; another -errno. */
static int change_in_place(struct datapath *datapath, const struct datapath_change *change,
			   const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	struct slots *slots;
	int err = -EAGAIN;

	if (!change->changed_count)
		return 0;
	if (has_much_garbage(datapath))
		return err;
	slots = calloc(FAMILY_COUNT, sizeof(*slots));
	if (!slots)
		return report_index(error, -ENOMEM);
	for (size_t i = 0; i < change->changed_count; i++)
		mark_slots(slots, &change->changed[i]);
	if (slots[FAMILY_IPV4].count + slots[FAMILY_IPV6].count < CHANGED_SLOTS_MAX)
		err = change_slots(datapath, change->policy, groups, slots, error);
	free(slots);
	/* Unused units may fill the space; a new index frees them. */
	return err == -ENOSPC ? -EAGAIN : err;
}

int index_apply(struct datapath *datapath, const struct datapath_change *change,
		const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	int err = -EAGAIN;

	if (!change->is_rebuild && datapath->is_known && generation_is_indexed(datapath) &&
	    ports_are_in_force(datapath, groups))
		err = change_in_place(datapath, change, groups, error);
	if (err == -EAGAIN)
		err = switch_index(datapath, change->policy, groups, error);
	regions_unmap(datapath, false);
	classes_report_full(datapath);
	return err;
}
