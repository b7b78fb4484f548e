/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of ipwld's control socket and of its /metrics. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdint.h>

#include <jansson.h>

/* Send a request over a Unix socket; returns the answer's body, to be freed by the
 * caller. Any status but 200 ends the program. @body: NULL, or taken over. */
json_t *http_control(const char *socket_path, const char *method, const char *target, json_t *body);
/* GET a page of 127.0.0.1 and throw it away; returns its bytes. */
size_t http_get(uint16_t port, const char *target);

#endif
