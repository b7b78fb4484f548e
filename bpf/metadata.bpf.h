/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slot of a list, from the XDP program to the tc program (struct ipwl_meta). */
#ifndef IPWL_METADATA_BPF_H
#define IPWL_METADATA_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ipwl.h"

/* Cleared by the loader: the tc program classifies without trying metadata. */
const volatile __u8 use_metadata = 1;

/* Set by the loader: identifies metadata of this interface of this ipwld. */
const volatile __u32 meta_owner = 0;

/* Packet pointers are invalid afterwards. Return: 1; 0: the driver has no metadata. */
static __always_inline int metadata_write(struct xdp_md *ctx, __u32 list)
{
	struct ipwl_meta *meta;

	if (!use_metadata || bpf_xdp_adjust_meta(ctx, -(int)sizeof(struct ipwl_meta)))
		return 0;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return 0;
	meta->owner = meta_owner;
	meta->list = list;
	return 1;
}

/* The slot that XDP wrote, or -1. */
static __always_inline int metadata_read(struct __sk_buff *skb)
{
	struct ipwl_meta *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) > (void *)(long)skb->data || meta->owner != meta_owner)
		return -1;
	return (int)meta->list;
}

#endif
