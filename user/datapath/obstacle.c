// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds out why the kernel rejects an XDP program for a device. The kernel gives no reason to a
 * process that attaches by a link. So this looks for known reasons: another program on the
 * device, or a program on a device above or below it. Changes nothing.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "datapath/netlink.h"

#define MTU_USUAL 1500
#define WORDS_BYTES 128

/* ---- devices --------------------------------------------------------------- */

/* A device as the netlink dump describes it. */
struct device {
	int ifindex;
	char name[IF_NAMESIZE];
	int master;	   /* ifindex of the bridge or bond it belongs to, or 0 */
	int lower;	   /* ifindex of the device below a VLAN or similar device, or 0 */
	bool is_elsewhere; /* `lower` is of another namespace */
	uint32_t mtu;
	uint32_t xdp_id; /* of its XDP program; 0: none */
	uint8_t xdp_mode;
};

/* One look at all devices. */
struct survey {
	int ifindex;
	struct device device;	/* the one asked about */
	struct device relative; /* above or below it, with an XDP program */
	bool is_second;		/* `device` is known */
};

static int read_xdp(const struct nlattr *attribute, void *context)
{
	struct device *device = context;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_XDP_ATTACHED:
		device->xdp_mode = mnl_attr_get_u8(attribute);
		break;
	case IFLA_XDP_PROG_ID:
	case IFLA_XDP_DRV_PROG_ID:
	case IFLA_XDP_SKB_PROG_ID:
	case IFLA_XDP_HW_PROG_ID:
		device->xdp_id = mnl_attr_get_u32(attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct device *device = context;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		snprintf(device->name, sizeof(device->name), "%s", mnl_attr_get_str(attribute));
		break;
	case IFLA_MASTER:
		device->master = (int)mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK:
		device->lower = (int)mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK_NETNSID:
		device->is_elsewhere = true;
		break;
	case IFLA_MTU:
		device->mtu = mnl_attr_get_u32(attribute);
		break;
	case IFLA_XDP:
		mnl_attr_parse_nested(attribute, read_xdp, device);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static bool is_on(const struct device *upper, const struct device *lower)
{
	return lower->master == upper->ifindex ||
	       (upper->lower == lower->ifindex && !upper->is_elsewhere);
}

static int survey_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct device device = { .ifindex = info->ifi_index };
	struct survey *survey = context;

	mnl_attr_parse(message, sizeof(*info), read_attribute, &device);
	if (device.ifindex == survey->ifindex)
		survey->device = device;
	else if (survey->is_second && device.xdp_id &&
		 (is_on(&device, &survey->device) || is_on(&survey->device, &device)))
		survey->relative = device;
	return MNL_CB_OK;
}

static int dump_links(struct survey *survey)
{
	struct ifinfomsg request = { .ifi_family = AF_UNSPEC };

	return netlink_dump(RTM_GETLINK, &request, sizeof(request), survey_link, survey);
}

/* Dump twice: relatives can be recognised only once the device itself is known. */
static int survey_links(struct survey *survey)
{
	int err = dump_links(survey);

	if (err)
		return err;
	survey->is_second = true;
	return dump_links(survey);
}

/* ---- programs -------------------------------------------------------------- */

/* "id 12, name pass"; reading the name needs CAP_SYS_ADMIN. */
static void describe_program(uint32_t id, char words[WORDS_BYTES])
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int program = bpf_prog_get_fd_by_id(id);

	if (program >= 0 && !bpf_obj_get_info_by_fd(program, &info, &size) && info.name[0])
		snprintf(words, WORDS_BYTES, "id %u, name %s", id, info.name);
	else
		snprintf(words, WORDS_BYTES, "id %u", id);
	if (program >= 0)
		close(program);
}

/* Find the link that attaches a program to a device. @ret_id is 0 if no link does. Return: 0;
 * -EPERM: this needs CAP_SYS_ADMIN. */
static int find_link(int ifindex, uint32_t program_id, uint32_t *ret_id)
{
	uint32_t id = 0;

	*ret_id = 0;
	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);
		int link = bpf_link_get_fd_by_id(id);
		bool is_it = link >= 0 && !bpf_obj_get_info_by_fd(link, &info, &size) &&
			     info.type == BPF_LINK_TYPE_XDP && info.prog_id == program_id &&
			     (int)info.xdp.ifindex == ifindex;

		if (link >= 0)
			close(link);
		if (is_it) {
			*ret_id = id;
			return 0;
		}
	}
	return errno == EPERM || errno == EACCES ? -EPERM : 0;
}

/* The word of `ip link set` for the mode in which a program is attached. */
static const char *xdp_word(uint8_t mode)
{
	switch (mode) {
	case XDP_ATTACHED_SKB:
		return "xdpgeneric";
	case XDP_ATTACHED_HW:
		return "xdpoffload";
	default:
		return "xdp";
	}
}

static void explain_program(const struct device *device)
{
	char program[WORDS_BYTES];
	uint32_t link;
	int err = find_link(device->ifindex, device->xdp_id, &link);

	describe_program(device->xdp_id, program);
	if (err)
		errors_explain("another XDP program (%s) is attached: remove it with `ip link "
			       "set dev %s %s off' or, if a link holds it (`bpftool link' shows "
			       "that to root), with `bpftool link detach id LINK'",
			       program, device->name, xdp_word(device->xdp_mode));
	else if (link)
		errors_explain("another XDP program (%s) is attached: remove it with `bpftool "
			       "link detach id %u'",
			       program, link);
	else
		errors_explain("another XDP program (%s) is attached: remove it with `ip link "
			       "set dev %s %s off'",
			       program, device->name, xdp_word(device->xdp_mode));
}

static void explain_relative(const struct survey *survey, const char *name)
{
	const struct device *relative = &survey->relative;
	char program[WORDS_BYTES];

	describe_program(relative->xdp_id, program);
	errors_explain("the kernel allows no XDP program on %s while %s, the device %s it, has one "
		       "(%s): remove one of the two",
		       name, relative->name, is_on(relative, &survey->device) ? "above" : "below",
		       program);
}

void obstacle_explain(int ifindex, const char *name, enum attach_mode mode, int err)
{
	struct survey survey = { .ifindex = ifindex };
	bool is_occupied = err == -EBUSY || err == -EEXIST;

	errors_clear();
	if (survey_links(&survey))
		return;
	if (is_occupied && survey.device.xdp_id)
		explain_program(&survey.device);
	else if (is_occupied && survey.relative.xdp_id)
		explain_relative(&survey, name);
	else if (!is_occupied && mode == ATTACH_NATIVE && survey.device.mtu > MTU_USUAL)
		errors_explain("the driver may not support native XDP with an MTU of %u",
			       survey.device.mtu);
}
