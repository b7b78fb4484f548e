/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does what the daemon does with list files, step by step. */
#include "tables.h"

#include <stdio.h>

#include <bpf/libbpf.h>

#include "config/list_files.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"
#include "machine.h"
#include "report.h"

static const uint16_t ports[] = { 25 };

void bench_datapath_open(struct bench_datapath *bench, const char *device)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	bool was_adopted;

	snprintf(bench->bpffs_dir, sizeof(bench->bpffs_dir), "/sys/fs/bpf/ipwl-%s", device);
	if (datapath_open(bench->bpffs_dir, "bench", &bench->datapath, &was_adopted, error) ||
	    interface_open(bench->datapath, device, &bench->interface, error))
		die("%s", error);
	rule_ids_init(&bench->ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
}

void bench_datapath_close(struct bench_datapath *bench)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	interface_close(bench->interface);
	datapath_close(bench->datapath);
	rule_ids_done(&bench->ids);
	if (datapath_detach(bench->bpffs_dir, error))
		die("%s", error);
}

int bench_datapath_program(const struct bench_datapath *bench)
{
	return bpf_program__fd(bench->interface->skeleton->progs.ipwl_xdp);
}

uint32_t bench_datapath_program_flags(const struct bench_datapath *bench)
{
	return bpf_program__flags(bench->interface->skeleton->progs.ipwl_xdp);
}

void bench_datapath_share(const struct bench_datapath *bench, struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		struct bpf_map *shared = bpf_object__find_map_by_name(
		    bench->interface->skeleton->obj, bpf_map__name(map));

		if (!bpf_map__is_internal(map) && shared &&
		    bpf_map__reuse_fd(map, bpf_map__fd(shared)))
			die("cannot share the map %s: %m", bpf_map__name(map));
	}
}

static void read_list(struct policy *policy, const char *name, enum action action, const char *path)
{
	struct entry_set *set = entry_set_new();
	struct diagnostics diagnostics;
	const struct format_input input = {
		.action = action, .source = SOURCE_FILE, .set = set, .diagnostics = &diagnostics
	};
	struct format_result result;
	struct list *list;

	diagnostics_init(&diagnostics);
	if (!set || list_file_read(path, &input, &result)) {
		diagnostics_print(&diagnostics, SIZE_MAX, stderr);
		die("cannot read %s", path);
	}
	diagnostics_done(&diagnostics);
	entry_set_finish(set);
	list = policy_add_list(policy, name, action);
	if (!list)
		die("out of memory");
	list_replace_set(list, SOURCE_FILE, set);
}

static struct policy *read_policy(const char *allow, const char *block)
{
	struct policy *policy = policy_new();

	if (!policy)
		die("out of memory");
	read_list(policy, "allow", ACTION_ALLOW, allow);
	read_list(policy, "block", ACTION_BLOCK, block);
	return policy;
}

/* The time since the last one. */
static double lap(double *start)
{
	double now = now_sec(), seconds = now - *start;

	*start = now;
	return seconds;
}

static void put_in_force(struct bench_datapath *bench, const struct policy *policy,
			 const struct rules_change *rules, bool is_rebuild)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	struct datapath_change change = {
		.policy = policy,
		.uses_index = true,
		.changed = rules->changed,
		.changed_count = rules->changed_count,
		.is_rebuild = is_rebuild || rules->is_everything,
		.added_rules = rules->added,
		.added_rule_count = rules->added_count,
		.ports = ports,
		.port_count = 1,
		.enforce = true,
	};

	if (datapath_apply(bench->datapath, &change, error))
		die("%s", error);
}

static void load(struct bench_datapath *bench, const char *allow, const char *block,
		 const struct policy *from, bool is_rebuild, struct policy **ret_policy,
		 struct load_times *ret_times)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	struct rules_change rules;
	double start = now_sec();
	struct policy *new = read_policy(allow, block);

	ret_times->read = lap(&start);
	if (rules_number(new, from, &bench->ids, &rules) ||
	    datapath_assign_slots(bench->datapath, new, error))
		die("cannot number the rules: %s", error);
	ret_times->number = lap(&start);
	put_in_force(bench, new, &rules, is_rebuild);
	ret_times->apply = lap(&start);
	rules_commit(&bench->ids, &rules);
	rules_change_done(&rules);
	*ret_policy = new;
}

void bench_policy_load(struct bench_datapath *bench, const char *allow, const char *block,
		       const struct policy *from, struct policy **ret_policy,
		       struct load_times *ret_times)
{
	load(bench, allow, block, from, false, ret_policy, ret_times);
}

void bench_policy_replace(struct bench_datapath *bench, const char *allow, const char *block,
			  const struct policy *from, struct policy **ret_policy,
			  struct load_times *ret_times)
{
	load(bench, allow, block, from, true, ret_policy, ret_times);
}

double load_times_sum(const struct load_times *times)
{
	return times->read + times->number + times->apply;
}
