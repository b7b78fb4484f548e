/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the configured resolvers, and remembers each answer. */
#ifndef RESOLVE_RESOLVER_H
#define RESOLVE_RESOLVER_H

#include "dns/answer.h"
#include "dns/request.h"
#include "dns/result.h"

struct resolver;

/* Open a resolver as the request says; its time limit begins. @message: set on failure. Return: 0;
 * -errno: @message says what is wrong. */
int resolver_open(const struct dns_request *request, struct resolver **ret_resolver,
		  char message[DNS_MESSAGE_BYTES]);
/* NULL is fine. */
void resolver_close(struct resolver *resolver);

/* Ask. It is a `query` of struct spf_resolver: @context is the resolver. */
int resolver_query(void *context, const char *name, enum dns_type type,
		   const struct dns_answer **ret_answer);

/* Ask about many names at the same time. resolver_query() then has the answers. Return: 0 or
 * -ENOMEM. */
int resolver_query_all(struct resolver *resolver, char names[][DNS_NAME_BYTES], size_t count,
		       enum dns_type type);

/* The shortest time for which an answer holds; 0: there is none. */
uint32_t resolver_ttl_sec(const struct resolver *resolver);
/* Whether all answers were authenticated, by resolvers on this host. */
bool resolver_is_authenticated(const struct resolver *resolver);

#endif
