/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was counted lately: minute by minute for a day, and in steps of ten minutes for a week.
 * The size is fixed: a new sample takes the place of the oldest. Knows neither counters nor
 * files; times are Unix times that the caller gives.
 */
#ifndef CORE_SAMPLES_H
#define CORE_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipwl.h"

struct verdict_counts {
	uint64_t packets;
	uint64_t connections; /* attempts to connect */
};

/* What was counted in one step. */
struct sample {
	int64_t start_sec;   /* a multiple of the step */
	int64_t covered_sec; /* for how long it was counted */
	struct verdict_counts counts[IPWL_VERDICT_COUNT];
};

enum sample_series { SAMPLES_OF_DAY, SAMPLES_OF_WEEK, SAMPLES_SERIES_COUNT };

/* The step of each series, and how many samples it has at most. */
struct samples_extent {
	int64_t step_sec;
	size_t count;
};
extern const struct samples_extent samples_extents[SAMPLES_SERIES_COUNT];

struct samples {
	struct sample *series[SAMPLES_SERIES_COUNT]; /* a sample's place depends on its start */
};

/* Return: 0 or -ENOMEM. */
int samples_init(struct samples *samples);
/* Fine if all zero. */
void samples_done(struct samples *samples);

/**
 * samples_add() - add what was counted from @from_sec to @to_sec, which must not be before
 *
 * It is shared out evenly among the steps in between. Nothing of it is lost but what lies before
 * the oldest sample. If somebody sets the clock back, the steps are counted once more, and
 * covered_sec grows with the counts: a rate stays a rate.
 */
void samples_add(struct samples *samples, int64_t from_sec, int64_t to_sec,
		 const struct verdict_counts counts[IPWL_VERDICT_COUNT]);

/* A sample and its series. */
struct placed_sample {
	enum sample_series series;
	struct sample sample;
};

/* Put back a sample of an earlier run. Return: whether its values are possible. */
bool samples_restore(struct samples *samples, const struct placed_sample *placed);
/* The number of a sample's place in its series. */
size_t samples_place(enum sample_series series, int64_t start_sec);

/* Copy all samples that may have changed from @from_sec to @to_sec. @ret_items: to be freed.
 * Return: 0 or -ENOMEM. */
int samples_copy(const struct samples *samples, int64_t from_sec, int64_t to_sec,
		 struct placed_sample **ret_items, size_t *ret_count);

/* The start of the oldest sample that a series may have at that time. */
int64_t samples_oldest_sec(enum sample_series series, int64_t now_sec);
/* The sample with that start. NULL: nothing was counted then. */
const struct sample *samples_find(const struct samples *samples, enum sample_series series,
				  int64_t start_sec);

#endif
