/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the shield against floods. */
#ifndef WEB_FLOOD_METRICS_H
#define WEB_FLOOD_METRICS_H

struct exposition;
struct runtime;

void flood_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
