/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attempts cost: a SYN compared with a packet of data, and with reports and limits off and on.
 * A flood of SYNs, each from a source of its own, is the worst case: none is sent again, the table
 * of attempts is full, and each source has other cells of the limits. */
#include <stdio.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "driver.skel.h"
#include "machine.h"
#include "report.h"
#include "sources.h"
#include "tables.h"
#include "testrun.h"

#define PREFIXES 30000
#define GOAL_NS 10

/* The defaults of the configuration. */
static const struct event_limits limits = { true, 1000, 60 };
static const struct limits source_limits = {
	.mode = IPWL_LIMITS_MONITOR,
	.of = { [IPWL_LIMIT_ADDRESS] = { 30, 30 }, [IPWL_LIMIT_NETWORK] = { 120, 120 } },
};

struct trial {
	const struct bench_options *options;
	struct bench_datapath quiet, reporting, limiting;
	struct driver_bpf *driver;
};

static struct runner runner_of(const struct trial *trial, int program)
{
	return (struct runner) { bpf_program__fd(trial->driver->progs.draw4), program,
				 bpf_map__fd(trial->driver->maps.next) };
}

static void compare(const struct trial *trial, enum source_kind kind)
{
	const struct runner runners[] = {
		runner_of(trial, bpf_program__fd(trial->driver->progs.empty)),
		runner_of(trial, bench_datapath_program(&trial->quiet)),
		runner_of(trial, bench_datapath_program(&trial->reporting)),
		runner_of(trial, bench_datapath_program(&trial->limiting)),
	};
	const struct packet data = testrun_packet("192.0.2.1", 25, TCP_ACK, false);
	const struct packet syn = testrun_packet("192.0.2.1", 25, TCP_SYN, false);
	char what[80];
	double of_data[2], of_syn[4];

	testrun_compare(trial->options, runners, 2, &data, of_data);
	testrun_compare(trial->options, runners, 4, &syn, of_syn);
	snprintf(what, sizeof(what), "%s sources, data", source_kind_names[kind]);
	report_net(what, of_data[1], of_data[0], NO_GOAL);
	snprintf(what, sizeof(what), "%s sources, SYN", source_kind_names[kind]);
	report_net(what, of_syn[1], of_syn[0], NO_GOAL);
	snprintf(what, sizeof(what), "%s sources, SYN, reports on over off",
		 source_kind_names[kind]);
	report_net(what, of_syn[2], of_syn[1], AT_MOST(GOAL_NS));
	snprintf(what, sizeof(what), "%s sources, SYN, limits on over off",
		 source_kind_names[kind]);
	report_net(what, of_syn[3], of_syn[1], NO_GOAL);
}

static void open_trial(struct trial *trial, const struct list_files *files,
		       struct policy **ret_policies)
{
	struct load_times times;

	bench_datapath_open(&trial->quiet, "quiet");
	bench_datapath_open(&trial->reporting, "reporting");
	bench_datapath_open(&trial->limiting, "limiting");
	bench_policy_load(&trial->quiet, files->allow, files->block, NULL, &ret_policies[0],
			  &times);
	bench_policy_load(&trial->reporting, files->allow, files->block, NULL, &ret_policies[1],
			  &times);
	bench_policy_load(&trial->limiting, files->allow, files->block, NULL, &ret_policies[2],
			  &times);
	attempts_set_limits(trial->reporting.datapath, &limits);
	limits_write(trial->limiting.datapath, &source_limits);
	limits_set_mode(trial->limiting.datapath, source_limits.mode);
	trial->driver = driver_bpf__open();
	if (!trial->driver)
		die("cannot open the driver");
	for (struct bpf_program *program = NULL;
	     (program = bpf_object__next_program(trial->driver->obj, program));)
		bpf_program__set_flags(program, bench_datapath_program_flags(&trial->quiet));
	if (driver_bpf__load(trial->driver))
		die("cannot load the driver");
}

void attempts_measure(const struct bench_options *options)
{
	struct trial trial = { .options = options };
	struct prefix_list list = { .count = 0 };
	struct policy *policies[3];
	struct list_files files;

	report_section("attempts, IPv4, 30 000 prefixes", "   ipwl ns  without    net ns");
	lists_append(&list, FAMILY_IPV4, DISTRIBUTION_MIXED, PREFIXES, 0);
	lists_index(&list);
	lists_write(&list, NULL, 10, &files);
	open_trial(&trial, &files, policies);
	for (enum source_kind kind = 0; kind < SOURCE_KIND_COUNT; kind++) {
		sources_fill(trial.driver->maps.sources, FAMILY_IPV4, kind, &list);
		compare(&trial, kind);
	}
	policy_free(policies[0]);
	policy_free(policies[1]);
	policy_free(policies[2]);
	driver_bpf__destroy(trial.driver);
	bench_datapath_close(&trial.quiet);
	bench_datapath_close(&trial.reporting);
	bench_datapath_close(&trial.limiting);
	lists_remove(&files);
	lists_done(&list);
}
