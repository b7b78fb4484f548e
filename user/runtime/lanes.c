/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer of the main loop. A look is one question to the kernel, which answers at once. */
#include "runtime/lanes.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "datapath/datapath.h"
#include "runtime/runtime.h"

#define INTERVAL_SEC 1

/* A lane of the snapshot. */
struct watched_lane {
	char name[POLICY_NAME_MAX + 1]; /* of its list */
	struct lane lane;
	struct lane_health health[FAMILY_COUNT];
};

struct lanes {
	struct runtime *runtime;
	struct event *timer;
	struct watched_lane *items;
	size_t count;
};

static struct watched_lane *find_watched(const struct lanes *lanes, const struct list *list)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (!strcmp(lanes->items[i].name, list->name) &&
		    lane_is_same(&lanes->items[i].lane, &list->lane))
			return &lanes->items[i];
	return NULL;
}

/* Watch the lanes of the snapshot in force. What is known of one that has not changed stays. */
static int lanes_follow(struct lanes *lanes)
{
	const struct policy *policy = lanes->runtime->snapshot->policy;
	struct watched_lane *items = calloc(policy->list_count + 1, sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		const struct watched_lane *known;

		if (!list->lane.mail_port)
			continue;
		known = find_watched(lanes, list);
		if (known) {
			items[count++] = *known;
			continue;
		}
		memcpy(items[count].name, list->name, strlen(list->name));
		items[count++].lane = list->lane;
	}
	free(lanes->items);
	lanes->items = items;
	lanes->count = count;
	return 0;
}

static void log_lane(const struct watched_lane *watched, enum family family, bool was_known,
		     bool was_up)
{
	const struct lane_health *health = &watched->health[family];
	char end[LANE_END_BYTES], reason[LANE_REASON_BYTES];

	if (was_known && was_up == health->is_up)
		return;
	lane_end_format(&watched->lane.ends[family], end);
	if (!health->is_up)
		log_warning("lane", "list %s: %s %s is off: %s; %s", watched->name,
			    watched->lane.is_reject ? "ipwl-reject at" : "the lane", end,
			    lane_health_explain(health, &watched->lane, reason),
			    watched->lane.is_reject ? "blocked connections are dropped"
						    : "mail takes the normal way");
	else
		log_info("lane", "list %s: %s %s is on", watched->name,
			 watched->lane.is_reject ? "ipwl-reject at" : "the lane", end);
}

static void look_at(struct lanes *lanes, const struct list *list, struct watched_lane *watched)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct lane_health *health = &watched->health[family];
		const bool was_known = health->is_known, was_up = health->is_up;
		struct lane_look look;

		if (!list->lane.ends[family].port)
			continue;
		datapath_look_at_lane(&list->lane.ends[family], &look);
		lane_health_note(health, &look, list->lane.allows_public);
		datapath_set_lane(lanes->runtime->datapath, list, family, health->is_up);
		log_lane(watched, family, was_known, was_up);
	}
}

static void lanes_arm(struct lanes *lanes, int delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(lanes->timer, &delay);
}

static void lanes_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct lanes *lanes = context;
	const struct policy *policy = lanes->runtime->snapshot->policy;

	(void)fd;
	(void)what;
	lanes_arm(lanes, INTERVAL_SEC);
	/* Without memory, lanes end by themselves until there is some. */
	if (lanes_follow(lanes))
		return;
	for (size_t i = 0; i < policy->list_count; i++) {
		struct watched_lane *watched = find_watched(lanes, &policy->lists[i]);

		if (watched)
			look_at(lanes, &policy->lists[i], watched);
	}
}

int lanes_open(struct runtime *runtime, struct lanes **ret_lanes)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes));

	if (!lanes)
		return -ENOMEM;
	lanes->runtime = runtime;
	lanes->timer = evtimer_new(runtime->base, lanes_on_timer, lanes);
	if (!lanes->timer) {
		free(lanes);
		return -ENOMEM;
	}
	lanes_arm(lanes, 0);
	*ret_lanes = lanes;
	return 0;
}

void lanes_close(struct lanes *lanes)
{
	if (!lanes)
		return;
	event_free(lanes->timer);
	free(lanes->items);
	free(lanes);
}

const struct lane_health *lanes_health(const struct lanes *lanes, const struct list *list,
				       enum family family)
{
	static const struct lane_health unknown;
	const struct watched_lane *watched;

	if (!list->lane.mail_port || !list->lane.ends[family].port)
		return NULL;
	watched = find_watched(lanes, list);
	return watched ? &watched->health[family] : &unknown;
}
