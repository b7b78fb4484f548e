/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers one request. */
#ifndef RESOLVE_RUN_H
#define RESOLVE_RUN_H

#include "dns/listing.h"
#include "dns/request.h"
#include "dns/result.h"

/* Set a result: both families have a temporary error with this message. */
void run_fail(struct dns_result *result, const char *message);

/* The same for a listing: nothing is known of any address. */
void run_fail_listing(const struct dns_request *request, struct dns_listing *listing,
		      const char *message);

/* Look addresses up in a DNS list. Every failure is in the listing. */
void run_listing(const struct dns_request *request, struct dns_listing *listing);

/* Do what the request asks for. Every failure is in the result. */
void run_request(const struct dns_request *request, struct dns_result *result);

#endif
