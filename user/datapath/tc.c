// SPDX-License-Identifier: GPL-2.0-or-later
/* The tc program on a device's ingress: one filter with our own handle, in a clsact qdisc that
 * may belong to another program. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <bpf/libbpf.h>

#include "base/device.h"
#include "datapath/internal.h"
#include "datapath/netlink.h"

#define FILTER_HANDLE 0x6970776cU /* "ipwl" */
/* We use the lowest priority number that has no filters yet or only `bpf` filters. It is low
 * because a filter before ours may end the chain. */
#define PRIORITY_FIRST 1
#define PRIORITY_LAST 16

static struct bpf_tc_hook ingress_of(int ifindex)
{
	return (struct bpf_tc_hook) {
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = ifindex,
		.attach_point = BPF_TC_INGRESS,
	};
}

/* Return the priority of our filter; 0 if there is none; -errno if that is not known. */
static int find_filter(const struct bpf_tc_hook *hook)
{
	for (int priority = PRIORITY_FIRST; priority <= PRIORITY_LAST; priority++) {
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
			    .priority = (uint32_t)priority);
		int err = bpf_tc_query(hook, &options);

		if (!err)
			return priority;
		if (device_is_shortage(err))
			return err;
	}
	return 0;
}

static int count_message(const struct nlmsghdr *message, void *context)
{
	/* Besides filters, the kernel reports each chain's priorities. */
	if (message->nlmsg_type == RTM_NEWTFILTER)
		++*(int *)context;
	return MNL_CB_OK;
}

/* Count the filters of a parent. Return a negative number if that is not known. */
static int count_filters(int ifindex, uint32_t parent)
{
	struct tcmsg request = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_parent = parent,
	};
	int count = 0;
	int err = netlink_dump(RTM_GETTFILTER, &request, sizeof(request), count_message, &count);

	return err ? err : count;
}

/* Remove the qdisc if it is certainly empty. Otherwise another program may use it by now. */
static int remove_qdisc(int ifindex)
{
	struct bpf_tc_hook hook = ingress_of(ifindex);
	int err;

	if (count_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) ||
	    count_filters(ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)))
		return 0;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	err = bpf_tc_hook_destroy(&hook);
	/* Another program has removed it already. */
	return err == -EINVAL || err == -ENOENT ? 0 : err;
}

/* Replace our earlier filter, or else use the first priority that accepts it. */
static int put_filter(const struct bpf_tc_hook *hook, int program)
{
	int priority = find_filter(hook);
	int err = -EEXIST;

	if (priority < 0)
		return priority;
	for (int try = priority ? priority : PRIORITY_FIRST; try <= PRIORITY_LAST; try++) {
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
			    .priority = (uint32_t)try, .prog_fd = program,
			    .flags = BPF_TC_F_REPLACE);

		errors_clear();
		err = bpf_tc_attach(hook, &options);
		/* Filters of another kind have this priority: -EINVAL or -EEXIST. */
		if (!err || priority || (err != -EINVAL && err != -EEXIST))
			break;
	}
	return err;
}

int tc_attach(int ifindex, int program, bool *ret_qdisc_created, char error[DATAPATH_ERROR_BYTES])
{
	struct bpf_tc_hook hook = ingress_of(ifindex);
	int err;

	errors_clear();
	err = bpf_tc_hook_create(&hook);
	*ret_qdisc_created = !err;
	if (err && err != -EEXIST)
		return errors_report_words(error, err, "cannot add a clsact qdisc");
	err = put_filter(&hook, program);
	if (!err)
		return 0;
	errors_report_words(error, err, "cannot add a tc filter");
	if (*ret_qdisc_created)
		remove_qdisc(ifindex);
	return err;
}

int tc_is_attached(int ifindex)
{
	struct bpf_tc_hook hook = ingress_of(ifindex);
	int priority = ifindex > 0 ? find_filter(&hook) : 0;

	return priority > 0 ? 1 : priority;
}

int tc_detach(int ifindex, bool removes_qdisc)
{
	struct bpf_tc_hook hook = ingress_of(ifindex);
	int priority = find_filter(&hook);
	int err = priority < 0 ? priority : 0;

	if (priority > 0) {
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
			    .priority = (uint32_t)priority);

		err = bpf_tc_detach(&hook, &options);
	}
	return err || !removes_qdisc ? err : remove_qdisc(ifindex);
}
