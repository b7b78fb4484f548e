/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers one request. */
#ifndef RESOLVE_RUN_H
#define RESOLVE_RUN_H

#include "dns/request.h"
#include "dns/result.h"

/* Set a result: both families have a temporary error with this message. */
void run_fail(struct dns_result *result, const char *message);

/* Do what the request asks for. Every failure is in the result. */
void run_request(const struct dns_request *request, struct dns_result *result);

#endif
