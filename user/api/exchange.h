/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of the control socket that waits for its job. */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include <event2/http.h>

struct exchange;

/* NULL: out of memory. */
struct exchange *exchange_new(struct evhttp_request *request);

/* End and free the exchange. Returns the request to answer, or NULL if its connection is
 * closed. */
struct evhttp_request *exchange_end(struct exchange *exchange);

#endif
