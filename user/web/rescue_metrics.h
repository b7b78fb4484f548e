/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the rescue. */
#ifndef WEB_RESCUE_METRICS_H
#define WEB_RESCUE_METRICS_H

struct exposition;
struct runtime;

/* All of them, appended; nothing if no zone is configured. */
void rescue_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
