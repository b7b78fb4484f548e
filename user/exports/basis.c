/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps references to the rules of lists: successive policies share those that do not change. */
#include "exports/basis.h"

#include <stdlib.h>

#include "core/rule_array.h"

struct export_basis {
	size_t count;
	struct rule_array *rules[]; /* by name; NULL: no list, or an empty one */
};

static struct rule_array *rules_of(const struct policy *policy, const char *name)
{
	const struct list *list = policy_find_list(policy, name);

	return list ? list->rules : NULL;
}

static struct export_basis *basis_alloc(size_t count)
{
	struct export_basis *basis = malloc(sizeof(*basis) + count * sizeof(basis->rules[0]));

	if (basis)
		basis->count = count;
	return basis;
}

struct export_basis *export_basis_new(const struct policy *policy, char *const names[],
				      size_t count)
{
	struct export_basis *basis = basis_alloc(count);

	for (size_t i = 0; basis && i < count; i++)
		basis->rules[i] = rule_array_ref(rules_of(policy, names[i]));
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
			  char *const names[], size_t count)
{
	if (!basis || basis->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (basis->rules[i] != rules_of(policy, names[i]))
			return false;
	return true;
}
