/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Converts lists to sets of addresses. */
#include "core/addresses.h"

#include <errno.h>
#include <stdlib.h>

static int flatten(const struct list *const lists[], size_t list_count,
		   struct prefix_set *ret_addresses)
{
	struct prefix_set set;
	int err = prefix_set_build(lists, list_count, &set);

	if (err)
		return err;
	err = prefix_set_split(&set, true, ret_addresses);
	prefix_set_done(&set);
	return err;
}

int list_addresses(const struct list *list, struct prefix_set *ret_addresses)
{
	return flatten(&list, 1, ret_addresses);
}

int policy_addresses(const struct policy *policy, enum action action, uint16_t port,
		     struct prefix_set *ret_addresses)
{
	const struct list **lists = calloc(policy->list_count + 1, sizeof(*lists));
	size_t count = 0;
	int err;

	if (!lists)
		return -ENOMEM;
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].action == action &&
		    (!port || list_has_port(&policy->lists[i], port)))
			lists[count++] = &policy->lists[i];
	err = flatten(lists, count, ret_addresses);
	free(lists);
	return err;
}
