/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of remembered attempts: numbers, never an address. */
#ifndef WEB_SEEN_METRICS_H
#define WEB_SEEN_METRICS_H

struct exposition;
struct runtime;

void seen_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
