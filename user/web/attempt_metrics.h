/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did with attempts that it was to report. */
#ifndef WEB_ATTEMPT_METRICS_H
#define WEB_ATTEMPT_METRICS_H

struct exposition;
struct runtime;

void attempt_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
