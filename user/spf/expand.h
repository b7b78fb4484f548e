/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expands an SPF record into the addresses that may send for its domain. Does no I/O.
 *
 * SPF only says how to check one address (RFC 7208). The expansion contains an address only if
 * every check of it gives "pass", whatever the sender's address and the name of the client are.
 * So it may lack addresses: those that ptr, exists or a macro would match, and those that come
 * after a term for which the result is not known.
 */
#ifndef SPF_EXPAND_H
#define SPF_EXPAND_H

#include "dns/answer.h"
#include "dns/request.h"
#include "dns/result.h"

#define SPF_LOOKUPS_MAX 10  /* RFC 7208, section 4.6.4 */
#define SPF_VOIDS_MAX 2	    /* likewise */
#define SPF_MX_NAMES_MAX 10 /* likewise */

struct spf_resolver {
	/* Ask DNS. The answer belongs to the resolver, and lives as long as it. The same question
	 * has the same answer. Return: 0 or -ENOMEM. */
	int (*query)(void *context, const char *name, enum dns_type type,
		     const struct dns_answer **ret_answer);
	void *context;
};

/**
 * spf_expand() - expand the record of a domain for both families
 * @request: name, shortest and skips_reserved count
 * @ret_result: everything except ttl_sec and is_authenticated; to be freed with
 *              dns_result_done(), also on failure
 *
 * Return: 0 or -ENOMEM.
 */
int spf_expand(const struct dns_request *request, const struct spf_resolver *resolver,
	       struct dns_result *ret_result);

#endif
