// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says of a device and of the programs on it. Changes nothing. */
#include <errno.h>

#include <linux/bpf.h>
#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "internal.h"

/* Newer than the headers of Debian 12. */
#define TCX_INGRESS ((enum bpf_attach_type)46)

static int link_info(int link, struct bpf_link_info *ret_info)
{
	uint32_t size = sizeof(*ret_info);

	*ret_info = (struct bpf_link_info) { 0 };
	return bpf_obj_get_info_by_fd(link, ret_info, &size) ? -errno : 0;
}

int device_of_link_anywhere(int link)
{
	struct bpf_link_info info;
	int err = link_info(link, &info);

	if (err)
		return err;
	return info.type == BPF_LINK_TYPE_XDP ? (int)info.xdp.ifindex : 0;
}

/* Each interface has programs of its own, so the program tells the device. */
int device_of_link(int link)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);
	struct bpf_link_info info;
	int err = link_info(link, &info);

	if (err)
		return err;
	if (info.type != BPF_LINK_TYPE_XDP || info.xdp.ifindex == 0)
		return 0;
	err = bpf_xdp_query((int)info.xdp.ifindex, 0, &options);
	if (err == -ENODEV)
		return 0;
	if (err)
		return err;
	if (options.prog_id != info.prog_id && options.drv_prog_id != info.prog_id &&
	    options.skb_prog_id != info.prog_id)
		return 0;
	return (int)info.xdp.ifindex;
}

int device_mode(int ifindex, enum attach_mode *ret_mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);
	int err = bpf_xdp_query(ifindex, 0, &options);

	if (err)
		return err;
	switch (options.attach_mode) {
	case XDP_ATTACHED_DRV:
	case XDP_ATTACHED_HW:
	case XDP_ATTACHED_MULTI:
		*ret_mode = ATTACH_NATIVE;
		break;
	case XDP_ATTACHED_SKB:
		*ret_mode = ATTACH_GENERIC;
		break;
	default:
		*ret_mode = ATTACH_NONE;
	}
	return 0;
}

bool device_has_tcx(int ifindex)
{
	uint32_t count = 0;

	return !bpf_prog_query(ifindex, TCX_INGRESS, 0, NULL, NULL, &count) && count > 0;
}
