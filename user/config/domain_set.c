/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes feeds of learned domains, beside those of the configuration. */
#include "config/domain_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"

struct domain_set {
	unsigned int references; /* atomic */
	/* The first ones belong to the configuration. */
	struct feed_config *items;
	size_t count;
	size_t configured_count;
};

struct domain_set *domain_set_ref(struct domain_set *set)
{
	if (set)
		__atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
	return set;
}

void domain_set_unref(struct domain_set *set)
{
	if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = set->configured_count; i < set->count; i++)
		feed_config_done(&set->items[i]);
	free(set->items);
	free(set);
}

struct feed_configs domain_set_feeds(const struct domain_set *set)
{
	return (struct feed_configs) { set->items, set->count };
}

/* What waits need not be as fresh as what is in force, and there may be hundreds of them. */
#define WAITING_REFRESH_SEC (6 * 3600)

/* Make a feed of a domain. Return: 0 or -ENOMEM; what was made is in @domain in any case. */
static int domain_init_learned(struct feed_config *domain, const struct config *config,
			       const struct learned_domain *learned)
{
	*domain = (struct feed_config) { .action = ACTION_ALLOW };
	domain_set_defaults(domain, config);
	domain->is_learned = true;
	domain->is_silent = !learned->is_in_force;
	if (domain->is_silent)
		domain->refresh_sec = WAITING_REFRESH_SEC;
	domain->shared = config->learn.partner.shared;
	domain->list_name = strdup(config->learn.list);
	if (asprintf(&domain->name, SPF_SCHEME "%s", learned->name) < 0)
		domain->name = NULL;
	domain->url = domain->name ? strdup(domain->name) : NULL;
	return domain->list_name && domain->url ? 0 : -ENOMEM;
}

static int add_learned(struct domain_set *set, const struct config *config,
		       const struct learned_domain *learned, size_t count)
{
	const struct feed_configs configured = config_feeds(config, FEED_OF_DOMAIN);
	int err = 0;

	for (size_t i = 0; i < count && set->count < DOMAINS_MAX && !err; i++) {
		struct feed_config *domain = &set->items[set->count];

		err = domain_init_learned(domain, config, &learned[i]);
		if (!err && feed_config_find(configured, domain->name))
			feed_config_done(domain);
		else
			set->count++;
	}
	return err;
}

int domain_set_new(const struct config *config, const struct learned_domain *learned, size_t count,
		   struct domain_set **ret_set)
{
	const struct feed_configs configured = config_feeds(config, FEED_OF_DOMAIN);
	struct domain_set *set = calloc(1, sizeof(*set));
	int err;

	if (!set)
		return -ENOMEM;
	set->references = 1;
	set->items = calloc(configured.count + count + 1, sizeof(*set->items));
	if (set->items && configured.count)
		memcpy(set->items, configured.items, configured.count * sizeof(*set->items));
	set->count = set->configured_count = set->items ? configured.count : 0;
	err = set->items ? add_learned(set, config, learned, count) : -ENOMEM;
	if (err)
		domain_set_unref(set);
	else
		*ret_set = set;
	return err;
}
