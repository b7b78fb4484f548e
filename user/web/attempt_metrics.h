/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel did with attempts that it was to report. */
#ifndef WEB_ATTEMPT_METRICS_H
#define WEB_ATTEMPT_METRICS_H

struct evbuffer;
struct runtime;

void attempt_metrics_write(const struct runtime *runtime, struct evbuffer *buffer);

#endif
