// SPDX-License-Identifier: GPL-2.0-or-later
/* A timer of the main loop. Nothing here takes long: the kernel answers at once. */
#include "runtime/flood.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/own_addresses.h"
#include "datapath/datapath.h"
#include "datapath/flood.h"
#include "runtime/runtime.h"

#define INTERVAL_SEC 1
/* Addresses change seldom, and so does the kernel's setting. */
#define ADDRESSES_LOOKS 5
#define COOKIES_LOOKS 10

struct flood_watch {
	struct runtime *runtime;
	struct event *timer;
	unsigned int looks; /* since there is a shield */
	bool was_on;
	int addresses_err;
	enum flood_cookies cookies;
	uint64_t outcomes[IPWL_FLOOD_OUTCOME_COUNT]; /* when it was switched on */
};

static void follow_addresses(struct flood_watch *watch)
{
	struct prefix *addresses = NULL;
	size_t count;
	int err = own_addresses(&addresses, &count);

	if (!err)
		err = datapath_set_own_addresses(watch->runtime->datapath, addresses, count);
	if (err && err != watch->addresses_err)
		log_warning("flood",
			    "cannot follow the addresses of this host: %s; SYNs to new "
			    "ones get no cookies",
			    strerror(-err));
	watch->addresses_err = err;
	free(addresses);
}

static void probe_cookies(struct flood_watch *watch)
{
	const enum flood_cookies before = watch->cookies;

	watch->cookies = datapath_probe_cookies(watch->runtime->datapath);
	if (watch->cookies == FLOOD_COOKIES_NEVER && watch->cookies != before)
		log_warning("flood",
			    "the kernel gives no SYN cookies, so the shield cannot answer: "
			    "set net.ipv4.tcp_syncookies to 1 or 2");
}

static void log_change(struct flood_watch *watch, const struct flood_state *state)
{
	const enum ipwl_flood_outcome outcome =
	    state->mode == IPWL_FLOOD_ENFORCE ? IPWL_FLOOD_ANSWERED : IPWL_FLOOD_WOULD_ANSWER;

	if (state->is_on == watch->was_on)
		return;
	watch->was_on = state->is_on;
	if (state->is_on) {
		memcpy(watch->outcomes, state->outcomes, sizeof(watch->outcomes));
		log_warning("flood",
			    "the shield is on (mode %s): more than %u SYNs a second from "
			    "sources in no allow list",
			    flood_mode_names[state->mode],
			    watch->runtime->snapshot->config->flood.threshold);
		return;
	}
	log_info("flood", "the shield is off; SYNs %s since it was noticed: %llu",
		 outcome == IPWL_FLOOD_ANSWERED ? "answered" : "that would have been answered",
		 (unsigned long long)(state->outcomes[outcome] - watch->outcomes[outcome]));
}

static void flood_look(struct flood_watch *watch)
{
	struct flood_state state;

	if (datapath_read_flood(watch->runtime->datapath, &state))
		return;
	log_change(watch, &state);
	if (state.mode == IPWL_FLOOD_OFF) {
		watch->looks = 0;
		watch->cookies = FLOOD_COOKIES_UNKNOWN;
		return;
	}
	if (watch->looks % ADDRESSES_LOOKS == 0)
		follow_addresses(watch);
	if (watch->looks % COOKIES_LOOKS == 0)
		probe_cookies(watch);
	watch->looks++;
}

static void flood_arm(struct flood_watch *watch, int delay_sec)
{
	const struct timeval delay = { .tv_sec = delay_sec };

	evtimer_add(watch->timer, &delay);
}

static void flood_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct flood_watch *watch = context;

	(void)fd;
	(void)what;
	flood_arm(watch, INTERVAL_SEC);
	flood_look(watch);
}

int flood_watch_open(struct runtime *runtime, struct flood_watch **ret_watch)
{
	struct flood_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->runtime = runtime;
	watch->timer = evtimer_new(runtime->base, flood_on_timer, watch);
	if (!watch->timer) {
		free(watch);
		return -ENOMEM;
	}
	flood_arm(watch, 0);
	*ret_watch = watch;
	return 0;
}

void flood_watch_close(struct flood_watch *watch)
{
	if (!watch)
		return;
	event_free(watch->timer);
	free(watch);
}

enum flood_cookies flood_watch_cookies(const struct flood_watch *watch)
{
	return watch->cookies;
}
