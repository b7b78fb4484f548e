/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the counters of interfaces with those of the look before, and makes samples of what
 * has been counted in between. */
#ifndef CORE_LOOK_H
#define CORE_LOOK_H

#include <net/if.h>

#include "core/samples.h"

/* The counters of an interface, both families and none. */
struct look_interface {
	char name[IFNAMSIZ];
	bool is_read; /* false: they cannot be read now */
	struct verdict_counts counts[IPWL_VERDICT_COUNT];
};

struct look {
	int64_t at_sec;	 /* 0: there was none yet */
	uint64_t cookie; /* of the maps that have counted */
	struct look_interface *interfaces;
	size_t interface_count;
};

void look_done(struct look *look);
/* The caller frees the copy with look_done(). Return: 0 or -ENOMEM. */
int look_copy(const struct look *look, struct look *ret_copy);

/**
 * look_follow() - add to @samples what was counted since @last, and replace @last by @next
 * @from_sec: since when; not after next->at_sec
 * @next: taken over
 *
 * The first look only tells from where to count. A counter that is lower than before, or in
 * other maps, has begun again at zero. What cannot be read keeps its counters of before.
 */
void look_follow(struct look *last, struct look *next, int64_t from_sec, struct samples *samples);

#endif
