/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /metrics over HTTP, in Prometheus's text format or in OpenMetrics, as the client asks. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stdint.h>

#define METRICS_ERROR_BYTES 512

struct runtime;
struct metrics;

/* Return: 0 or -ENOMEM. */
int metrics_open(struct runtime *runtime, struct metrics **ret_metrics);
/**
 * metrics_adopt() - serve only at a socket that the service manager has opened
 * @fd: listening; it is closed at the end
 *
 * From now on metrics_listen() has no effect. Return: 0 or -ENOMEM: @fd is not taken.
 */
int metrics_adopt(struct metrics *metrics, int fd);

/* NULL is fine. */
void metrics_close(struct metrics *metrics);

/**
 * metrics_listen() - serve only at this address from now on
 * @host: NULL: serve nowhere
 *
 * Return: 0; -errno: the address cannot be used now; metrics_retry() tries again.
 */
int metrics_listen(struct metrics *metrics, const char *host, uint16_t port,
		   char error[METRICS_ERROR_BYTES]);
void metrics_retry(struct metrics *metrics);

#endif
