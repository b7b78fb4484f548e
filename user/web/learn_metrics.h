/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of learning. */
#ifndef WEB_LEARN_METRICS_H
#define WEB_LEARN_METRICS_H

struct exposition;
struct runtime;

/* All of them, appended; nothing if nothing is learned. */
void learn_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
