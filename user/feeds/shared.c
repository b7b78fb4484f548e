/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which records of a domain's copy belong to shared providers. */
#include "domains/shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/store.h"

/* More of them would not fit into the head of a copy. */
#define SHARED_BYTES_MAX 4096

struct others {
	const struct feed_store *store;
	const struct stored_feed *feed;
};

static size_t count_others(const char *domain, void *context)
{
	const struct others *others = context;
	size_t count = 0;

	for (size_t i = 0; i < others->store->count; i++) {
		const struct stored_feed *other = &others->store->items[i];

		for (size_t j = 0; other != others->feed && j < other->foreign.count; j++)
			count += !strcmp(other->foreign.items[j], domain);
	}
	return count;
}

/* Join the domains by blanks. Return: 0 or -ENOMEM. */
static int join_domains(const struct lines *domains, char **ret_text)
{
	char text[SHARED_BYTES_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < domains->count; i++) {
		const size_t bytes = strlen(domains->items[i]);

		if (used + bytes + 2 > sizeof(text))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "",
					 domains->items[i]);
	}
	*ret_text = used ? strdup(text) : NULL;
	return used && !*ret_text ? -ENOMEM : 0;
}

int feed_store_find_shared(const struct snapshot *owner, const struct feed_store *store,
			   const struct stored_feed *feed, struct feed_copy *copy)
{
	struct others others = { store, feed };
	const struct shared_search search = {
		.providers = owner->config->resolver.providers,
		.count_others = count_others,
		.context = &others,
	};
	struct lines shared = { 0 };
	struct dns_result result;
	int err;

	if (store->kind != FEED_OF_DOMAIN)
		return 0;
	err = dns_result_read(copy->bytes, copy->byte_count, &result);
	/* What is no answer is found to be none when it is parsed. */
	if (err)
		return err == -EBADMSG ? 0 : err;
	domains_find_shared(&result, &search, &shared);
	dns_result_done(&result);
	free(copy->shared);
	err = join_domains(&shared, &copy->shared);
	lines_done(&shared);
	return err;
}
