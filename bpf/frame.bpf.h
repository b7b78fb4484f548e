/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame and how to read it: directly within the reach of packet pointers, otherwise by
 * copying. Independent of protocol headers. */
#ifndef IPWL_FRAME_BPF_H
#define IPWL_FRAME_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ipwl.h"

/* Set by the loader: frames may have several buffers, and the kernel has
 * bpf_xdp_get_buff_len() and bpf_xdp_load_bytes() (all Linux 5.18). */
const volatile __u8 has_xdp_frags = 0;

/* The verifier takes offsets of packet pointers below 0xffff. */
#define POINTER_OFFSET_MAX 0x7fff

/* What the parser reads: a frame from its Ethernet header on. */
struct frame {
	struct xdp_md *xdp;    /* the program's context: one of the two, */
	struct __sk_buff *skb; /* the other is NULL */
	void *data;
	void *data_end; /* within reach of the pointers; the rest may lie elsewhere */
	__u32 bytes;	/* of the frame, or of its first buffer in XDP */
};

/* The length of all buffers. The call costs as much as parsing, so it is only made for frames
 * that may have several buffers. */
static __always_inline __u32 whole_bytes(const struct frame *frame)
{
	if (has_xdp_frags && frame->xdp)
		return (__u32)bpf_xdp_get_buff_len(frame->xdp);
	return frame->bytes;
}

/* Copy from anywhere in the frame. Returns 1, or 0 if the kernel cannot copy or the frame is
 * too short. */
static __always_inline int frame_copy(const struct frame *frame, __u32 offset, void *to,
				      __u32 bytes)
{
	if (frame->skb)
		return !bpf_skb_load_bytes(frame->skb, offset, to, bytes);
	return has_xdp_frags && !bpf_xdp_load_bytes(frame->xdp, offset, to, bytes);
}

/* How the parser reads. It begins with pointers, and parses again by copying if they do not
 * reach far enough. */
enum reading { BY_POINTER, BY_COPY };

/* Where the parser stands. */
struct cursor {
	struct frame frame;
	enum reading reading; /* a constant, so that each variant is compiled separately */
	__u32 offset;	      /* in the frame */
	__u32 limit;	      /* where the frame, then the IP packet, ends */
	__u8 protocol;	      /* of what comes next, once IP is read */
	__u8 is_first_fragment;
};

/* Whether the packet has @bytes more. If it has and peek() fails, they are in another buffer. */
static __always_inline int is_inside(const struct cursor *cursor, __u32 bytes)
{
	return cursor->offset + bytes <= cursor->limit;
}

/* The next @bytes, or NULL if they cannot be read. @copy: a buffer for them, if they must be
 * copied. */
static __always_inline void *peek(const struct cursor *cursor, void *copy, __u32 bytes)
{
	void *pos;

	if (!is_inside(cursor, bytes))
		return NULL;
	if (cursor->reading == BY_COPY)
		return frame_copy(&cursor->frame, cursor->offset, copy, bytes) ? copy : NULL;
	pos = cursor->frame.data + cursor->offset;
	/* Check the very pointer that is read. The verifier does not accept the same sum
	 * computed again. */
	asm volatile("" : "+r"(pos));
	return pos + bytes > cursor->frame.data_end ? NULL : pos;
}

/* Go on to an offset inside the packet. Returns 1, or 0 if pointers do not reach it. */
static __always_inline int move_to(struct cursor *cursor, __u32 offset)
{
	if (cursor->reading == BY_POINTER) {
		if (offset > POINTER_OFFSET_MAX)
			return 0;
		/* This changes no value. It is for verifiers before Linux 6.8, which cannot
		 * conclude it from the comparison of two registers. */
		asm volatile("%0 &= 0x7fff" : "+r"(offset));
	}
	cursor->offset = offset;
	return 1;
}

#endif
