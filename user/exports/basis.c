/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps references to the rules of lists: successive policies share those that do not change. */
#include "exports/basis.h"

#include <stdlib.h>

#include "core/rule_array.h"
#include "formats/write.h"

struct export_basis {
	size_t count;
	struct rule_array *rules[]; /* NULL: no list, or an empty one */
};

/* Its own lists, and all lists of the policy if the text depends on allow lists. */
static size_t count_of(const struct policy *policy, const struct config_export *config)
{
	return config->list_count +
	       (export_needs_allow_lists(config->format, config->action) ? policy->list_count : 0);
}

static struct rule_array *rules_of(const struct policy *policy, const struct config_export *config,
				   size_t i)
{
	const struct list *list = i < config->list_count
				      ? policy_find_list(policy, config->lists[i])
				      : &policy->lists[i - config->list_count];

	if (i >= config->list_count && list->action != ACTION_ALLOW)
		return NULL;
	return list ? list->rules : NULL;
}

static struct export_basis *basis_alloc(size_t count)
{
	struct export_basis *basis = malloc(sizeof(*basis) + count * sizeof(basis->rules[0]));

	if (basis)
		basis->count = count;
	return basis;
}

struct export_basis *export_basis_new(const struct policy *policy,
				      const struct config_export *config)
{
	struct export_basis *basis;

	if (export_needs_entries(config->format))
		return NULL;
	basis = basis_alloc(count_of(policy, config));
	for (size_t i = 0; basis && i < basis->count; i++)
		basis->rules[i] = rule_array_ref(rules_of(policy, config, i));
	return basis;
}

struct export_basis *export_basis_copy(const struct export_basis *basis)
{
	struct export_basis *copy = basis ? basis_alloc(basis->count) : NULL;

	for (size_t i = 0; copy && i < basis->count; i++)
		copy->rules[i] = rule_array_ref(basis->rules[i]);
	return copy;
}

void export_basis_free(struct export_basis *basis)
{
	for (size_t i = 0; basis && i < basis->count; i++)
		rule_array_unref(basis->rules[i]);
	free(basis);
}

bool export_basis_is_same(const struct export_basis *basis, const struct policy *policy,
			  const struct config_export *config)
{
	if (!basis || basis->count != count_of(policy, config))
		return false;
	for (size_t i = 0; i < basis->count; i++)
		if (basis->rules[i] != rules_of(policy, config, i))
			return false;
	return true;
}
