/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks two sorted tables side by side. */
#include "core/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000ULL

struct prefix session_address(const struct ipwl_session_peer *peer)
{
	struct prefix address = { .family = FAMILY_IPV6, .len = 128 };

	memcpy(address.addr, peer->addr, sizeof(peer->addr));
	return prefix_is_mapped(&address) ? prefix_unmap(&address, 32) : address;
}

static uint32_t count_of(uint64_t now, uint64_t before)
{
	return now - before > UINT32_MAX ? UINT32_MAX : (uint32_t)(now - before);
}

int64_t session_time(uint64_t since_boot_ns, int64_t boot_sec)
{
	return since_boot_ns ? boot_sec + (int64_t)(since_boot_ns / NSEC_PER_SEC) : 0;
}

/* @before: of the same peer, or NULL. */
static void add_news(struct session_difference *difference, const struct session_peer *peer,
		     const struct session_noted *before, int64_t boot_sec)
{
	const struct ipwl_sessions *now = &peer->sessions;
	struct ipwl_sessions_noted noted = { .born_ns = now->born_ns };

	if (before && before->noted.born_ns == now->born_ns)
		noted = before->noted;
	if (now->outbound == noted.outbound && now->inbound == noted.inbound)
		return;
	difference->news[difference->count] = (struct session_news) {
		.address = session_address(&peer->peer),
		.outbound = count_of(now->outbound, noted.outbound),
		.inbound = count_of(now->inbound, noted.inbound),
		.last_outbound_sec = session_time(now->last_outbound_ns, boot_sec),
		.last_inbound_sec = session_time(now->last_inbound_ns, boot_sec),
	};
	difference->noted[difference->count++] = (struct session_noted) {
		.peer = peer->peer,
		.noted = { .born_ns = now->born_ns,
			   .outbound = now->outbound,
			   .inbound = now->inbound },
	};
}

static int compare_peers(const struct ipwl_session_peer *a, const struct ipwl_session_peer *b)
{
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

int session_compare(const struct session_peer *peers, size_t peer_count,
		    const struct session_noted *noted, size_t noted_count, int64_t boot_sec,
		    struct session_difference *ret_difference)
{
	struct session_difference difference = {
		.news = calloc(peer_count + 1, sizeof(*difference.news)),
		.noted = calloc(peer_count + 1, sizeof(*difference.noted)),
		.gone = calloc(noted_count + 1, sizeof(*difference.gone)),
	};
	size_t i = 0, j = 0;

	if (!difference.news || !difference.noted || !difference.gone) {
		session_difference_done(&difference);
		return -ENOMEM;
	}
	while (i < peer_count || j < noted_count) {
		const int order = i == peer_count ? 1
				  : j == noted_count
				      ? -1
				      : compare_peers(&peers[i].peer, &noted[j].peer);

		if (order > 0) {
			difference.gone[difference.gone_count++] = noted[j++].peer;
			continue;
		}
		add_news(&difference, &peers[i++], order ? NULL : &noted[j], boot_sec);
		j += !order;
	}
	*ret_difference = difference;
	return 0;
}

void session_difference_done(struct session_difference *difference)
{
	free(difference->news);
	free(difference->noted);
	free(difference->gone);
	*difference = (struct session_difference) { 0 };
}
