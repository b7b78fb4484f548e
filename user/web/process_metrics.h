/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipwld itself uses, with the names that all client libraries of Prometheus use. */
#ifndef WEB_PROCESS_METRICS_H
#define WEB_PROCESS_METRICS_H

struct exposition;
struct runtime;

void process_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
