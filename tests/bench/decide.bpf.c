// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision alone: ipwl's own code from a source address to a counted verdict,
 * with the data path's maps, and without a packet to parse. The pick_ programs draw
 * an address and look nothing up: the baseline.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "../../bpf/classify.bpf.h"
#include "../../bpf/count.bpf.h"
#include "sources.bpf.h"

/* Read once a run, so that the compiler does not know what a packet is like. */
__u32 bytes = 60;
__u32 is_connection = 1;
/* How often each verdict was given: what the sources should get is known. */
__u64 verdicts[IPWL_VERDICT_COUNT];

static __always_inline void draw4(struct packet *packet)
{
	__u32 source = next4();

	packet->family = IPWL_FAMILY_IPV4;
	packet->key4.prefixlen = 32;
	__builtin_memcpy(packet->key4.addr, &source, sizeof(source));
}

static __always_inline void draw6(struct packet *packet)
{
	packet->family = IPWL_FAMILY_IPV6;
	packet->key6.prefixlen = 128;
	next6(packet->key6.addr);
}

/* What both have: the settings, the packet's fields and a count. */
static __always_inline int decide(struct packet *packet)
{
	struct ipwl_settings *settings = settings_get();
	struct ipwl_decision decision;

	if (!settings)
		return XDP_ABORTED;
	packet->bytes = bytes;
	packet->is_connection = is_connection;
	decision = classify(settings, packet);
	count_decision(settings, packet, &decision);
	if ((__u32)decision.verdict < IPWL_VERDICT_COUNT)
		verdicts[decision.verdict]++;
	return XDP_PASS;
}

/* The address has to be used, or it would not be read. */
static __always_inline int pick(const struct packet *packet, __u32 address)
{
	struct ipwl_settings *settings = settings_get();

	if (!settings)
		return XDP_ABORTED;
	/* Some of them: the verifier knows no bound of a remainder. */
	verdicts[(address ^ settings->enforce ^ packet->family) & 7] += is_connection;
	return XDP_PASS;
}

SEC("xdp")
int decide4(struct xdp_md *ctx __attribute__((unused)))
{
	struct packet packet = {};

	draw4(&packet);
	return decide(&packet);
}

SEC("xdp")
int decide6(struct xdp_md *ctx __attribute__((unused)))
{
	struct packet packet = {};

	draw6(&packet);
	return decide(&packet);
}

SEC("xdp")
int pick4(struct xdp_md *ctx __attribute__((unused)))
{
	struct packet packet = {};
	__u32 address;

	draw4(&packet);
	__builtin_memcpy(&address, packet.key4.addr, sizeof(address));
	return pick(&packet, address);
}

SEC("xdp")
int pick6(struct xdp_md *ctx __attribute__((unused)))
{
	struct packet packet = {};
	__u32 words[4];

	draw6(&packet);
	__builtin_memcpy(words, packet.key6.addr, sizeof(words));
	return pick(&packet, words[0] ^ words[1] ^ words[2] ^ words[3]);
}

char _license[] SEC("license") = "GPL";
