/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out whether the guard has anything to count. At prefixes whose entries are the same in both
 * policies, a list has the same addresses as before. So only those entries are looked at that lie
 * inside or around a prefix at which an allow list differs.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/addresses.h"
#include "core/entry_pair.h"
#include "core/guard.h"
#include "core/prefix_search.h"
#include "core/rule_array.h"

/* Prefixes at which allow lists differ. */
struct places {
	struct prefix *prefixes;
	size_t count;
	size_t capacity;
};

/* The allow lists of a policy, with only their entries inside and around the places. */
struct excerpt {
	struct policy policy;
	const struct list **originals; /* by list */
};

/* ---- places ---------------------------------------------------------------- */

static int places_add(struct places *places, const struct prefix *prefix)
{
	if (places->count == places->capacity) {
		const size_t capacity = 2 * places->capacity + 64;
		struct prefix *larger =
		    reallocarray(places->prefixes, capacity, sizeof(*places->prefixes));

		if (!larger)
			return -ENOMEM;
		places->prefixes = larger;
		places->capacity = capacity;
	}
	places->prefixes[places->count++] = *prefix;
	return 0;
}

static void pass_prefix(const struct entry_set *set, const struct prefix *prefix, size_t *index)
{
	while (set && *index < set->count && !prefix_compare(&set->entries[*index].prefix, prefix))
		++*index;
}

static int places_compare_sets(const struct entry_set *from, const struct entry_set *to,
			       struct places *places)
{
	struct entry_pair pair = { .from = from, .to = to };
	int err = 0;

	while (!err && entry_pair_skip(&pair)) {
		const struct prefix prefix = *entry_pair_prefix(&pair);

		pass_prefix(from, &prefix, &pair.from_index);
		pass_prefix(to, &prefix, &pair.to_index);
		err = places_add(places, &prefix);
	}
	return err;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Sort them, and leave out those inside others. */
static void places_finish(struct places *places)
{
	size_t kept = 0;

	if (places->count)
		qsort(places->prefixes, places->count, sizeof(*places->prefixes), compare_prefixes);
	for (size_t i = 0; i < places->count; i++)
		if (!kept || !prefix_contains(&places->prefixes[kept - 1], &places->prefixes[i]))
			places->prefixes[kept++] = places->prefixes[i];
	places->count = kept;
}

/* @ret_is_known: false: an allow list is gone or has other ports, so the places do not tell
 * everything. */
static int places_find(const struct policy *from, const struct policy *to, struct places *places,
		       bool *ret_is_known)
{
	int err = 0;

	*ret_is_known = true;
	for (size_t i = 0; i < from->list_count && !err && *ret_is_known; i++) {
		const struct list *list = &from->lists[i];
		const struct list *after = policy_find_list(to, list->name);

		if (list->action != ACTION_ALLOW)
			continue;
		if (!after || after->action != ACTION_ALLOW || !list_has_same_ports(list, after)) {
			*ret_is_known = false;
			break;
		}
		for (int source = 0; source < SOURCE_COUNT && !err; source++)
			if (list->sets[source] != after->sets[source])
				err = places_compare_sets(list->sets[source], after->sets[source],
							  places);
	}
	places_finish(places);
	return err;
}

/* ---- excerpts --------------------------------------------------------------- */

/* Add the entries of @from around @place, without those at it. */
static int add_around(const struct entry_set *from, const struct prefix *place,
		      struct entry_set *to)
{
	const struct prefix_array entries = PREFIX_ARRAY(from->entries, from->count);
	struct prefix around = *place;
	int err = 0;

	while (around.len > 0 && !err) {
		size_t i;

		around = prefix_truncate(place, (uint8_t)(around.len - 1));
		i = prefix_find_covering(entries, &around);
		if (i == from->count)
			break;
		around = from->entries[i].prefix;
		for (i = entry_set_lower_bound(from, &around);
		     i < from->count && !prefix_compare(&from->entries[i].prefix, &around) && !err;
		     i++)
			err = entry_set_add(to, &from->entries[i]);
	}
	return err;
}

/* NULL: out of memory. */
static struct entry_set *excerpt_set(const struct entry_set *from, const struct places *places)
{
	struct entry_set *set = entry_set_new();
	int err = set ? 0 : -ENOMEM;

	for (size_t i = 0; i < places->count && !err; i++) {
		size_t begin, end;

		err = add_around(from, &places->prefixes[i], set);
		prefix_inside(PREFIX_ARRAY(from->entries, from->count), &places->prefixes[i],
			      &begin, &end);
		for (; begin < end && !err; begin++)
			err = entry_set_add(set, &from->entries[begin]);
	}
	if (err) {
		entry_set_unref(set);
		return NULL;
	}
	/* Entries around several places were added as often. */
	entry_set_finish(set);
	return set;
}

static void excerpt_done(struct excerpt *excerpt)
{
	for (size_t i = 0; i < excerpt->policy.list_count; i++)
		for (int source = 0; source < SOURCE_COUNT; source++)
			entry_set_unref(excerpt->policy.lists[i].sets[source]);
	free(excerpt->policy.lists);
	free(excerpt->originals);
}

static int excerpt_init(struct excerpt *excerpt, const struct policy *policy,
			const struct places *places)
{
	*excerpt = (struct excerpt) {
		.policy.lists = calloc(policy->list_count + 1, sizeof(struct list)),
		.originals = calloc(policy->list_count + 1, sizeof(*excerpt->originals)),
	};
	if (!excerpt->policy.lists || !excerpt->originals)
		return -ENOMEM;
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		struct list *copy = &excerpt->policy.lists[excerpt->policy.list_count];

		if (list->action != ACTION_ALLOW)
			continue;
		excerpt->originals[excerpt->policy.list_count++] = list;
		*copy = (struct list) { .name = list->name,
					.action = list->action,
					.ports = list->ports,
					.port_count = list->port_count };
		for (int source = 0; source < SOURCE_COUNT; source++) {
			if (!list->sets[source])
				continue;
			copy->sets[source] = excerpt_set(list->sets[source], places);
			if (!copy->sets[source])
				return -ENOMEM;
		}
	}
	return 0;
}

/* ---- what is lost ------------------------------------------------------------ */

/* Whether a rule of @list in use is inside or around @place, and loses addresses. */
static bool loses_at(const struct list *list, const struct prefix *place,
		     const struct prefix_set *lost, const struct guard_hits *hits)
{
	const struct prefix_array rules = rule_array_prefixes(list->rules);
	struct prefix around = *place, part;
	size_t begin, end;

	prefix_inside(rules, place, &begin, &end);
	for (; begin < end; begin++) {
		const struct rule *rule = rule_array_at(list->rules, begin);

		if (rule->id && prefix_set_overlap(lost, &rule->prefix, &part) &&
		    hits->is_hit(list, rule, hits->context))
			return true;
	}
	while (around.len > 0) {
		const struct rule *rule;
		size_t i;

		around = prefix_truncate(place, (uint8_t)(around.len - 1));
		i = prefix_find_covering(rules, &around);
		if (i == rules.count)
			return false;
		rule = rule_array_at(list->rules, i);
		around = rule->prefix;
		if (rule->id && prefix_set_overlap(lost, &rule->prefix, &part) &&
		    hits->is_hit(list, rule, hits->context))
			return true;
	}
	return false;
}

/* @allowed: what the new policy allows at the places. */
static int list_loses(const struct list *excerpt, const struct list *list,
		      const struct prefix_set *allowed, const struct places *places,
		      const struct guard_hits *hits, bool *ret_loses)
{
	struct prefix_set held, lost;
	int err = list_addresses(excerpt, &held);

	if (err)
		return err;
	err = prefix_set_subtract(&held, allowed, &lost);
	prefix_set_done(&held);
	if (err)
		return err;
	for (size_t i = 0; lost.count && i < places->count && !*ret_loses; i++)
		*ret_loses = loses_at(list, &places->prefixes[i], &lost, hits);
	prefix_set_done(&lost);
	return 0;
}

static int port_loses(const struct excerpt *from, const struct excerpt *to, uint16_t port,
		      const struct places *places, const struct guard_hits *hits, bool *ret_loses)
{
	struct prefix_set allowed;
	int err = policy_addresses(&to->policy, ACTION_ALLOW, port, &allowed);

	if (err)
		return err;
	for (size_t i = 0; i < from->policy.list_count && !err && !*ret_loses; i++)
		if (list_has_port(&from->policy.lists[i], port))
			err = list_loses(&from->policy.lists[i], from->originals[i], &allowed,
					 places, hits, ret_loses);
	prefix_set_done(&allowed);
	return err;
}

int guard_loses(const struct policy *from, const struct policy *to, const uint16_t *ports,
		size_t port_count, const struct guard_hits *hits, bool *ret_loses)
{
	struct excerpt before = { .originals = NULL }, after = { .originals = NULL };
	struct places places = { .prefixes = NULL };
	bool is_known, loses = false;
	int err = places_find(from, to, &places, &is_known);

	if (!err && is_known && places.count) {
		err = excerpt_init(&before, from, &places);
		if (!err)
			err = excerpt_init(&after, to, &places);
		for (size_t i = 0; i < port_count && !err && !loses; i++)
			err = port_loses(&before, &after, ports[i], &places, hits, &loses);
		excerpt_done(&before);
		excerpt_done(&after);
	}
	free(places.prefixes);
	if (!err)
		*ret_loses = loses || !is_known;
	return err;
}
