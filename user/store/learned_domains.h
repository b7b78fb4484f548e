/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partner domains that are learned, with their life cycle, in state.db: what is in force and why
 * is lost only together. They are few. */
#ifndef STORE_LEARNED_DOMAINS_H
#define STORE_LEARNED_DOMAINS_H

#include "learn/life.h"
#include "store/state.h"

/* Call @visit for each domain, by name. @visit returns 0 to continue or -errno to stop. Invalid
 * rows are skipped. Return: 0, that -errno, or -EIO. */
int learned_domains_read(struct state *state,
			 int (*visit)(const struct learned *domain, void *context), void *context);

/* Write in the open transaction, or begin one. Return: 0, or -EIO: rolled back. */
int learned_domain_put(struct state *state, const struct learned *domain);
int learned_domain_delete(struct state *state, const char *name);

#endif
