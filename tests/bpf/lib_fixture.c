/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a datapath for a test, applies scenarios and runs packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"
#include "lib_fixture.h"

#define INTERFACE_NAME "test0"

/* Open datapath and interface. @is_adopted: whether maps are expected to exist. */
static void open_datapath(struct fixture *fixture, bool is_adopted)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	bool was_adopted;

	if (datapath_open(fixture->bpffs_dir, "test", &fixture->datapath, &was_adopted, error))
		fail_msg("datapath_open: %s", error);
	assert_int_equal(was_adopted, is_adopted);
	if (interface_open(fixture->datapath, INTERFACE_NAME, &fixture->interface, error))
		fail_msg("interface_open: %s", error);
	fixture->xdp_fd = bpf_program__fd(fixture->interface->skeleton->progs.ipwl_xdp);
	fixture->meta_owner = fixture->interface->skeleton->rodata->meta_owner;
	fixture->tc_fd = bpf_program__fd(fixture->interface->skeleton->progs.ipwl_tc);
}

/* A BPF file system that no other process sees: it ends with this process, however that ends. */
static void mount_own_bpffs(void)
{
	static bool is_mounted;

	if (is_mounted)
		return;
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL), 0);
	is_mounted = true;
}

int fixture_setup(void **state)
{
	static unsigned int number;
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	mount_own_bpffs();
	assert_non_null(fixture);
	*state = fixture;
	fixture->expected = calloc(1, sizeof(*fixture->expected));
	assert_non_null(fixture->expected);
	rule_ids_init(&fixture->ids, FIXTURE_RULES_MAX);
	snprintf(fixture->bpffs_dir, sizeof(fixture->bpffs_dir), "/sys/fs/bpf/ipwl-test-%d-%u",
		 getpid(), number++);
	fixture->uses_index = true;
	open_datapath(fixture, false);
	return 0;
}

int fixture_setup_without_index(void **state)
{
	int result = fixture_setup(state);

	((struct fixture *)*state)->uses_index = false;
	return result;
}

void fixture_restart(struct fixture *fixture)
{
	interface_close(fixture->interface);
	datapath_close(fixture->datapath);
	open_datapath(fixture, true);
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;
	char error[DATAPATH_ERROR_BYTES] = "";

	interface_close(fixture->interface);
	datapath_close(fixture->datapath);
	if (datapath_detach(fixture->bpffs_dir, error))
		print_error("datapath_detach: %s\n", error);
	policy_free(fixture->policy);
	rule_ids_done(&fixture->ids);
	free(fixture->expected);
	free(fixture);
	return 0;
}

static void add_entries(struct list *list, const struct scenario_list *from)
{
	static const struct provenance about = { .origin = "test" };
	struct entry_set *set = entry_set_new();

	assert_non_null(set);
	for (size_t i = 0; i < from->entry_count; i++) {
		struct entry entry = {
			.prefix = from->entries[i].prefix,
			.is_exclusion = from->entries[i].is_exclusion,
			.source = SOURCE_CONFIG,
			.about = &about,
		};

		assert_int_equal(entry_set_add(set, &entry), 0);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_CONFIG, set);
}

static struct policy *make_policy(const struct scenario *scenario)
{
	struct policy *policy = policy_new();

	assert_non_null(policy);
	for (size_t i = 0; i < scenario->list_count; i++) {
		const struct scenario_list *from = &scenario->lists[i];
		struct list *list = policy_add_list(policy, from->name, from->action);

		assert_non_null(list);
		list->is_monitor = from->is_monitor;
		list->on_block = from->on_block;
		/* Of a policy that rejects, XDP needs only the rate. */
		if (from->on_block == ON_BLOCK_REJECT)
			list->lane = (struct lane) { .mail_port = 25,
						     .is_reject = true,
						     .per_second = 1000000000 };
		list->sets_mark = from->sets_mark;
		list->sets_priority = from->sets_priority;
		list->mark = from->mark;
		list->mark_mask = from->mark_mask;
		list->priority = from->priority;
		if (from->port_count) {
			list->port_count = from->port_count;
			list->ports = malloc(sizeof(from->ports));
			assert_non_null(list->ports);
			memcpy(list->ports, from->ports, sizeof(from->ports));
		}
		add_entries(list, from);
	}
	return policy;
}

static void expect_fresh_list(struct tally *tally, uint16_t slot)
{
	static const struct ipwl_traffic none;

	tally->lists[IPWL_LIST_COUNTER(slot, 0)] = none;
	tally->lists[IPWL_LIST_COUNTER(slot, 1)] = none;
	for (size_t other = 0; other < TALLY_SLOTS_MAX; other++)
		tally->averted[slot][other] = tally->averted[other][slot] = none;
}

/* New rules and lists start to count at zero. All others keep their counts. */
static void expect_fresh(struct fixture *fixture, const struct policy *policy,
			 const struct rules_change *rules)
{
	for (size_t i = 0; i < rules->added_count; i++)
		memset(&fixture->expected->rules[rules->added[i]], 0,
		       sizeof(fixture->expected->rules[0]));
	/* What a list without a slot has averted is forgotten, too. */
	for (uint16_t slot = 0; slot < TALLY_SLOTS_MAX; slot++)
		if (!policy_find_slot(policy, slot))
			expect_fresh_list(fixture->expected, slot);
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct list *old =
		    fixture->policy ? policy_find_list(fixture->policy, list->name) : NULL;

		if (!old || old->action != list->action)
			expect_fresh_list(fixture->expected, list->slot);
	}
}

void fixture_apply(struct fixture *fixture, const struct scenario *scenario, enum apply_way way)
{
	struct policy *policy = make_policy(scenario);
	char error[DATAPATH_ERROR_BYTES] = "";
	struct rules_change rules;

	assert_int_equal(rules_number(policy, fixture->policy, &fixture->ids, &rules), 0);
	if (datapath_assign_slots(fixture->datapath, policy, error))
		fail_msg("datapath_assign_slots: %s", error);
	struct datapath_change change = {
		.policy = policy,
		.uses_index = fixture->uses_index,
		.changed = rules.changed,
		.changed_count = rules.changed_count,
		.is_rebuild = way == APPLY_REBUILD || rules.is_everything,
		.added_rules = rules.added,
		.added_rule_count = rules.added_count,
		.ports = scenario->ports,
		.port_count = scenario->port_count,
		.enforce = scenario->enforce,
		.events = fixture->events,
		.limits = fixture->limits,
		.flood = fixture->flood,
	};
	if (datapath_apply(fixture->datapath, &change, error))
		fail_msg("datapath_apply: %s", error);
	assert_int_equal(datapath_uses_index(fixture->datapath), fixture->uses_index);
	expect_fresh(fixture, policy, &rules);
	assert_int_equal(rules_commit(&fixture->ids, &rules), 0);
	rules_change_done(&rules);
	policy_free(fixture->policy);
	fixture->policy = policy;
	fixture->scenario = scenario;
}

static int state_fd(const struct fixture *fixture)
{
	return bpf_map__fd(fixture->interface->skeleton->maps.interface_state);
}

void fixture_set_metadata_missing(struct fixture *fixture, bool is_missing)
{
	struct ipwl_interface_state state = { .metadata_missing = is_missing };

	assert_int_equal(bpf_map_update_elem(state_fd(fixture), &(uint32_t) { 0 }, &state, 0), 0);
}

bool fixture_metadata_missing(const struct fixture *fixture)
{
	struct ipwl_interface_state state;

	assert_int_equal(bpf_map_lookup_elem(state_fd(fixture), &(uint32_t) { 0 }, &state), 0);
	return state.metadata_missing;
}

bool fixture_has_check_mtu(const struct fixture *fixture)
{
	return fixture->interface->skeleton->rodata->has_check_mtu;
}

void fixture_forget_listeners(const struct fixture *fixture)
{
	const int map = bpf_map__fd(fixture->datapath->shared->maps.flood_listeners);
	const uint64_t none = 0;

	for (uint32_t key = 0; key < 1U << IPWL_FLOOD_LISTENER_BITS; key++)
		assert_int_equal(bpf_map_update_elem(map, &key, &none, BPF_ANY), 0);
}

static struct outcome run_xdp(const struct fixture *fixture, const struct packet *packet,
			      struct xdp_md *context)
{
	/* The kernel gives back the metadata in front of the packet. */
	uint8_t out[sizeof(struct ipwl_meta) + PACKET_BYTES_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = context,
		    .ctx_size_in = context ? sizeof(*context) : 0, .repeat = 1);
	struct outcome outcome = { .error = bpf_prog_test_run_opts(fixture->xdp_fd, &options) };
	size_t metadata_bytes = options.data_size_out - packet->size;

	if (outcome.error)
		return outcome;
	outcome.retval = options.retval;
	outcome.has_metadata = metadata_bytes == sizeof(outcome.metadata);
	if (outcome.has_metadata)
		memcpy(&outcome.metadata, out, sizeof(outcome.metadata));
	else
		metadata_bytes = 0;
	outcome.is_changed = options.data_size_out != metadata_bytes + packet->size ||
			     memcmp(out + metadata_bytes, packet->data, packet->size) != 0;
	return outcome;
}

struct outcome fixture_run_xdp(const struct fixture *fixture, const struct packet *packet)
{
	struct packet first = *packet;

	packet_begin_attempt(&first);
	return run_xdp(fixture, &first, NULL);
}

struct outcome fixture_run_xdp_again(const struct fixture *fixture, const struct packet *packet)
{
	return run_xdp(fixture, packet, NULL);
}

struct outcome fixture_run_xdp_split(const struct fixture *fixture, const struct packet *packet,
				     size_t first_bytes)
{
	struct xdp_md context = { .data_end = (uint32_t)first_bytes };
	struct packet first = *packet;

	packet_begin_attempt(&first);
	return run_xdp(fixture, &first, &context);
}

struct outcome fixture_run_tc(const struct fixture *fixture, const struct packet *packet,
			      uint32_t mark, uint32_t priority)
{
	struct __sk_buff context = { .mark = mark, .priority = priority };
	struct __sk_buff context_out = { .mark = 0 };
	uint8_t out[PACKET_BYTES_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->size, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .ctx_out = &context_out,
		    .ctx_size_out = sizeof(context_out), .repeat = 1);
	struct outcome outcome = { .error = bpf_prog_test_run_opts(fixture->tc_fd, &options) };

	if (outcome.error)
		return outcome;
	outcome.retval = options.retval;
	outcome.mark = context_out.mark;
	outcome.priority = context_out.priority;
	outcome.is_changed =
	    options.data_size_out != packet->size || memcmp(out, packet->data, packet->size) != 0;
	return outcome;
}
