/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics of the mail log that is read. */
#ifndef WEB_MAILLOG_METRICS_H
#define WEB_MAILLOG_METRICS_H

struct exposition;
struct runtime;

void maillog_metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
