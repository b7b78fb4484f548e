// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads events of the kernel. What lies in the bytes of the packet was written by the sender, so
 * nothing here relies on it. */
#include "core/attempt.h"

#include <netinet/in.h>
#include <string.h>

#define IPV4_HEADER_BYTES 20
#define IPV4_DESTINATION_AT 16
#define IPV6_HEADER_BYTES 40
#define IPV6_DESTINATION_AT 24
#define TCP_HEADER_BYTES 20
#define TCP_LENGTH_AT 12

/* The bytes of the packet from the IP header on, or NULL if fewer than @bytes of them are there. */
static const uint8_t *ip_header(const struct ipwl_event *event, uint32_t bytes)
{
	if ((uint32_t)event->ip_offset + bytes > event->packet_bytes)
		return NULL;
	return event->packet + event->ip_offset;
}

static struct prefix read_destination(const struct ipwl_event *event, enum family family)
{
	const bool is_ipv4 = family == FAMILY_IPV4;
	const uint8_t *ip = ip_header(event, is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
	struct prefix destination = { .family = (uint8_t)family };

	if (!ip)
		return destination;
	destination.len = prefix_max_len(family);
	memcpy(destination.addr, ip + (is_ipv4 ? IPV4_DESTINATION_AT : IPV6_DESTINATION_AT),
	       destination.len / 8);
	return destination;
}

bool attempt_read(const struct ipwl_event *event, int64_t epoch_ns, struct attempt *ret_attempt)
{
	const enum family family = event->family == IPWL_FAMILY_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;

	if ((event->family != IPWL_FAMILY_IPV4 && event->family != IPWL_FAMILY_IPV6) ||
	    event->verdict < IPWL_AVERTED || event->verdict >= IPWL_VERDICT_COUNT ||
	    event->packet_bytes > IPWL_EVENT_PACKET_BYTES)
		return false;
	*ret_attempt = (struct attempt) {
		.at_ns = (int64_t)event->time_ns + epoch_ns,
		.source = { .family = (uint8_t)family, .len = prefix_max_len(family) },
		.destination = read_destination(event, family),
		.port_from = event->port_from,
		.port_to = event->port_to,
		.verdict = (enum ipwl_verdict)event->verdict,
		.ifindex = event->ifindex,
		.bytes = event->bytes,
		.left_out = event->left_out,
		.slot = event->list,
		.rule = event->rule,
	};
	memcpy(ret_attempt->source.addr, event->source, ret_attempt->source.len / 8);
	return true;
}

static const struct list *list_in_slot(const struct policy *policy, uint16_t slot)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].slot == slot)
			return &policy->lists[i];
	return NULL;
}

/* Averted attempts are counted at the allow list that averted them. */
static enum action action_of(enum ipwl_verdict verdict)
{
	return verdict == IPWL_AVERTED ? ACTION_ALLOW : ACTION_BLOCK;
}

void attempt_resolve(struct attempt *attempt, const struct policy *policy)
{
	const struct list *list = list_in_slot(policy, attempt->slot);

	/* A limit decided. */
	if (attempt->verdict >= IPWL_WOULD_LIMIT)
		return;
	if (!list || list->action != action_of(attempt->verdict))
		return;
	memcpy(attempt->list, list->name, strlen(list->name) + 1);
	for (int len = attempt->source.len; len >= 0; len--) {
		const struct prefix prefix = prefix_truncate(&attempt->source, (uint8_t)len);
		const struct rule *rule = list_find_rule(list, &prefix);

		if (!rule || rule->id != attempt->rule)
			continue;
		attempt->has_entry = true;
		attempt->entry = prefix;
		return;
	}
}

/* ---- headers -------------------------------------------------------------- */

/* Where TCP's header begins, or 0 if other headers are in between. */
static uint32_t tcp_offset(const struct ipwl_event *event)
{
	const bool is_ipv4 = event->family == IPWL_FAMILY_IPV4;
	const uint8_t *ip = ip_header(event, is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);

	if (!ip)
		return 0;
	if (is_ipv4)
		return ip[9] == IPPROTO_TCP ? event->ip_offset + (ip[0] & 15U) * 4U : 0;
	return ip[6] == IPPROTO_TCP ? event->ip_offset + IPV6_HEADER_BYTES : 0;
}

uint32_t attempt_header_bytes(const struct ipwl_event *event)
{
	const uint32_t at = tcp_offset(event);
	uint32_t bytes;

	if (!at || at + TCP_HEADER_BYTES > event->packet_bytes)
		return event->packet_bytes;
	bytes = at + (event->packet[at + TCP_LENGTH_AT] >> 4) * 4U;
	return bytes < event->packet_bytes ? bytes : event->packet_bytes;
}
