/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings of samples, and how counts are shared out among them. */
#include "core/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_SEC 60
#define DAY_SEC 86400
#define WEEK_STEP_SEC 600
#define WEEK_SEC (7 * DAY_SEC)

const struct samples_extent samples_extents[SAMPLES_SERIES_COUNT] = {
	[SAMPLES_OF_DAY] = { .step_sec = MINUTE_SEC, .count = DAY_SEC / MINUTE_SEC },
	[SAMPLES_OF_WEEK] = { .step_sec = WEEK_STEP_SEC, .count = WEEK_SEC / WEEK_STEP_SEC },
};

#define NO_START INT64_MIN

int samples_init(struct samples *samples)
{
	*samples = (struct samples) { 0 };
	for (int series = 0; series < SAMPLES_SERIES_COUNT; series++) {
		const size_t count = samples_extents[series].count;

		samples->series[series] = calloc(count, sizeof(**samples->series));
		if (!samples->series[series]) {
			samples_done(samples);
			return -ENOMEM;
		}
		for (size_t i = 0; i < count; i++)
			samples->series[series][i].start_sec = NO_START;
	}
	return 0;
}

void samples_done(struct samples *samples)
{
	for (int series = 0; series < SAMPLES_SERIES_COUNT; series++)
		free(samples->series[series]);
	*samples = (struct samples) { 0 };
}

static int64_t step_start(enum sample_series series, int64_t time_sec)
{
	return time_sec - time_sec % samples_extents[series].step_sec;
}

int64_t samples_oldest_sec(enum sample_series series, int64_t now_sec)
{
	const struct samples_extent *extent = &samples_extents[series];

	return step_start(series, now_sec) - ((int64_t)extent->count - 1) * extent->step_sec;
}

/* The first step of a span that may have a sample at its end. */
static int64_t first_step(enum sample_series series, int64_t from_sec, int64_t to_sec)
{
	const int64_t oldest_sec = samples_oldest_sec(series, to_sec);
	const int64_t start_sec = step_start(series, from_sec);

	return start_sec < oldest_sec ? oldest_sec : start_sec;
}

size_t samples_place(enum sample_series series, int64_t start_sec)
{
	const struct samples_extent *extent = &samples_extents[series];

	return (size_t)(start_sec / extent->step_sec) % extent->count;
}

static struct sample *sample_at(const struct samples *samples, enum sample_series series,
				int64_t start_sec)
{
	return &samples->series[series][samples_place(series, start_sec)];
}

const struct sample *samples_find(const struct samples *samples, enum sample_series series,
				  int64_t start_sec)
{
	const struct sample *sample = sample_at(samples, series, start_sec);

	return sample->start_sec == start_sec ? sample : NULL;
}

/* ---- add ------------------------------------------------------------------- */

/* A span of time, and what was counted in all of it. */
struct counted_span {
	int64_t from_sec;
	int64_t to_sec;
	const struct verdict_counts *counts;
};

/* What of @count falls before @time_sec. */
static uint64_t share_before(const struct counted_span *span, uint64_t count, int64_t time_sec)
{
	const uint64_t length = (uint64_t)(span->to_sec - span->from_sec);
	const uint64_t part = (uint64_t)(time_sec - span->from_sec);

	return (uint64_t)((unsigned __int128)count * part / length);
}

static uint64_t share_between(const struct counted_span *span, uint64_t count, int64_t low_sec,
			      int64_t high_sec)
{
	if (span->from_sec == span->to_sec)
		return count; /* there is only one step */
	return share_before(span, count, high_sec) - share_before(span, count, low_sec);
}

/* Add what of @span falls into the step that begins at @start_sec. */
static void samples_add_step(struct samples *samples, enum sample_series series, int64_t start_sec,
			     const struct counted_span *span)
{
	const int64_t end_sec = start_sec + samples_extents[series].step_sec;
	const int64_t low_sec = span->from_sec > start_sec ? span->from_sec : start_sec;
	const int64_t high_sec = span->to_sec < end_sec ? span->to_sec : end_sec;
	struct sample *sample = sample_at(samples, series, start_sec);

	if (sample->start_sec != start_sec)
		*sample = (struct sample) { .start_sec = start_sec };
	sample->covered_sec += high_sec - low_sec;
	for (int verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		const struct verdict_counts *counts = &span->counts[verdict];

		sample->counts[verdict].packets +=
		    share_between(span, counts->packets, low_sec, high_sec);
		sample->counts[verdict].connections +=
		    share_between(span, counts->connections, low_sec, high_sec);
	}
}

void samples_add(struct samples *samples, int64_t from_sec, int64_t to_sec,
		 const struct verdict_counts counts[IPWL_VERDICT_COUNT])
{
	const struct counted_span span = { .from_sec = from_sec,
					   .to_sec = to_sec,
					   .counts = counts };

	for (int i = 0; i < SAMPLES_SERIES_COUNT; i++) {
		const enum sample_series series = (enum sample_series)i;
		int64_t start_sec = first_step(series, from_sec, to_sec);

		do
			samples_add_step(samples, series, start_sec, &span);
		while ((start_sec += samples_extents[series].step_sec) < to_sec);
	}
}

/* ---- keep ------------------------------------------------------------------ */

bool samples_restore(struct samples *samples, const struct placed_sample *placed)
{
	const struct sample *sample = &placed->sample;

	if (sample->start_sec < 0 || sample->start_sec % samples_extents[placed->series].step_sec ||
	    sample->covered_sec < 0)
		return false;
	*sample_at(samples, placed->series, sample->start_sec) = *sample;
	return true;
}

int samples_copy(const struct samples *samples, int64_t from_sec, int64_t to_sec,
		 struct placed_sample **ret_items, size_t *ret_count)
{
	struct placed_sample *items =
	    calloc(samples_extents[SAMPLES_OF_DAY].count + samples_extents[SAMPLES_OF_WEEK].count,
		   sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (int i = 0; i < SAMPLES_SERIES_COUNT; i++) {
		const enum sample_series series = (enum sample_series)i;

		for (int64_t start_sec = first_step(series, from_sec, to_sec); start_sec <= to_sec;
		     start_sec += samples_extents[series].step_sec) {
			const struct sample *sample = samples_find(samples, series, start_sec);

			if (sample)
				items[count++] = (struct placed_sample) { series, *sample };
		}
	}
	*ret_items = items;
	*ret_count = count;
	return 0;
}
