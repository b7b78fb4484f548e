/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Over VLAN tags and extension headers, as many as a frame has room for. An attacker picks
 * their number, and the stack has no limit either (but for Linux 7.1, see parse.bpf.h).
 *
 * Global functions, so that the verifier walks through each once, for any argument, and
 * not anew for each path that leads to it. A function for a step, one for a round of steps
 * and one for rounds: it walks through the sum of their loops, and packets the product.
 */
#ifndef IPWL_WALK_BPF_H
#define IPWL_WALK_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.bpf.h"
#include "packet.bpf.h"

/* Together 16 384 steps of 4 bytes or more: the headers of a frame of 64 KiB. */
#define STEPS_IN_ROUND 128
#define ROUNDS 128

/* RFC 8200 section 4.5. */
#define IP6_MORE_FRAGMENTS 0x0001
#define IP6_OFFSET_MASK 0xfff8

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

/* How every extension header begins (RFC 8200 section 4). None is shorter than 8 bytes. */
struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment; /* of a fragment header: its offset and flags */
};
#define EXTENSION_BYTES_MIN 8

/* What a step reads: 4 bytes. It fills a word of the stack, or the verifier would lose track
 * of what the compiler keeps in the other half, such as the loop's counter. */
union window {
	struct vlan_tag tag;
	struct extension extension;
	__u64 word;
};
#define WINDOW_BYTES 4
_Static_assert(sizeof(struct vlan_tag) == WINDOW_BYTES && sizeof(struct extension) == WINDOW_BYTES,
	       "as much as is read");

/* The position of a walk. It fits into a word, because before Linux 5.12 a global function
 * cannot take a pointer to its caller's stack. */
struct walk {
	__u32 offset;
	/* Of what comes next: an ethertype, or a number of IP's protocols. Those are smaller,
	 * as are lengths in an ethertype's place (IEEE 802.3), which are ETH_P_802_3 here. */
	__u16 type;
	__u8 is_first_fragment;
	__u8 verdict; /* IPWL_OTHER: go on */
};
_Static_assert(sizeof(struct walk) == sizeof(__u64), "fits a return value");

static __always_inline struct walk walk_of(__u64 word)
{
	struct walk walk;

	__builtin_memcpy(&walk, &word, sizeof(walk));
	return walk;
}

static __always_inline __u64 word_of(const struct walk *walk)
{
	__u64 word;

	__builtin_memcpy(&word, walk, sizeof(word));
	return word;
}

/* Read by the path that leads there. */
static __always_inline int walk_read(const struct frame *frame, __u32 offset, union window *to)
{
	if (offset <= POINTER_OFFSET_MAX) {
		__u32 at = offset;
		void *pos;

		asm volatile("%0 &= 0x7fff" : "+r"(at)); /* see move_to() */
		pos = frame->data + at;
		if (pos + WINDOW_BYTES <= frame->data_end) {
			__builtin_memcpy(to, pos, WINDOW_BYTES);
			return 1;
		}
	}
	return frame_copy(frame, offset, to, WINDOW_BYTES);
}

static __always_inline int is_tag(__u16 type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static __always_inline int is_extension(__u16 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_DSTOPTS ||
	       type == IPPROTO_FRAGMENT || type == IPPROTO_AH;
}

static __always_inline int walk_goes_on(const struct walk *walk)
{
	return walk->verdict == IPWL_OTHER && (is_tag(walk->type) || is_extension(walk->type));
}

/* Note what a fragment header says. A later fragment has no ports. The stack discards a
 * fragment in a fragment, but another host may accept it if the outer one is the first. */
static __always_inline void walk_fragment(struct walk *walk, const struct extension *extension)
{
	if (extension->fragment & bpf_htons(IP6_OFFSET_MASK))
		walk->verdict = walk->is_first_fragment ? PORTLESS : IPWL_FRAGMENT;
	if (extension->fragment & bpf_htons(IP6_MORE_FRAGMENTS))
		walk->is_first_fragment = 1;
}

static __always_inline __u32 extension_bytes(__u16 type, const struct extension *extension)
{
	if (type == IPPROTO_FRAGMENT)
		return EXTENSION_BYTES_MIN;
	/* RFC 4302 section 2.2: in 4 bytes, minus 2. */
	if (type == IPPROTO_AH)
		return (extension->length + 2) * 4;
	/* RFC 8200 section 4: in 8 bytes, without the first 8. */
	return (extension->length + 1) * 8;
}

/* Over one header. See stop_short() for what the end of the packet means. */
static __always_inline void walk_on(const struct frame *frame, struct walk *walk, __u32 limit)
{
	const __u32 bytes_min = is_tag(walk->type) ? sizeof(struct vlan_tag) : EXTENSION_BYTES_MIN;
	union window window;

	if (walk->offset + bytes_min > limit) {
		walk->verdict = walk->is_first_fragment ? PORTLESS : IPWL_MALFORMED;
	} else if (!walk_read(frame, walk->offset, &window)) {
		walk->verdict = OUT_OF_REACH;
	} else if (is_tag(walk->type)) {
		walk->offset += sizeof(window.tag);
		walk->type = bpf_ntohs(window.tag.type);
		if (walk->type < ETH_P_802_3_MIN)
			walk->type = ETH_P_802_3;
	} else {
		if (walk->type == IPPROTO_FRAGMENT)
			walk_fragment(walk, &window.extension);
		walk->offset += extension_bytes(walk->type, &window.extension);
		walk->type = window.extension.next;
		if (walk->verdict == IPWL_OTHER && walk->offset > limit)
			walk->verdict = walk->is_first_fragment ? PORTLESS : IPWL_MALFORMED;
	}
}

static __always_inline struct frame frame_of_xdp(struct xdp_md *ctx)
{
	return (struct frame) {
		.xdp = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.bytes = (__u32)(ctx->data_end - ctx->data),
	};
}

static __always_inline struct frame frame_of_tc(struct __sk_buff *ctx)
{
	return (struct frame) {
		.skb = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.bytes = ctx->len,
	};
}

__noinline __u64 xdp_walk_step(struct xdp_md *ctx, __u64 start, __u32 limit)
{
	struct frame frame = frame_of_xdp(ctx);
	struct walk walk = walk_of(start);

	walk_on(&frame, &walk, limit);
	return word_of(&walk);
}

__noinline __u64 tc_walk_step(struct __sk_buff *ctx, __u64 start, __u32 limit)
{
	struct frame frame = frame_of_tc(ctx);
	struct walk walk = walk_of(start);

	walk_on(&frame, &walk, limit);
	return word_of(&walk);
}

__noinline __u64 xdp_walk_round(struct xdp_md *ctx, __u64 start, __u32 limit)
{
	struct walk walk = walk_of(start);

	for (int i = 0; i < STEPS_IN_ROUND && walk_goes_on(&walk); i++)
		walk = walk_of(xdp_walk_step(ctx, word_of(&walk), limit));
	return word_of(&walk);
}

__noinline __u64 tc_walk_round(struct __sk_buff *ctx, __u64 start, __u32 limit)
{
	struct walk walk = walk_of(start);

	for (int i = 0; i < STEPS_IN_ROUND && walk_goes_on(&walk); i++)
		walk = walk_of(tc_walk_step(ctx, word_of(&walk), limit));
	return word_of(&walk);
}

__noinline __u64 xdp_walk(struct xdp_md *ctx, __u64 start, __u32 limit)
{
	struct walk walk = walk_of(start);

	for (int i = 0; i < ROUNDS && walk_goes_on(&walk); i++)
		walk = walk_of(xdp_walk_round(ctx, word_of(&walk), limit));
	return word_of(&walk);
}

__noinline __u64 tc_walk(struct __sk_buff *ctx, __u64 start, __u32 limit)
{
	struct walk walk = walk_of(start);

	for (int i = 0; i < ROUNDS && walk_goes_on(&walk); i++)
		walk = walk_of(tc_walk_round(ctx, word_of(&walk), limit));
	return word_of(&walk);
}

/* Skip the tag or extension header of this type and all that follow, up to a header of another
 * type, or to an earlier end. */
static __always_inline struct walk walk_from(const struct cursor *cursor, __u16 type)
{
	struct walk walk = {
		.offset = cursor->offset,
		.type = type,
		.is_first_fragment = cursor->is_first_fragment,
	};
	const struct frame *frame = &cursor->frame;

	return walk_of(frame->skb ? tc_walk(frame->skb, word_of(&walk), cursor->limit)
				  : xdp_walk(frame->xdp, word_of(&walk), cursor->limit));
}

#endif
