// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks the kernel about XDP links and devices. Changes nothing. */
#include <errno.h>

#include <linux/bpf.h>
#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"

/* The headers of Debian 12 do not have it. */
#define TCX_INGRESS ((enum bpf_attach_type)46)

/* Return 1 if a program is attached to a device of this namespace, 0 if not, or -errno.
 * Comparing the ifindex is not enough: a device of another namespace may have the same. */
static int is_program_on(uint32_t program, int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, options);
	int err = bpf_xdp_query(ifindex, 0, &options);

	if (err)
		return err == -ENODEV ? 0 : err;
	return options.prog_id == program || options.drv_prog_id == program ||
	       options.skb_prog_id == program || options.hw_prog_id == program;
}

int xdp_link_ifindex(int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	int is_on;

	if (bpf_obj_get_info_by_fd(link, &info, &size))
		return -errno;
	if (info.type != BPF_LINK_TYPE_XDP || !info.xdp.ifindex)
		return 0;
	is_on = is_program_on(info.prog_id, (int)info.xdp.ifindex);
	return is_on > 0 ? (int)info.xdp.ifindex : is_on;
}

int xdp_device_mode(int ifindex, enum attach_mode *ret_mode)
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

bool xdp_device_is_taken(int ifindex)
{
	enum attach_mode mode;

	return !xdp_device_mode(ifindex, &mode) && mode != ATTACH_NONE;
}

bool xdp_device_has_tcx(int ifindex)
{
	uint32_t count = 0;

	return !bpf_prog_query(ifindex, TCX_INGRESS, 0, NULL, NULL, &count) && count > 0;
}
