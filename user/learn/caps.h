/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of what learning may change by itself. Above them it holds, and tells. */
#ifndef LEARN_CAPS_H
#define LEARN_CAPS_H

#include "learn/life.h"

/* Why a step is held. */
enum learn_cap {
	LEARN_CAP_NONE,
	LEARN_CAP_ENTRIES,    /* learned in all */
	LEARN_CAP_DAY,	      /* learned in a day */
	LEARN_CAP_REMOVALS,   /* removed in a day */
	LEARN_CAP_CANDIDATES, /* waiting */
	LEARN_CAP_COUNT,
};

/* "max_entries", …: the key of the limit, indexed by enum learn_cap. */
extern const char *const learn_cap_names[LEARN_CAP_COUNT];

struct learn_caps {
	int64_t day;		/* since 1970, of the two counts by day */
	uint64_t entries;	/* in force */
	uint64_t waiting;	/* candidates and in probation */
	uint64_t entries_today; /* put in force */
	uint64_t removals_today;
};

/* Begin a new day if it is one. */
void learn_caps_set_day(struct learn_caps *caps, int64_t now_sec);

/* Count a step, or hold it: then the address stays what it was. What an administrator does is
 * counted with learn_caps_count() and never held. */
enum learn_cap learn_caps_hold(struct learn_caps *caps, const struct learn_settings *settings,
			       const struct learned *was, struct learn_step *step);
void learn_caps_count(struct learn_caps *caps, const struct learned *was, const struct learned *to);

#endif
