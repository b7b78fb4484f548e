/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of lanes, and of lists that reject. */
#ifndef WEB_LANE_METRICS_H
#define WEB_LANE_METRICS_H

struct exposition;
struct runtime;

void lane_metrics_write(const struct runtime *runtime, const struct exposition *to);
void reject_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
