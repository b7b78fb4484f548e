/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the SMTP sessions that the kernel counts. */
#ifndef WEB_SESSION_METRICS_H
#define WEB_SESSION_METRICS_H

struct exposition;
struct runtime;

/* Nothing, if the configuration does not want them. */
void session_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
