// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes the kernel decide by a policy: writes list slots, tables and settings in an order that
 * leaves no gap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

_Static_assert((int)ACTION_ALLOW == (int)IPWL_ACTION_ALLOW &&
		   (int)ACTION_BLOCK == (int)IPWL_ACTION_BLOCK,
	       "the core's actions are the ABI's");
_Static_assert(POLICY_NAME_MAX + 1 == IPWL_LIST_NAME_BYTES, "names fit");
_Static_assert(POLICY_LISTS_MAX == IPWL_LISTS_MAX, "lists fit");

/* @lane: its number, 0: none */
static struct ipwl_list slot_content(const struct list *list, uint32_t lane)
{
	struct ipwl_list content = {
		.action = (uint32_t)list->action,
		.flags = IPWL_LIST_IN_USE | (list->sets_mark ? IPWL_LIST_SETS_MARK : 0) |
			 (list->sets_priority ? IPWL_LIST_SETS_PRIORITY : 0),
		.mark = list->mark,
		.mark_mask = list->mark_mask,
		.priority = list->priority,
		.lane = lane,
	};

	memcpy(content.name, list->name, strlen(list->name));
	return content;
}

static int write_slot(struct datapath *datapath, uint32_t slot, const struct ipwl_list *content)
{
	int fd = bpf_map__fd(datapath->shared->maps.lists);

	if (bpf_map_update_elem(fd, &slot, content, BPF_ANY))
		return -errno;
	pthread_mutex_lock(&datapath->lock);
	datapath->lists[slot] = *content;
	pthread_mutex_unlock(&datapath->lock);
	return 0;
}

static uint16_t find_slot(const struct datapath *datapath, const struct list *list)
{
	for (uint16_t slot = 0; slot < IPWL_LISTS_MAX; slot++)
		if (datapath->lists[slot].flags & IPWL_LIST_IN_USE &&
		    datapath->lists[slot].action == (uint32_t)list->action &&
		    !strcmp(datapath->lists[slot].name, list->name))
			return slot;
	return POLICY_NO_SLOT;
}

static int zero_list_counters(const struct datapath *datapath, uint32_t slot)
{
	int fd = bpf_map__fd(datapath->shared->maps.list_counters);
	int err = counters_zero(fd, IPWL_LIST_COUNTER(slot, 0));

	return err ? err : counters_zero(fd, IPWL_LIST_COUNTER(slot, 1));
}

/* Write a slot as free. Its classes are free before it is, so that the next list that takes it
 * has none of them even if this process is killed in between. */
static int free_slot(struct datapath *datapath, uint32_t slot)
{
	classes_forget(datapath, (uint16_t)slot);
	return write_slot(datapath, slot, &(struct ipwl_list) { .flags = 0 });
}

/* Take a free slot. Zeroing its counters is safe because no policy in force uses it. */
static int take_slot(struct datapath *datapath, struct list *list)
{
	struct ipwl_list content = slot_content(list, 0);
	uint16_t slot = 0;
	int err;

	while (slot < IPWL_LISTS_MAX && datapath->lists[slot].flags & IPWL_LIST_IN_USE)
		slot++;
	if (slot == IPWL_LISTS_MAX)
		return -ENOSPC;
	err = zero_list_counters(datapath, slot);
	if (!err)
		err = counters_zero(bpf_map__fd(datapath->shared->maps.answer_counters), slot);
	if (err)
		return err;
	/* First, so that a slot in use has its classes even if this process is killed. */
	classes_write(datapath, slot, (enum ipwl_action)content.action);
	lane_maps_zero(datapath, slot);
	err = write_slot(datapath, slot, &content);
	if (err)
		return err;
	list->slot = slot;
	datapath->is_slot_new[slot] = true;
	return 0;
}

/* Free the slots that were taken for a policy that did not come into force. */
static void release_new_slots(struct datapath *datapath)
{
	for (uint32_t slot = 0; slot < IPWL_LISTS_MAX; slot++)
		if (datapath->is_slot_new[slot])
			datapath->is_slot_new[slot] = free_slot(datapath, slot);
}

int datapath_assign_slots(struct datapath *datapath, struct policy *policy,
			  char error[DATAPATH_ERROR_BYTES])
{
	release_new_slots(datapath);
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];
		int err = 0;

		list->slot = find_slot(datapath, list);
		if (list->slot == POLICY_NO_SLOT)
			err = take_slot(datapath, list);
		if (err == -ENOSPC)
			return errors_report(
			    error, err,
			    "no slot for list %s: the old and the new configuration have more "
			    "than %d lists together; remove old lists first, then add new ones",
			    list->name, IPWL_LISTS_MAX);
		if (err)
			return errors_report(error, err, "cannot write list %s to the kernel",
					     list->name);
	}
	return 0;
}

/* Write the settings of lists that have changed, and free the slots of lists that are gone. The
 * arrays are preallocated, so writing an element needs no memory. */
static void commit_slots(struct datapath *datapath, const struct policy *policy)
{
	static const enum ipwl_answer answers[ON_BLOCK_COUNT] = {
		[ON_BLOCK_RESET] = IPWL_ANSWER_RESET,
		[ON_BLOCK_REJECT] = IPWL_ANSWER_REJECT,
	};
	bool is_used[IPWL_LISTS_MAX] = { false };

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		struct ipwl_list content = slot_content(list, lane_maps_prepare(datapath, list));

		is_used[list->slot] = true;
		classes_set_answer(datapath, list->slot, answers[list->on_block]);
		if (memcmp(&content, &datapath->lists[list->slot], sizeof(content)))
			write_slot(datapath, list->slot, &content);
	}
	for (uint32_t slot = 0; slot < IPWL_LISTS_MAX; slot++)
		if (!is_used[slot] && datapath->lists[slot].flags)
			free_slot(datapath, slot);
	memset(datapath->is_slot_new, 0, sizeof(datapath->is_slot_new));
}

/* ---- mode and ports -------------------------------------------------------- */

/* Whether a block decision drops the packet, what a limit does, and the ports whose packets are
 * decided at all. */
struct reach {
	bool enforce;
	enum ipwl_limit_mode limits;
	uint64_t ports[IPWL_PORT_WORDS];
};

static void read_reach(const struct ipwl_settings *settings, struct reach *ret_reach)
{
	ret_reach->enforce = __atomic_load_n(&settings->enforce, __ATOMIC_RELAXED);
	ret_reach->limits =
	    (enum ipwl_limit_mode)__atomic_load_n(&settings->limits, __ATOMIC_RELAXED);
	for (size_t i = 0; i < IPWL_PORT_WORDS; i++)
		ret_reach->ports[i] = __atomic_load_n(&settings->ports[i], __ATOMIC_RELAXED);
}

static void fill_reach(const struct datapath_change *change, struct reach *ret_reach)
{
	*ret_reach = (struct reach) { .enforce = change->enforce, .limits = change->limits.mode };
	for (size_t i = 0; i < change->port_count; i++)
		ret_reach->ports[change->ports[i] / 64] |= 1ULL << (change->ports[i] % 64);
}

/* Keep only what both allow. */
static void narrow_reach(const struct reach *a, const struct reach *b, struct reach *ret_reach)
{
	ret_reach->enforce = a->enforce && b->enforce;
	/* The modes are in the order of what they drop. */
	ret_reach->limits = a->limits < b->limits ? a->limits : b->limits;
	for (size_t i = 0; i < IPWL_PORT_WORDS; i++)
		ret_reach->ports[i] = a->ports[i] & b->ports[i];
}

static void write_reach(struct datapath *datapath, const struct reach *reach)
{
	struct ipwl_settings *settings = datapath->settings;

	for (size_t i = 0; i < IPWL_PORT_WORDS; i++)
		__atomic_store_n(&settings->ports[i], reach->ports[i], __ATOMIC_RELAXED);
	limits_set_mode(datapath, reach->limits);
	datapath_set_enforce(datapath, reach->enforce);
}

static bool is_same_reach(const struct reach *a, const struct reach *b)
{
	return a->enforce == b->enforce && a->limits == b->limits &&
	       !memcmp(a->ports, b->ports, sizeof(a->ports));
}

void datapath_set_enforce(struct datapath *datapath, bool enforce)
{
	__atomic_store_n(&datapath->settings->enforce, enforce, __ATOMIC_RELEASE);
}

bool datapath_uses_index(const struct datapath *datapath)
{
	return generation_is_indexed(datapath);
}

/* If the policy is too large for an index, the tries decide. */
static int apply_policy(struct datapath *datapath, const struct datapath_change *change,
			const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	int err = -ENOSPC;

	if (change->uses_index)
		err = index_apply(datapath, change, groups, error);
	if (err == -ENOSPC)
		err = tables_apply(datapath, change->policy, groups, error);
	return err;
}

/* Change what decides, and create the counters that it needs. */
static int change_policy(struct datapath *datapath, const struct datapath_change *change,
			 const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	int err = chunks_prepare(datapath, change->added_rules, change->added_rule_count, error);

	if (err)
		return err;
	err = apply_policy(datapath, change, groups, error);
	if (err)
		return err;
	commit_slots(datapath, change->policy);
	chunks_choose_batches(datapath, change->policy);
	return 0;
}

/*
 * While the policy changes, no packet may be dropped that neither the old configuration nor the
 * new one would drop. So mode and ports are first narrowed to what both configurations share.
 * Then the policy changes. Then mode and ports are widened to those of the new configuration.
 * After the first step and before the last one, we wait until no packet is in progress that has
 * seen only part of the change.
 */
int datapath_apply(struct datapath *datapath, const struct datapath_change *change,
		   char error[DATAPATH_ERROR_BYTES])
{
	struct reach before, after, both;
	struct port_groups groups;
	int err = ports_group(change, &groups, error);

	if (err)
		return err;
	read_reach(datapath->settings, &before);
	fill_reach(change, &after);
	narrow_reach(&before, &after, &both);
	if (!is_same_reach(&before, &both)) {
		write_reach(datapath, &both);
		generation_wait_for_packets(datapath);
	}
	err = change_policy(datapath, change, &groups, error);
	if (err) {
		write_reach(datapath, &before);
		return err;
	}
	limits_write(datapath, &change->limits);
	if (!is_same_reach(&both, &after)) {
		generation_wait_for_packets(datapath);
		write_reach(datapath, &after);
	}
	attempts_set_limits(datapath, &change->events);
	flood_apply(datapath, &change->flood);
	if (change->is_rebuild)
		chunks_trim(datapath, change->policy);
	return 0;
}

/* ---- decide ---------------------------------------------------------------- */

/* Return: 0 or -errno. */
static int decide_by_index(struct datapath *datapath, const struct prefix *address, uint32_t group,
			   struct ipwl_match *ret_match)
{
	const uint32_t number = IPWL_ROOT(generation_in_force(datapath), group);
	const struct index_root root = {
		.words = datapath->roots[number]->words[address->family],
		.filter = address->family == FAMILY_IPV4 ? datapath->filter : NULL,
		.generation = generation_in_force(datapath),
	};

	return index_lookup(&root, &datapath->space, address, ret_match);
}

static int decide_by_tables(const struct datapath *datapath, const struct prefix *address,
			    uint32_t group, struct ipwl_match *ret_match)
{
	struct ipwl_match matches[ACTION_COUNT] = { 0 };

	for (enum action action = 0; action < ACTION_COUNT; action++) {
		int table = table_map_of(datapath, generation_in_force(datapath), group, action,
					 address->family);
		int err = table_map_lookup(table, address, &matches[action]);

		if (err && err != -ENOENT)
			return err;
	}
	*ret_match = ipwl_merge(&matches[ACTION_ALLOW], &matches[ACTION_BLOCK]);
	return 0;
}

static int find_match(struct datapath *datapath, const struct prefix *address, uint16_t port,
		      struct ipwl_match *ret_match)
{
	const uint32_t group = ports_group_of(datapath, port);
	int err;

	if (!generation_is_indexed(datapath))
		return decide_by_tables(datapath, address, group, ret_match);
	err = root_map_locked(datapath, IPWL_ROOT(generation_in_force(datapath), group));
	if (err)
		return err;
	return decide_by_index(datapath, address, group, ret_match);
}

int datapath_decide(struct datapath *datapath, const struct prefix *address, uint16_t port,
		    struct ipwl_decision *ret_decision)
{
	struct ipwl_match match = { 0 };
	struct ipwl_class class;
	int err;

	pthread_mutex_lock(&datapath->lock);
	err = find_match(datapath, address, port, &match);
	pthread_mutex_unlock(&datapath->lock);
	if (err)
		return err;
	/* The worker may write it meanwhile. */
	__atomic_load(&datapath->averted.classes[match.class], &class, __ATOMIC_ACQUIRE);
	*ret_decision = ipwl_decide(
	    &match, &class, __atomic_load_n(&datapath->settings->enforce, __ATOMIC_ACQUIRE));
	return 0;
}
