/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exchange with the other hosts of the fleet as metrics. */
#ifndef WEB_FLEET_METRICS_H
#define WEB_FLEET_METRICS_H

struct exposition;
struct runtime;

/* Nothing, if this host is in no fleet. */
void fleet_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
