// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second instance of the program. It looks up addresses in the pinned maps, but counts in
 * maps of its own. These are plain mapped arrays, so a verdict can be read from memory: it is
 * the only counter of the interface that changed. There are no rule counters, because this
 * instance's map `chunks` is empty.
 */
#include "datapath/simulate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

struct simulation {
	struct ipwl_bpf *skeleton;
	int program;
	struct ipwl_traffic *counters;			/* mapped */
	struct ipwl_traffic *list_counters;		/* mapped */
	struct ipwl_attempt_settings *attempt_settings; /* mapped */
	struct ipwl_list list;
};

/* ---- maps ---------------------------------------------------------------- */

/* These maps belong to the simulation: counters, the state of a driver, the attempts, and maps
 * that no program reads. The maps that the program looks up are shared, as in load_skeleton(). */
static bool is_private(const struct ipwl_bpf *skeleton, const struct bpf_map *map)
{
	return map == skeleton->maps.counters || map == skeleton->maps.list_counters ||
	       map == skeleton->maps.averted_counters || map == skeleton->maps.chunks ||
	       map == skeleton->maps.pendings || map == skeleton->maps.interface_state ||
	       map == skeleton->maps.barrier || map == skeleton->maps.attempts ||
	       map == skeleton->maps.attempt_sources || map == skeleton->maps.attempt_settings ||
	       map == skeleton->maps.attempt_cpus || map == skeleton->maps.events ||
	       map == skeleton->maps.limit_cells || map == skeleton->maps.rejects ||
	       map == skeleton->maps.rejected || bpf_map__is_internal(map);
}

static int make_mappable(struct bpf_map *map)
{
	int err = bpf_map__set_type(map, BPF_MAP_TYPE_ARRAY);

	return err ? err : bpf_map__set_map_flags(map, BPF_F_MMAPABLE);
}

static int prepare_maps(struct ipwl_bpf *skeleton, const char *bpffs_dir,
			char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_map *map;
	int err = make_mappable(skeleton->maps.counters);

	if (!err)
		err = make_mappable(skeleton->maps.list_counters);
	if (err)
		return errors_report(error, err, "cannot prepare counters");
	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (!is_private(skeleton, map))
			err = load_share_map(map, bpffs_dir, error);
		if (err)
			return err;
	}
	return 0;
}

static size_t counters_bytes(const struct bpf_map *map)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = sizeof(struct ipwl_traffic) * bpf_map__max_entries(map);

	return (bytes + page - 1) / page * page;
}

static int map_counters(const struct bpf_map *map, struct ipwl_traffic **ret_counters)
{
	void *counters = mmap(NULL, counters_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED,
			      bpf_map__fd(map), 0);

	if (counters == MAP_FAILED)
		return -errno;
	*ret_counters = counters;
	return 0;
}

static void unmap_counters(const struct bpf_map *map, struct ipwl_traffic *counters)
{
	if (counters)
		munmap(counters, counters_bytes(map));
}

/* ---- open and close -------------------------------------------------------- */

static int load_simulation(struct simulation *simulation, const char *bpffs_dir,
			   char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;
	int err = load_open(&skeleton);

	if (err)
		return errors_report_words(error, err, "cannot open the BPF object");
	simulation->skeleton = skeleton;
	skeleton->rodata->has_limits = 0;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bpf_program__set_autoload(program, program == skeleton->progs.ipwl_xdp);
	}
	err = prepare_maps(skeleton, bpffs_dir, error);
	if (err)
		return err;
	err = load_into_kernel(skeleton->skeleton, "program", error);
	if (err)
		return err;
	simulation->program = bpf_program__fd(skeleton->progs.ipwl_xdp);
	err = map_counters(skeleton->maps.counters, &simulation->counters);
	if (!err)
		err = map_counters(skeleton->maps.list_counters, &simulation->list_counters);
	if (!err)
		err = attempts_open(bpf_map__fd(skeleton->maps.attempt_settings),
				    &simulation->attempt_settings);
	if (!err) /* Report nothing. */
		simulation->attempt_settings->due_ns = UINT64_MAX;
	return err ? errors_report(error, err, "cannot map the counters") : 0;
}

int simulation_open(const char *bpffs_dir, struct simulation **ret_simulation,
		    char error[DATAPATH_ERROR_BYTES])
{
	struct simulation *simulation = calloc(1, sizeof(*simulation));
	int err;

	errors_capture();
	if (!simulation)
		return errors_report(error, -ENOMEM, "cannot open a simulation");
	err = load_simulation(simulation, bpffs_dir, error);
	if (err) {
		simulation_close(simulation);
		return err;
	}
	*ret_simulation = simulation;
	return 0;
}

void simulation_close(struct simulation *simulation)
{
	if (!simulation)
		return;
	if (simulation->skeleton) {
		unmap_counters(simulation->skeleton->maps.counters, simulation->counters);
		unmap_counters(simulation->skeleton->maps.list_counters, simulation->list_counters);
		attempts_close(simulation->attempt_settings);
	}
	ipwl_bpf__destroy(simulation->skeleton);
	free(simulation);
}

/* ---- run ------------------------------------------------------------------- */

static void clear_counters(struct simulation *simulation)
{
	memset(simulation->counters, 0, IPWL_COUNTER_COUNT * sizeof(*simulation->counters));
}

/* Only one counter has changed. */
static int read_verdict(const struct simulation *simulation, struct simulation_result *result)
{
	for (uint32_t key = 0; key < IPWL_COUNTER_COUNT; key++) {
		const struct ipwl_traffic *counter = &simulation->counters[key];

		if (!counter->packets)
			continue;
		result->family = (enum ipwl_family)(key / IPWL_VERDICT_COUNT);
		result->verdict = (enum ipwl_verdict)(key % IPWL_VERDICT_COUNT);
		result->is_connection = counter->connections;
		return 0;
	}
	return -EIO;
}

/* Find the list that counted. Slots are assigned from 0 upwards, so the search is short. */
static void read_list(struct simulation *simulation, struct simulation_result *result)
{
	for (uint32_t key = 0; key < IPWL_LIST_COUNTER_COUNT; key++) {
		if (!simulation->list_counters[key].packets)
			continue;
		result->has_list = true;
		result->list = (uint16_t)(key / 2);
		simulation->list_counters[key] = (struct ipwl_traffic) { 0 };
		return;
	}
}

int simulation_run(struct simulation *simulation, const void *frame, size_t bytes,
		   struct simulation_result *ret_result)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)bytes,
		    .repeat = 1);
	struct simulation_result result = { 0 };
	int err;

	clear_counters(simulation);
	err = bpf_prog_test_run_opts(simulation->program, &options);
	if (err)
		/* Without frags, a frame must fit into one page: EINVAL or ENOMEM. */
		return err == -ENOMEM || (err == -EINVAL && bytes > 1514) ? -EMSGSIZE : err;
	err = read_verdict(simulation, &result);
	if (err)
		return err;
	if (result.verdict >= IPWL_ALLOW)
		read_list(simulation, &result);
	*ret_result = result;
	return 0;
}

int simulation_read_limits(const struct simulation *simulation, struct limits *ret_limits,
			   bool *ret_is_enforcing)
{
	const struct ipwl_bpf *skeleton = simulation->skeleton;
	struct ipwl_settings *settings = malloc(sizeof(*settings));
	struct ipwl_limit_settings limits;
	uint32_t zero = 0;
	int err = settings ? 0 : -ENOMEM;

	if (!err &&
	    (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.settings), &zero, settings) ||
	     bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.limit_settings), &zero, &limits)))
		err = -errno;
	if (!err) {
		limits_read(settings, &limits, ret_limits);
		*ret_is_enforcing = settings->enforce;
	}
	free(settings);
	return err;
}

const char *simulation_list_name(struct simulation *simulation, uint16_t slot)
{
	uint32_t key = slot;

	if (bpf_map_lookup_elem(bpf_map__fd(simulation->skeleton->maps.lists), &key,
				&simulation->list) ||
	    !(simulation->list.flags & IPWL_LIST_IN_USE))
		return NULL;
	simulation->list.name[IPWL_LIST_NAME_BYTES - 1] = '\0';
	return simulation->list.name;
}
