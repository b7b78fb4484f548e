/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receivers that look at nothing, and ipwl, which ends in the same place. */
#include <errno.h>
#include <stddef.h>

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "floor.skel.h"
#include "receiver.h"
#include "report.h"
#include "sandbox.h"

/* Behind ipwl's filter, which has one of the first priorities. */
#define END_PRIORITY 1000
#define LINE_BYTES 64

static size_t index_bytes;

size_t floor_index_bytes(void)
{
	return index_bytes;
}

static struct floor_bpf *programs(void)
{
	static struct floor_bpf *loaded; /* until the end */

	if (!loaded)
		loaded = floor_bpf__open_and_load();
	if (!loaded)
		die("cannot load the receivers' programs");
	return loaded;
}

void floor_attach_end(const struct wire *wire)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = wire->device_ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .priority = END_PRIORITY, .handle = 1,
		    .prog_fd = bpf_program__fd(programs()->progs.end_of_line));
	int err;

	sandbox_netns_enter(wire->netns);
	err = bpf_tc_hook_create(&hook);
	/* ipwl may have made the qdisc. */
	if (!err || err == -EEXIST)
		err = bpf_tc_attach(&hook, &options);
	sandbox_netns_enter(SANDBOX_HOME);
	if (err) {
		errno = -err;
		die("cannot put a filter on %s: %m", wire->device);
	}
}

uint64_t floor_passed(const struct receiver *receiver __attribute__((unused)))
{
	return programs()->bss->passed;
}

static void attach(const struct wire *wire, const struct bpf_program *program)
{
	int err;

	sandbox_netns_enter(wire->netns);
	err = bpf_xdp_attach(wire->device_ifindex, bpf_program__fd(program), XDP_FLAGS_DRV_MODE,
			     NULL);
	sandbox_netns_enter(SANDBOX_HOME);
	if (err) {
		errno = -err;
		die("cannot put an XDP program on %s: %m", wire->device);
	}
	floor_attach_end(wire);
}

static void open_drop(struct receiver *receiver,
		      const struct receiver_list *list __attribute__((unused)))
{
	attach(&receiver->wire, programs()->progs.drop_all);
}

static void open_pass(struct receiver *receiver,
		      const struct receiver_list *list __attribute__((unused)))
{
	attach(&receiver->wire, programs()->progs.pass_all);
}

static void open_read(struct receiver *receiver,
		      const struct receiver_list *list __attribute__((unused)))
{
	uint32_t line_count = (uint32_t)(index_bytes / LINE_BYTES + 1);
	struct floor_bpf *reader = floor_bpf__open();

	if (!reader || bpf_map__set_max_entries(reader->maps.memory, line_count) ||
	    floor_bpf__load(reader))
		die("cannot load the program that reads once");
	reader->bss->line_count = line_count;
	attach(&receiver->wire, reader->progs.read_once);
	/* The device keeps the program. */
	floor_bpf__destroy(reader);
}

static void open_ipwl(struct receiver *receiver, const struct receiver_list *list)
{
	struct bench_datapath *bench = &receiver->bench;
	char error[DATAPATH_ERROR_BYTES] = "";
	struct load_times times;
	int err;

	bench_datapath_open(bench, receiver->wire.device);
	bench_policy_load(bench, list->files.allow, list->files.block, NULL, &receiver->loaded,
			  &times);
	index_bytes = (size_t)bench->datapath->space.position.unit_count * IPWL_UNIT_BYTES;
	sandbox_netns_enter(receiver->wire.netns);
	err = interface_attach(bench->interface, receiver->wire.device_ifindex, true, false, error);
	sandbox_netns_enter(SANDBOX_HOME);
	if (err || error[0])
		die("cannot attach ipwl: %s", error);
	floor_attach_end(&receiver->wire);
}

static void close_ipwl(struct receiver *receiver)
{
	sandbox_netns_enter(receiver->wire.netns);
	bench_datapath_close(&receiver->bench);
	sandbox_netns_enter(SANDBOX_HOME);
	policy_free(receiver->loaded);
}

const struct receiver_kind receiver_drop = {
	.name = "XDP that drops all",
	.drops_unlisted = true,
	.open = open_drop,
	.passed = floor_passed,
};

const struct receiver_kind receiver_pass = {
	.name = "XDP that passes all",
	.passes_listed = true,
	.open = open_pass,
	.passed = floor_passed,
};

const struct receiver_kind receiver_read = {
	.name = "XDP that reads once",
	.drops_unlisted = true,
	.open = open_read,
	.passed = floor_passed,
};

const struct receiver_kind receiver_ipwl = {
	.name = "ipwl",
	.open = open_ipwl,
	.close = close_ipwl,
	.passed = floor_passed,
};
