// SPDX-License-Identifier: GPL-2.0-or-later
/* Lanes in the kernel. The element that a list refers to never changes, except that it is switched
 * on and off; a changed lane is written beside it. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

#define LANES_BYTES (IPWL_LANES_MAX * sizeof(struct ipwl_lane))
#define COUNTERS_BYTES (IPWL_LISTS_MAX * sizeof(struct ipwl_lane_counters))
#define REJECTS_BYTES (IPWL_LISTS_MAX * sizeof(struct ipwl_reject))
#define NSEC_PER_SEC 1000000000ULL

int lane_maps_open(struct datapath *datapath)
{
	datapath->lanes = values_map(datapath->shared->maps.lanes, LANES_BYTES);
	if (!datapath->lanes)
		return -errno;
	datapath->lane_counters = values_map(datapath->shared->maps.lane_counters, COUNTERS_BYTES);
	if (!datapath->lane_counters)
		return -errno;
	datapath->rejects = values_map(datapath->shared->maps.rejects, REJECTS_BYTES);
	return datapath->rejects ? 0 : -errno;
}

void lane_maps_close(struct datapath *datapath)
{
	values_unmap(datapath->lanes, LANES_BYTES);
	values_unmap(datapath->lane_counters, COUNTERS_BYTES);
	values_unmap(datapath->rejects, REJECTS_BYTES);
}

void lane_maps_zero(struct datapath *datapath, uint32_t slot)
{
	memset(&datapath->lane_counters[slot], 0, sizeof(datapath->lane_counters[slot]));
	memset(&datapath->rejects[slot], 0, sizeof(datapath->rejects[slot]));
}

/* As many connections at once as in a second. */
static void write_rate(struct ipwl_reject *reject, uint32_t per_second)
{
	const uint64_t interval_ns = per_second ? NSEC_PER_SEC / per_second : 0;

	__atomic_store_n(&reject->burst_ns, per_second ? (per_second - 1) * interval_ns : 0,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&reject->interval_ns, interval_ns, __ATOMIC_RELAXED);
}

/* The lane of a list, off. */
static struct ipwl_lane lane_content(const struct lane *lane)
{
	struct ipwl_lane content = {
		.port4 = htons(lane->ends[FAMILY_IPV4].port),
		.port6 = htons(lane->ends[FAMILY_IPV6].port),
		.mail_port = lane->is_reject ? 0 : lane->mail_port,
		.flags = (uint16_t)((lane->is_monitor ? IPWL_LANE_MONITORS : 0) |
				    (lane->is_reject ? IPWL_LANE_REJECTS : 0)),
	};

	memcpy(&content.address4, lane->ends[FAMILY_IPV4].address.addr, sizeof(content.address4));
	memcpy(content.address6, lane->ends[FAMILY_IPV6].address.addr, sizeof(content.address6));
	return content;
}

static bool is_same_content(const struct ipwl_lane *a, const struct ipwl_lane *b)
{
	struct ipwl_lane first = *a, second = *b;

	memset(first.until_sec, 0, sizeof(first.until_sec));
	memset(second.until_sec, 0, sizeof(second.until_sec));
	return !memcmp(&first, &second, sizeof(first));
}

static uint32_t until_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec + DATAPATH_LANE_SEC;
}

/* Whether the listener is fit at first sight. */
static bool is_fit(const struct lane *lane, enum family family)
{
	struct lane_health health = { .is_known = false };
	struct lane_look look;

	if (!lane->ends[family].port)
		return false;
	listener_look(&lane->ends[family], &look);
	lane_health_note(&health, &look, lane->allows_public);
	return health.is_up;
}

uint32_t lane_maps_prepare(struct datapath *datapath, const struct list *list)
{
	const uint32_t current = datapath->lists[list->slot].lane;
	struct ipwl_lane content = lane_content(&list->lane);
	uint32_t next;

	write_rate(&datapath->rejects[list->slot], list->lane.per_second);
	if (!list->lane.mail_port)
		return 0;
	if (current && is_same_content(&datapath->lanes[current - 1], &content))
		return current;
	next = IPWL_LANE_NUMBER(list->slot, 0);
	if (next == current)
		next = IPWL_LANE_NUMBER(list->slot, 1);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (is_fit(&list->lane, family))
			content.until_sec[family] = until_sec();
	/* A packet in progress may still use the lane before the one in force. */
	generation_wait_for_packets(datapath);
	datapath->lanes[next - 1] = content;
	/* The list is written by a system call, which is a barrier. */
	return next;
}

void datapath_look_at_lane(const struct lane_end *end, struct lane_look *ret_look)
{
	listener_look(end, ret_look);
}

void datapath_set_lane(struct datapath *datapath, const struct list *list, enum family family,
		       bool is_up)
{
	const struct ipwl_lane content = lane_content(&list->lane);
	uint32_t number;

	pthread_mutex_lock(&datapath->lock);
	number = list->slot < IPWL_LISTS_MAX ? datapath->lists[list->slot].lane : 0;
	if (number && is_same_content(&datapath->lanes[number - 1], &content))
		__atomic_store_n(&datapath->lanes[number - 1].until_sec[family],
				 is_up ? until_sec() : 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&datapath->lock);
}

void datapath_read_lane(const struct datapath *datapath, uint16_t slot,
			struct ipwl_lane_counters *ret_counters)
{
	const struct ipwl_lane_counters *counters = &datapath->lane_counters[slot];

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (int outcome = 0; outcome < IPWL_LANE_OUTCOME_COUNT; outcome++)
			ret_counters->connections[family][outcome] = __atomic_load_n(
			    &counters->connections[family][outcome], __ATOMIC_RELAXED);
}

void datapath_read_rejects(const struct datapath *datapath, uint16_t slot,
			   uint64_t ret_limited[FAMILY_COUNT])
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		ret_limited[family] =
		    __atomic_load_n(&datapath->rejects[slot].limited[family], __ATOMIC_RELAXED);
}
