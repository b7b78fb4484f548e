/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partner domains that are learned. Each is a feed beside those of the configuration
 * (config/domain_set.h). Those that wait are fetched, too: so it is known which addresses are a
 * partner's, though they are not in force.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domains/shared.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "store/learned_domains.h"

/* ---- what is known -------------------------------------------------------------------- */

static int add_row(const struct learned *domain, void *context)
{
	struct domain_rows *rows = context;
	struct learned *items = reallocarray(rows->items, rows->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	rows->items = items;
	items[rows->count++] = *domain;
	return 0;
}

int learned_domains_load(struct engine *engine)
{
	struct learning *learning = engine->learning;
	struct domain_rows rows = { 0 };
	int err;

	if (learning->are_domains_read)
		return 0;
	err = learned_domains_read(engine->state, add_row, &rows);
	if (err) {
		free(rows.items);
		return err;
	}
	learning->domains = rows.items;
	learning->domain_count = rows.count;
	learning->are_domains_read = true;
	learned_domains_count(engine);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;

	return strcmp(x->domain, y->domain);
}

void domain_rows_sort(struct domain_rows *rows)
{
	qsort(rows->items, rows->count, sizeof(*rows->items), compare_names);
}

struct learned *domain_rows_find(const struct domain_rows *rows, const char *name)
{
	struct learned key = { .state = LEARN_NONE };

	snprintf(key.domain, sizeof(key.domain), "%s", name);
	return rows->count
		   ? bsearch(&key, rows->items, rows->count, sizeof(*rows->items), compare_names)
		   : NULL;
}

struct domain_rows learned_domain_rows(const struct engine *engine)
{
	return (struct domain_rows) { engine->learning->domains, engine->learning->domain_count };
}

struct learned learned_domain_find(const struct engine *engine, const char *name)
{
	const struct domain_rows rows = learned_domain_rows(engine);
	const struct learned *row = domain_rows_find(&rows, name);
	struct learned domain = { .rule = LEARN_PARTNER };

	if (row)
		return *row;
	snprintf(domain.domain, sizeof(domain.domain), "%s", name);
	return domain;
}

const char *learned_domain_refuse(const struct engine *engine, const char *name)
{
	const struct config *config = engine->current->config;
	const char *refusal = learn_refuse_domain(&config->learn, name);
	char term[EVIDENCE_DOMAIN_BYTES + sizeof(SPF_SCHEME)];
	struct domain_term parsed;

	if (refusal)
		return refusal;
	if (domains_are_provider(name, config->resolver.providers))
		return "a domain of a shared provider";
	snprintf(term, sizeof(term), SPF_SCHEME "%s", name);
	if (feed_config_find(config_feeds(config, FEED_OF_DOMAIN), term))
		return "in domains: of a list";
	return strlen(term) <= DOMAIN_TERM_BYTES_MAX && domain_term_parse(term, &parsed)
		   ? NULL
		   : "not a domain with an SPF record";
}

bool learned_domain_is_fetched(enum learn_state state)
{
	return state != LEARN_NONE && state != LEARN_REMOVED;
}

int domain_rows_give(const struct domain_rows *rows, struct snapshot *next)
{
	struct learned_domain *domains = calloc(rows->count + 1, sizeof(*domains));
	size_t count = 0;
	int err;

	if (!domains)
		return -ENOMEM;
	for (size_t i = 0; next->config->learn.is_on && i < rows->count; i++)
		if (learned_domain_is_fetched(rows->items[i].state))
			domains[count++] = (struct learned_domain) {
				rows->items[i].domain, learn_state_is_in_force(rows->items[i].state)
			};
	err = snapshot_learn_domains(next, domains, count);
	free(domains);
	return err;
}

int learned_domains_give(const struct engine *engine, struct snapshot *next)
{
	const struct domain_rows rows = learned_domain_rows(engine);

	return domain_rows_give(&rows, next);
}

void learned_domains_count(struct engine *engine)
{
	struct learning *learning = engine->learning;
	uint64_t counts[LEARN_STATE_COUNT] = { 0 };

	for (size_t i = 0; i < learning->domain_count; i++)
		counts[learning->domains[i].state]++;
	pthread_mutex_lock(&learning->lock);
	memcpy(learning->counters.domains, counts, sizeof(counts));
	pthread_mutex_unlock(&learning->lock);
}
