/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers questions about what is learned, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "engine/fleet_evidence.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "feeds/store.h"
#include "learn/never.h"
#include "store/learned_rows.h"

/* Stops a walk when a page is full. */
#define PAGE_FULL 1

static int refuse_query(struct engine *engine, int err, struct refusal *refusal)
{
	return err == -ENOMEM ? refusal_set_memory(refusal)
			      : learning_refuse_failed(engine, refusal);
}

static size_t page_limit(size_t limit)
{
	return !limit || limit > LEARN_PAGE_MAX ? LEARN_PAGE_MAX : limit;
}

/* ---- learned addresses ------------------------------------------------------------------ */

struct learned_paging {
	struct learned_page page;
	size_t limit;
};

static int add_learned(const struct learned *learned, void *context)
{
	struct learned_paging *paging = context;

	if (paging->page.count == paging->limit) {
		paging->page.has_more = true;
		return PAGE_FULL;
	}
	paging->page.items[paging->page.count++] = *learned;
	return 0;
}

int engine_learned_page(struct engine *engine, const struct learned_query *query,
			struct learned_page *ret_page, struct refusal *refusal)
{
	struct learned_paging paging = { .limit = page_limit(query->limit) };
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	paging.page.items = calloc(paging.limit, sizeof(*paging.page.items));
	paging.page.list = text_copy(learning_settings(engine)->list);
	if (!paging.page.items || !paging.page.list)
		err = -ENOMEM;
	else
		err = learned_rows_walk(engine->learning->store, query->state,
					query->has_after ? &query->after : NULL, add_learned,
					&paging);
	if (err < 0) {
		learned_page_done(&paging.page);
		return refuse_query(engine, err, refusal);
	}
	*ret_page = paging.page;
	return 0;
}

void learned_page_done(struct learned_page *page)
{
	free(page->items);
	free(page->list);
	*page = (struct learned_page) { 0 };
}

int engine_learned_domains(struct engine *engine, enum learn_state state, size_t limit,
			   struct learned_page *ret_page, struct refusal *refusal)
{
	struct learned_paging paging = { .limit = page_limit(limit) };
	int err = learning_ready(engine, refusal);
	struct domain_rows rows;

	if (err)
		return err;
	rows = learned_domain_rows(engine);
	paging.page.items = calloc(paging.limit, sizeof(*paging.page.items));
	paging.page.list = text_copy(learning_settings(engine)->list);
	if (!paging.page.items || !paging.page.list) {
		learned_page_done(&paging.page);
		return refusal_set_memory(refusal);
	}
	for (size_t i = 0; i < rows.count && !err; i++)
		if (rows.items[i].state == state)
			err = add_learned(&rows.items[i], &paging);
	*ret_page = paging.page;
	return 0;
}

/* ---- partners --------------------------------------------------------------------------- */

static struct learn_partner partner_of(const struct engine *engine,
				       const struct learn_domain *domain, int64_t last_day,
				       size_t address_count)
{
	const struct learn_settings *settings = learning_settings(engine);
	char name[EVIDENCE_DOMAIN_BYTES + sizeof(SPF_SCHEME)];
	const struct stored_feed *feed;
	struct learn_partner partner = { .messages = domain->messages,
					 .host_messages = domain->host_messages,
					 .days = domain->days,
					 .users = domain->users,
					 .last_day = last_day,
					 .address_count = address_count };

	memcpy(partner.domain, domain->name, sizeof(partner.domain));
	partner.never = learn_refuse_domain(settings, domain->name);
	partner.learned = learned_domain_find(engine, domain->name);
	snprintf(name, sizeof(name), SPF_SCHEME "%s", domain->name);
	feed = feed_store_find(engine->feeds[FEED_OF_DOMAIN], name);
	partner.entry_count = feed ? feed_entry_count(feed->set) : 0;
	partner.is_partner = !partner.never && domain->messages >= settings->partner.messages &&
			     domain->days >= settings->partner.days;
	return partner;
}

struct partner_paging {
	struct engine *engine;
	struct partner_page page;
	size_t limit;
};

static int64_t window_begin(const struct engine *engine)
{
	return (learning_now(engine) - learning_settings(engine)->partner.window_sec) /
	       LEARN_DAY_SEC;
}

static int add_partner(const struct learn_domain *domain, int64_t last_day, size_t address_count,
		       void *context)
{
	struct partner_paging *paging = context;
	struct learn_domain all = *domain;
	int err;

	if (paging->page.count == paging->limit) {
		paging->page.has_more = true;
		return PAGE_FULL;
	}
	err =
	    fleet_evidence_add_sent(paging->engine, window_begin(paging->engine),
				    learning_now(paging->engine) / LEARN_DAY_SEC, &all, &last_day);
	if (!err)
		paging->page.items[paging->page.count++] =
		    partner_of(paging->engine, &all, last_day, address_count);
	return err;
}

int engine_learn_partners(struct engine *engine, const struct partner_query *query,
			  struct partner_page *ret_page, struct refusal *refusal)
{
	struct partner_paging paging = { .limit = page_limit(query->limit) };
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	paging.engine = engine;
	paging.page.items = calloc(paging.limit, sizeof(*paging.page.items));
	err = paging.page.items
		  ? evidence_walk_domains(engine->learning->store, window_begin(engine),
					  query->after, add_partner, &paging)
		  : -ENOMEM;
	if (err < 0) {
		partner_page_done(&paging.page);
		return refuse_query(engine, err, refusal);
	}
	*ret_page = paging.page;
	return 0;
}

void partner_page_done(struct partner_page *page)
{
	free(page->items);
	*page = (struct partner_page) { 0 };
}

/* ---- explain ------------------------------------------------------------------------------ */

/* The domain that a finding is about lies in the explanation, not in the facts. */
static void explain_rules(struct engine *engine, const struct learn_facts *facts,
			  struct learn_explanation *explanation)
{
	const struct learn_settings *settings = learning_settings(engine);

	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++) {
		explanation->uses[rule] = settings->uses[rule];
		learn_rule_judge((enum learn_rule)rule, facts, settings, learning_now(engine),
				 &explanation->findings[rule]);
	}
}

int engine_explain_address(struct engine *engine, const struct prefix *address,
			   struct learn_explanation *ret_explanation, struct refusal *refusal)
{
	struct learn_explanation explanation = { .is_address = true,
						 .prefix = learn_subject(address) };
	struct evidence_facts facts = { 0 };
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	explanation.never = learning_refuse(engine, &explanation.prefix);
	explanation.learned.prefix = explanation.prefix;
	err = learned_row_find(engine->learning->store, &explanation.prefix, &explanation.learned);
	if (!err || err == -ENOENT)
		err =
		    learning_read_facts(engine, &explanation.prefix, learning_now(engine), &facts);
	if (err)
		return refuse_query(engine, err, refusal);
	explain_rules(engine, &facts.facts, &explanation);
	explanation.days = facts.days;
	explanation.day_count = facts.facts.day_count;
	explanation.domains = facts.domains;
	explanation.domain_count = facts.facts.domain_count;
	explanation.covers = facts.covers;
	explanation.cover_count = facts.facts.cover_count;
	explanation.hosts = facts.hosts;
	explanation.host_count = facts.facts.host_count;
	explanation.complaints = facts.facts.complaints;
	memcpy(explanation.name, facts.facts.name, sizeof(explanation.name));
	*ret_explanation = explanation;
	return 0;
}

struct link_collecting {
	struct engine *engine;
	struct learn_explanation *explanation;
};

static int add_link(const struct prefix *subject, uint32_t authenticated_days, bool is_server,
		    void *context)
{
	const struct link_collecting *collecting = context;
	struct learn_explanation *explanation = collecting->explanation;
	struct learned learned = { 0 };
	struct learn_link *links;
	int err;

	if (explanation->link_count == LEARN_PAGE_MAX)
		return PAGE_FULL;
	err = learned_row_find(collecting->engine->learning->store, subject, &learned);
	if (err && err != -ENOENT)
		return err;
	links = reallocarray(explanation->links, explanation->link_count + 1, sizeof(*links));
	if (!links)
		return -ENOMEM;
	explanation->links = links;
	links[explanation->link_count++] =
	    (struct learn_link) { .prefix = *subject,
				  .authenticated_days = authenticated_days,
				  .is_server = is_server,
				  .state = learned.state };
	return 0;
}

int engine_explain_domain(struct engine *engine, const char *domain,
			  struct learn_explanation *ret_explanation, struct refusal *refusal)
{
	struct learn_explanation explanation = { 0 };
	struct link_collecting collecting = { engine, &explanation };
	struct learn_domain found = { 0 };
	int64_t last_day = 0;
	size_t address_count = 0;
	int err = learning_ready(engine, refusal);

	if (err)
		return err;
	err = learning_find_domain(engine, domain, &found, &last_day, &address_count);
	if (err == -ENOENT)
		return refusal_set(refusal, OUTCOME_NOT_FOUND, "nothing is known of %.253s",
				   domain);
	if (!err)
		err = evidence_walk_links(engine->learning->store, domain, add_link, &collecting);
	if (err < 0) {
		learn_explanation_done(&explanation);
		return refuse_query(engine, err, refusal);
	}
	explanation.partner = partner_of(engine, &found, last_day, address_count);
	*ret_explanation = explanation;
	return 0;
}

void learn_explanation_done(struct learn_explanation *explanation)
{
	free(explanation->days);
	free(explanation->domains);
	free(explanation->covers);
	free(explanation->hosts);
	free(explanation->links);
	*explanation = (struct learn_explanation) { 0 };
}
