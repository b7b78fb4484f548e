/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared providers: services that send for thousands of organisations from the same addresses. A
 * partner who uses one does not vouch for all of them. Does no I/O.
 */
#ifndef DOMAINS_SHARED_H
#define DOMAINS_SHARED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lines.h"
#include "dns/result.h"

/* A record is also of a shared provider if so many domains, of other organisations than its own,
 * lead to it. */
#define SHARED_DOMAINS_MIN 3

struct shared_search {
	const char *providers; /* more of them, separated by blanks; or NULL */
	/* How many other domains lead to this record. */
	size_t (*count_others)(const char *domain, void *context);
	void *context;
};

/* Add the domains of all records that belong to another organisation than the domain that was
 * asked for. */
void domains_find_foreign(const struct dns_result *result, struct lines *ret_domains);

/* Of these, add those of shared providers. */
void domains_find_shared(const struct dns_result *result, const struct shared_search *search,
			 struct lines *ret_domains);

/* Whether a domain is one of a shared provider. @providers: more of them, as above. */
bool domains_are_provider(const char *domain, const char *providers);

/* Whether a list of domains, separated by blanks, has this one. NULL has none. */
bool domains_have(const char *domains, const char *domain);

#endif
