/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands the SPF record of a domain, or looks up the addresses of a host. */
#include "resolve/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resolve/resolver.h"
#include "spf/expand.h"

void run_fail(struct dns_result *result, const char *message)
{
	dns_result_done(result);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		result->families[family] =
		    (struct dns_family) { .status = DNS_TEMPORARY, .is_incomplete = true };
		snprintf(result->families[family].message, DNS_MESSAGE_BYTES, "%s", message);
	}
}

/* A host may have the same address twice. */
static bool has_prefix(const struct dns_result *result, const struct prefix *prefix)
{
	for (size_t i = 0; i < result->prefix_count; i++)
		if (!prefix_compare(&result->prefixes[i].prefix, prefix))
			return true;
	return false;
}

static int take_addresses(const struct dns_answer *answer, struct dns_result *result)
{
	int err = 0;

	for (size_t i = 0; !err && i < answer->item_count; i++) {
		const struct prefix *address = &answer->items[i].address;

		if (!prefix_is_mapped(address) && !has_prefix(result, address))
			err = dns_result_add_prefix(result, address, DNS_NO_TERM);
	}
	return err;
}

static int look_up_family(const char *name, enum family family, struct resolver *resolver,
			  struct dns_result *result)
{
	static const enum dns_status statuses[] = {
		[DNS_ANSWER_FAILED] = DNS_TEMPORARY,
		[DNS_ANSWER_RECORDS] = DNS_OK,
		[DNS_ANSWER_EMPTY] = DNS_NO_RECORD,
		[DNS_ANSWER_NO_DOMAIN] = DNS_NO_DOMAIN,
	};
	const enum dns_type type = family == FAMILY_IPV4 ? DNS_A : DNS_AAAA;
	struct dns_family *found = &result->families[family];
	const struct dns_answer *answer;
	int err = resolver_query(resolver, name, type, &answer);

	if (err)
		return err;
	found->status = statuses[answer->status];
	found->is_incomplete = answer->status == DNS_ANSWER_FAILED;
	if (found->is_incomplete)
		snprintf(found->message, sizeof(found->message), "%.120s %s: %s", name,
			 family == FAMILY_IPV4 ? "A" : "AAAA", answer->reason);
	return take_addresses(answer, result);
}

static int look_up_host(const struct dns_request *request, struct resolver *resolver,
			struct dns_result *result)
{
	int err = dns_result_add_record(result, request->name, DNS_NO_TERM);

	for (int family = 0; !err && family < FAMILY_COUNT; family++)
		err = look_up_family(request->name, (enum family)family, resolver, result);
	dns_result_finish(result);
	return err;
}

void run_request(const struct dns_request *request, struct dns_result *result)
{
	char message[DNS_MESSAGE_BYTES];
	struct resolver *resolver = NULL;
	int err = resolver_open(request, &resolver, message);

	if (err) {
		run_fail(result, message);
		return;
	}
	if (request->kind == DNS_SPF)
		err = spf_expand(request, &(struct spf_resolver) { resolver_query, resolver },
				 result);
	else
		err = look_up_host(request, resolver, result);
	if (err)
		run_fail(result, strerror(-err));
	result->ttl_sec = resolver_ttl_sec(resolver);
	result->is_authenticated = resolver_is_authenticated(resolver);
	resolver_close(resolver);
}
