/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks addresses up in a DNS list (RFC 5782), all of them at the same time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resolve/resolver.h"
#include "resolve/run.h"

void run_fail_listing(const struct dns_request *request, struct dns_listing *listing,
		      const char *message)
{
	*listing = (struct dns_listing) { .count = request->address_count };
	for (size_t i = 0; i < listing->count; i++)
		listing->items[i] = (struct dns_listed) { .address = request->addresses[i],
							  .status = DNS_TEMPORARY };
	snprintf(listing->message, sizeof(listing->message), "%s", message);
}

static void fail_item(struct dns_listing *listing, struct dns_listed *item, const char *reason)
{
	item->status = DNS_TEMPORARY;
	item->answer_count = 0;
	snprintf(listing->message, sizeof(listing->message), "%s", reason);
}

static void take_answer(const struct dns_answer *answer, struct dns_listing *listing,
			struct dns_listed *item)
{
	item->ttl_sec = answer->ttl_sec == UINT32_MAX ? 0 : answer->ttl_sec;
	switch (answer->status) {
	case DNS_ANSWER_NO_DOMAIN:
		item->status = DNS_NO_DOMAIN;
		return;
	case DNS_ANSWER_EMPTY:
		item->status = DNS_NO_RECORD;
		return;
	case DNS_ANSWER_FAILED:
		fail_item(listing, item, answer->reason);
		return;
	default:
		break;
	}
	if (answer->item_count > DNS_LISTED_ANSWERS_MAX) {
		fail_item(listing, item, "there are too many answers for one address");
		return;
	}
	item->status = DNS_OK;
	for (size_t i = 0; i < answer->item_count; i++)
		item->answers[item->answer_count++] = answer->items[i].address;
}

/* Return: 0 or -ENOMEM. */
static int look_up(const struct dns_request *request, struct resolver *resolver,
		   struct dns_listing *listing)
{
	char names[DNS_ADDRESSES_MAX][DNS_NAME_BYTES];
	const struct dns_answer *answer;
	int err;

	for (size_t i = 0; i < request->address_count; i++)
		if (!dns_listing_name(&request->addresses[i], request->name, names[i]))
			return -ENAMETOOLONG;
	err = resolver_query_all(resolver, names, request->address_count, DNS_A);
	for (size_t i = 0; !err && i < request->address_count; i++) {
		err = resolver_query(resolver, names[i], DNS_A, &answer);
		if (!err)
			take_answer(answer, listing, &listing->items[i]);
	}
	return err;
}

void run_listing(const struct dns_request *request, struct dns_listing *listing)
{
	char message[DNS_MESSAGE_BYTES];
	struct resolver *resolver = NULL;
	int err = resolver_open(request, &resolver, message);

	run_fail_listing(request, listing, err ? message : "");
	if (err)
		return;
	err = look_up(request, resolver, listing);
	if (err)
		run_fail_listing(request, listing, strerror(-err));
	resolver_close(resolver);
}
