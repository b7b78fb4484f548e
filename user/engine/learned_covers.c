/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which partner an address sends for, by the SPF records of partner domains. These are the domains
 * that are learned, whether or not they are in force, and for addresses of shared providers also
 * those that the configuration names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/fleet_evidence.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "feeds/store.h"
#include "learn/never.h"

/* Partners that are told of one address. */
#define COVERS_MAX 8

struct cover {
	struct prefix prefix; /* no narrower than what stands for an address in evidence */
	bool is_shared;
	const char *domain; /* of the feed's configuration */
};

static int compare_covers(const void *a, const void *b)
{
	const struct cover *x = a, *y = b;

	return prefix_compare(&x->prefix, &y->prefix);
}

static size_t count_prefixes(const struct feed_store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < store->count; i++) {
		const struct stored_feed *feed = &store->items[i];

		count +=
		    (feed->set ? feed->set->count : 0) + (feed->shared ? feed->shared->count : 0);
	}
	return count;
}

static void add_set(struct learning *learning, const struct entry_set *set, const char *domain,
		    bool is_shared)
{
	for (size_t i = 0; set && i < set->count; i++)
		learning->covers[learning->cover_count++] =
		    (struct cover) { .prefix = learn_subject(&set->entries[i].prefix),
				     .is_shared = is_shared,
				     .domain = domain };
}

static int make_covers(struct engine *engine)
{
	struct learning *learning = engine->learning;
	const struct feed_store *store = engine->feeds[FEED_OF_DOMAIN];

	free(learning->covers);
	learning->cover_count = 0;
	learning->covers = calloc(count_prefixes(store) + 1, sizeof(*learning->covers));
	if (!learning->covers)
		return -ENOMEM;
	for (size_t i = 0; i < store->count; i++) {
		const struct stored_feed *feed = &store->items[i];
		const char *name = feed->config->name;

		if (strncmp(name, SPF_SCHEME, strlen(SPF_SCHEME)) != 0)
			continue;
		name += strlen(SPF_SCHEME);
		add_set(learning, feed->config->is_learned ? feed->set : NULL, name, false);
		add_set(learning, feed->shared, name, true);
	}
	qsort(learning->covers, learning->cover_count, sizeof(*learning->covers), compare_covers);
	learning->are_covers_old = false;
	return 0;
}

static int refresh_covers(struct engine *engine)
{
	return engine->learning->are_covers_old ? make_covers(engine) : 0;
}

static struct prefix_array array_of(const struct learning *learning)
{
	return PREFIX_ARRAY(learning->covers, learning->cover_count);
}

bool learning_is_covered(struct engine *engine, const struct prefix *subject)
{
	return learning_settings(engine)->uses[LEARN_SPF] && !refresh_covers(engine) &&
	       prefix_find_covering(array_of(engine->learning), subject) <
		   engine->learning->cover_count;
}

static void add_equal(const struct learning *learning, const struct prefix *prefix,
		      struct learn_cover *covers, size_t *count)
{
	for (size_t i = prefix_lower_bound(array_of(learning), prefix);
	     i < learning->cover_count && *count < COVERS_MAX &&
	     !prefix_compare(&learning->covers[i].prefix, prefix);
	     i++) {
		struct learn_cover *cover = &covers[(*count)++];

		snprintf(cover->domain, sizeof(cover->domain), "%s", learning->covers[i].domain);
		cover->is_shared = learning->covers[i].is_shared;
	}
}

int learning_find_covers(struct engine *engine, const struct prefix *subject,
			 struct learn_cover **ret_covers, size_t *ret_count)
{
	struct learn_cover *covers;
	size_t count = 0;

	*ret_covers = NULL;
	*ret_count = 0;
	if (!learning_is_covered(engine, subject))
		return 0;
	covers = calloc(COVERS_MAX, sizeof(*covers));
	if (!covers)
		return -ENOMEM;
	for (int len = subject->len; len >= 0; len--) {
		const struct prefix wider = prefix_truncate(subject, (uint8_t)len);

		add_equal(engine->learning, &wider, covers, &count);
	}
	*ret_covers = covers;
	*ret_count = count;
	return 0;
}

int learning_read_facts(struct engine *engine, const struct prefix *subject, int64_t until_sec,
			struct evidence_facts *ret_facts)
{
	struct evidence_facts facts;
	int err =
	    evidence_read_facts(engine->learning->store, subject,
				learning_settings(engine)->partner.window_sec, until_sec, &facts);

	if (err)
		return err;
	err = fleet_evidence_add(engine, subject, until_sec, &facts);
	if (!err)
		err =
		    learning_find_covers(engine, subject, &facts.covers, &facts.facts.cover_count);
	if (err) {
		evidence_facts_done(&facts);
		return err;
	}
	facts.facts.covers = facts.covers;
	*ret_facts = facts;
	return 0;
}

int learning_find_domain(struct engine *engine, const char *name, struct learn_domain *ret_domain,
			 int64_t *ret_last_day, size_t *ret_address_count)
{
	const int64_t now_sec = learning_now(engine);
	const int64_t first_day =
	    (now_sec - learning_settings(engine)->partner.window_sec) / LEARN_DAY_SEC;
	struct learn_domain domain = { .messages = 0 };
	int64_t last_day = 0;
	size_t address_count = 0;
	int found = evidence_find_domain(engine->learning->store, name, first_day, &domain,
					 &last_day, &address_count);
	int err = found == -ENOENT ? 0 : found;

	snprintf(domain.name, sizeof(domain.name), "%s", name);
	if (!err)
		err = fleet_evidence_add_sent(engine, first_day, now_sec / LEARN_DAY_SEC, &domain,
					      &last_day);
	if (!err && found && !domain.messages)
		err = found;
	if (err)
		return err;
	*ret_domain = domain;
	*ret_last_day = last_day;
	*ret_address_count = address_count;
	return 0;
}
