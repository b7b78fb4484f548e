/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the limits for unlisted sources. */
#ifndef WEB_LIMIT_METRICS_H
#define WEB_LIMIT_METRICS_H

struct exposition;
struct runtime;

void limit_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
