/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics in Prometheus's text format 0.0.4. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

struct evbuffer;
struct runtime;

/* All of them, appended. */
void metrics_write(const struct runtime *runtime, struct evbuffer *buffer);

#endif
