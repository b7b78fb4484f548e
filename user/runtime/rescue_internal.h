/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to the files of runtime/rescue.h: a zone and its look-ups. */
#ifndef RUNTIME_RESCUE_INTERNAL_H
#define RUNTIME_RESCUE_INTERNAL_H

#include <event2/event.h>

#include "dns/listing.h"
#include "feeds/process.h"
#include "rescue/waiting.h"
#include "runtime/rescue.h"
#include "runtime/runtime.h"

struct rescue_runner {
	struct rescue *rescue;
	const struct rescue_zone *zone; /* of the configuration in force */
	struct rescue_waiting *waiting;
	bool is_up;
	char problem[RESCUE_WHY_BYTES]; /* why not */
	int64_t checked_at_sec;
	double check_due_sec; /* monotonic */
	/* The look-up that runs. */
	struct feed_process *process; /* NULL: none */
	struct feed_config feed;      /* its timeout */
	struct prefix asked[DNS_ADDRESSES_MAX];
	size_t asked_count;
	bool is_check; /* it asks about the canaries; else about sources and a control */
	uint64_t queries;
	uint64_t results[RESCUE_RESULT_COUNT];
	uint64_t skips[RESCUE_SKIP_COUNT];
};

struct rescue {
	struct runtime *runtime;
	char *program; /* ipwl-resolve, or its socket; NULL: not found */
	struct event *timer;
	struct rescue_runner *runners[RESCUE_ZONES_MAX];
	size_t count;
	struct prefix *own; /* addresses of this host, sorted */
	size_t own_count;
	double own_read_at_sec; /* monotonic; 0: never */
};

extern const struct feed_fetcher rescue_fetcher;

/* Start a check or a look-up if one is due and none runs. */
void rescue_runner_tick(struct rescue_runner *runner);

#endif
