/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains of a snapshot: those of the configuration, then the learned ones. A set does not
 * change and is shared by reference. */
#ifndef CONFIG_DOMAIN_SET_H
#define CONFIG_DOMAIN_SET_H

#include "config/snapshot.h"

/* @config: must outlive the set. Return: 0 or -ENOMEM. */
int domain_set_new(const struct config *config, const struct learned_domain *learned, size_t count,
		   struct domain_set **ret_set);
/* NULL is fine. */
struct domain_set *domain_set_ref(struct domain_set *set);
void domain_set_unref(struct domain_set *set);

struct feed_configs domain_set_feeds(const struct domain_set *set);

#endif
