/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the counters of all interfaces each minute, and keeps samples of what was counted. */
#ifndef RUNTIME_TREND_H
#define RUNTIME_TREND_H

#include <stdint.h>

struct runtime;
struct samples;
struct trend;

/* Continue the samples of earlier runs. The worker must not run yet. Return: 0 or -errno. */
int trend_open(struct runtime *runtime, struct trend **ret_trend);
/* Look for the last time, and keep it. The worker must have stopped. NULL is fine. */
void trend_close(struct trend *trend);

/* Look now, so that the samples contain what the counters do. @ret_now_sec: the time of the look.
 * They stay valid until the loop goes on. */
const struct samples *trend_look(struct trend *trend, int64_t *ret_now_sec);

#endif
