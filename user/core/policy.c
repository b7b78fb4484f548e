/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps lists, and walks over their entries. */
#include "core/policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefix_search.h"
#include "core/rule_array.h"

/* The number of possible lengths of a prefix, 0 to 128. */
#define LEN_COUNT 129

const char *const action_names[ACTION_COUNT] = {
	[ACTION_ALLOW] = "allow",
	[ACTION_BLOCK] = "block",
};

const char *const on_block_names[ON_BLOCK_COUNT] = {
	[ON_BLOCK_DROP] = "drop",
	[ON_BLOCK_RESET] = "reset",
	[ON_BLOCK_REJECT] = "reject",
};

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];

		for (int source = 0; source < SOURCE_COUNT; source++) {
			entry_set_unref(list->sets[source]);
			entry_set_unref(list->overruled[source]);
		}
		rule_array_unref(list->rules);
		free(list->ports);
		free(list->name);
	}
	free(policy->lists);
	free(policy);
}

struct list *policy_add_list(struct policy *policy, const char *name, enum action action)
{
	char *name_copy = strdup(name);
	struct list *lists;
	struct list *list;

	if (!name_copy)
		return NULL;
	lists = realloc(policy->lists, (policy->list_count + 1) * sizeof(*lists));
	if (!lists) {
		free(name_copy);
		return NULL;
	}
	policy->lists = lists;
	list = &lists[policy->list_count++];
	*list = (struct list) {
		.name = name_copy,
		.action = action,
		.mark_mask = 0xffffffff,
		.slot = POLICY_NO_SLOT,
	};
	return list;
}

bool policy_is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > POLICY_NAME_MAX)
		return false;
	for (const char *c = name; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	}
	return true;
}

struct list *policy_find_list(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		if (!strcmp(policy->lists[i].name, name))
			return &policy->lists[i];
	}
	return NULL;
}

const struct list *policy_find_slot(const struct policy *policy, uint16_t slot)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].slot == slot)
			return &policy->lists[i];
	return NULL;
}

bool list_has_port(const struct list *list, uint16_t port)
{
	for (size_t i = 0; i < list->port_count; i++)
		if (list->ports[i] == port)
			return true;
	return !list->port_count;
}

bool list_has_same_ports(const struct list *a, const struct list *b)
{
	if (a->port_count != b->port_count)
		return false;
	for (size_t i = 0; i < a->port_count; i++)
		if (!list_has_port(b, a->ports[i]))
			return false;
	return true;
}

/* Whether two ports have the same lists. */
static bool are_ports_alike(const struct policy *policy, uint16_t a, uint16_t b)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (list_has_port(&policy->lists[i], a) != list_has_port(&policy->lists[i], b))
			return false;
	return true;
}

size_t policy_group_ports(const struct policy *policy, const uint16_t *ports, size_t port_count,
			  uint8_t *ret_groups, uint16_t ret_firsts[POLICY_PORT_GROUPS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < port_count; i++) {
		size_t group = 0;

		while (group < count && !are_ports_alike(policy, ports[i], ret_firsts[group]))
			group++;
		if (group == POLICY_PORT_GROUPS_MAX)
			return 0;
		if (group == count)
			ret_firsts[count++] = ports[i];
		ret_groups[i] = (uint8_t)group;
	}
	return count;
}

/* Give the copy of a list its own ports. Return: 0 or -ENOMEM. */
static int copy_ports(const struct list *from, struct list *to)
{
	if (!from->port_count)
		return 0;
	to->ports = malloc(from->port_count * sizeof(*to->ports));
	if (!to->ports)
		return -ENOMEM;
	memcpy(to->ports, from->ports, from->port_count * sizeof(*to->ports));
	return 0;
}

struct policy *policy_copy(const struct policy *policy)
{
	struct policy *copy = policy_new();
	bool has_failed = false;

	if (!copy)
		return NULL;
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *from = &policy->lists[i];
		struct list *to = policy_add_list(copy, from->name, from->action);
		char *name;

		if (!to) {
			policy_free(copy);
			return NULL;
		}
		name = to->name;
		*to = *from;
		to->name = name;
		to->ports = NULL;
		to->rules = NULL;
		to->rule_count = 0;
		to->is_numbered = false;
		has_failed |= copy_ports(from, to) != 0;
		for (int source = 0; source < SOURCE_COUNT; source++) {
			if (to->sets[source])
				entry_set_ref(to->sets[source]);
			if (to->overruled[source])
				entry_set_ref(to->overruled[source]);
		}
	}
	if (has_failed) {
		policy_free(copy);
		return NULL;
	}
	return copy;
}

void list_replace_set(struct list *list, enum source source, struct entry_set *set)
{
	entry_set_unref(list->sets[source]);
	list->sets[source] = set;
	entry_set_unref(list->overruled[source]);
	list->overruled[source] = NULL;
}

size_t list_count_entries(const struct list *list, enum family family)
{
	size_t count = 0;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		if (list->sets[source])
			count += list->sets[source]->entry_counts[family];
	}
	return count;
}

bool list_has(const struct list *list, const struct prefix *prefix, bool is_exclusion)
{
	struct entry_cursor cursor;
	const struct entry *entry;

	entry_cursor_init(&cursor, list, prefix);
	while ((entry = entry_cursor_next(&cursor)) && !prefix_compare(&entry->prefix, prefix)) {
		if (entry->is_exclusion == is_exclusion)
			return true;
	}
	return false;
}

void entry_cursor_init(struct entry_cursor *cursor, const struct list *list,
		       const struct prefix *from)
{
	*cursor = (struct entry_cursor) { .list = list };
	for (int source = 0; from && source < SOURCE_COUNT; source++) {
		if (list->sets[source])
			cursor->next[source] = entry_set_lower_bound(list->sets[source], from);
	}
}

const struct entry *entry_cursor_next(struct entry_cursor *cursor)
{
	const struct entry *first = NULL;
	int first_source = 0;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = cursor->list->sets[source];
		const struct entry *entry;

		if (!set || cursor->next[source] == set->count)
			continue;
		entry = &set->entries[cursor->next[source]];
		if (!first || prefix_compare(&entry->prefix, &first->prefix) < 0) {
			first = entry;
			first_source = source;
		}
	}
	if (first)
		cursor->next[first_source]++;
	return first;
}

/* Mark the lengths at which @set has an entry or exclusion that covers @prefix. */
static void mark_covering_lens(const struct entry_set *set, const struct prefix *prefix,
			       bool lens[LEN_COUNT])
{
	struct prefix_array array = PREFIX_ARRAY(set->entries, set->count);
	struct prefix inner = *prefix;

	for (;;) {
		size_t index = prefix_find_covering(array, &inner);
		uint8_t len;

		if (index == array.count)
			return;
		len = set->entries[index].prefix.len;
		lens[len] = true;
		if (len == 0)
			return;
		inner = prefix_truncate(prefix, (uint8_t)(len - 1));
	}
}

static void list_covering(const struct list *list, const struct prefix *prefix,
			  void (*visit)(const struct list *list, const struct entry *entry,
					uint32_t rule_id, void *context),
			  void *context)
{
	bool lens[LEN_COUNT] = { false };

	for (int source = 0; source < SOURCE_COUNT; source++) {
		if (list->sets[source])
			mark_covering_lens(list->sets[source], prefix, lens);
	}
	for (uint8_t len = 0; len <= prefix->len; len++) {
		struct prefix outer = prefix_truncate(prefix, len);
		struct entry_cursor cursor;
		const struct entry *entry;
		const struct rule *rule;

		if (!lens[len])
			continue;
		rule = list_find_rule(list, &outer);
		entry_cursor_init(&cursor, list, &outer);
		while ((entry = entry_cursor_next(&cursor)) &&
		       !prefix_compare(&entry->prefix, &outer))
			visit(list, entry, rule && !entry->is_exclusion ? rule->id : 0, context);
	}
}

void policy_covering(const struct policy *policy, const struct prefix *prefix,
		     void (*visit)(const struct list *list, const struct entry *entry,
				   uint32_t rule_id, void *context),
		     void *context)
{
	for (size_t i = 0; i < policy->list_count; i++)
		list_covering(&policy->lists[i], prefix, visit, context);
}

const struct rule *list_find_rule(const struct list *list, const struct prefix *prefix)
{
	size_t index = prefix_lower_bound(rule_array_prefixes(list->rules), prefix);
	const struct rule *rule;

	if (index == list->rule_count)
		return NULL;
	rule = rule_array_at(list->rules, index);
	return prefix_compare(&rule->prefix, prefix) ? NULL : rule;
}

const char *policy_refuse_prefix(const struct prefix *prefix, enum action action)
{
	if (action != ACTION_BLOCK || prefix->len > 0)
		return NULL;
	return prefix->family == FAMILY_IPV4
		   ? "0.0.0.0/0 in a block list would block all of IPv4: name narrower networks"
		   : "::/0 in a block list would block all of IPv6: name narrower networks";
}

const char *policy_warn_prefix(const struct prefix *prefix, enum action action)
{
	if (action != ACTION_ALLOW || prefix->len > 0)
		return NULL;
	return prefix->family == FAMILY_IPV4
		   ? "allows every IPv4 sender: no block list has any effect on them"
		   : "allows every IPv6 sender: no block list has any effect on them";
}
