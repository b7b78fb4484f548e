/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same packet again and again, through ipwl's XDP program and an empty one. */
#include <bpf/libbpf.h>

#include "driver.skel.h"
#include "report.h"
#include "tables.h"
#include "testrun.h"

/* Over an empty XDP program. */
#define GOAL_NO_MAIL_NS 8

static void compare(const struct bench_options *options, const struct bench_datapath *bench,
		    const struct driver_bpf *driver, const struct packet *packet, const char *what,
		    struct goal goal)
{
	struct runner runners[] = { { .program = bpf_program__fd(driver->progs.empty) },
				    { .program = bench_datapath_program(bench) } };
	double ns[2];

	testrun_compare(options, runners, 2, packet, ns);
	report_net(what, ns[1], ns[0], goal);
}

void packets_measure(const struct bench_options *options)
{
	struct bench_datapath bench = { .bpffs_dir = "" };
	struct driver_bpf *driver = driver_bpf__open_and_load();
	struct packet udp4 = testrun_packet("192.0.2.1", 0, 0, true);
	struct packet udp6 = testrun_packet("2001:db8::1", 0, 0, true);
	struct packet web_syn = testrun_packet("192.0.2.1", 443, TCP_SYN, false);
	struct packet web4 = testrun_packet("192.0.2.1", 443, TCP_ACK, false);
	struct packet web6 = testrun_packet("2001:db8::1", 443, TCP_ACK, false);
	struct packet mail4 = testrun_packet("192.0.2.1", 25, TCP_ACK, false);
	struct packet mail6 = testrun_packet("2001:db8::1", 25, TCP_ACK, false);

	if (!driver)
		die("cannot load the driver");
	report_section("one packet, again and again", "   ipwl ns  empty ns    net ns");
	bench_datapath_open(&bench, "packets");
	compare(options, &bench, driver, &udp4, "IPv4 UDP", AT_MOST(GOAL_NO_MAIL_NS));
	compare(options, &bench, driver, &udp6, "IPv6 UDP", AT_MOST(GOAL_NO_MAIL_NS));
	compare(options, &bench, driver, &web_syn, "IPv4 TCP to port 443, SYN",
		AT_MOST(GOAL_NO_MAIL_NS));
	compare(options, &bench, driver, &web4, "IPv4 TCP to port 443, data",
		AT_MOST(GOAL_NO_MAIL_NS));
	compare(options, &bench, driver, &web6, "IPv6 TCP to port 443, data",
		AT_MOST(GOAL_NO_MAIL_NS));
	compare(options, &bench, driver, &mail4, "IPv4 mail, lists are empty", NO_GOAL);
	compare(options, &bench, driver, &mail6, "IPv6 mail, lists are empty", NO_GOAL);
	bench_datapath_close(&bench);
	driver_bpf__destroy(driver);
}
