/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reference-counted snapshots of settings and policy. */
#include "config/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/domain_set.h"

struct shared_config {
	unsigned int references; /* atomic */
	struct config *config;
};

static void shared_config_unref(struct shared_config *shared)
{
	if (!shared || __atomic_sub_fetch(&shared->references, 1, __ATOMIC_ACQ_REL))
		return;
	config_free(shared->config);
	free(shared);
}

struct snapshot *snapshot_new(struct config *config)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct shared_config *shared = calloc(1, sizeof(*shared));

	if (!snapshot || !shared) {
		free(snapshot);
		free(shared);
		return NULL;
	}
	shared->references = 1;
	shared->config = config;
	snapshot->references = 1;
	snapshot->shared = shared;
	snapshot->config = config;
	snapshot->policy = config->policy;
	config->policy = NULL;
	return snapshot;
}

struct snapshot *snapshot_copy(const struct snapshot *snapshot)
{
	struct snapshot *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->references = 1;
	copy->policy = policy_copy(snapshot->policy);
	copy->suspension = snapshot->suspension ? strdup(snapshot->suspension) : NULL;
	if (!copy->policy || !copy->suspension != !snapshot->suspension) {
		snapshot_unref(copy);
		return NULL;
	}
	__atomic_add_fetch(&snapshot->shared->references, 1, __ATOMIC_RELAXED);
	copy->shared = snapshot->shared;
	copy->config = snapshot->config;
	copy->domains = domain_set_ref(snapshot->domains);
	return copy;
}

struct feed_configs snapshot_feeds(const struct snapshot *snapshot, enum feed_kind kind)
{
	return kind == FEED_OF_DOMAIN && snapshot->domains ? domain_set_feeds(snapshot->domains)
							   : config_feeds(snapshot->config, kind);
}

int snapshot_learn_domains(struct snapshot *snapshot, const struct learned_domain *domains,
			   size_t count)
{
	struct domain_set *set;
	int err = domain_set_new(snapshot->config, domains, count, &set);

	if (err)
		return err;
	domain_set_unref(snapshot->domains);
	snapshot->domains = set;
	return 0;
}

static int64_t earliest_expiry(const struct list *list, int64_t earliest_sec)
{
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		const struct entry_set *set = list->sets[i];

		if (set && set->first_expiry_sec &&
		    (!earliest_sec || set->first_expiry_sec < earliest_sec))
			earliest_sec = set->first_expiry_sec;
	}
	return earliest_sec;
}

int snapshot_finish(struct snapshot *snapshot)
{
	const struct policy *policy = snapshot->policy;
	size_t i;

	snapshot->entry_counts = calloc(policy->list_count + 1, sizeof(*snapshot->entry_counts));
	if (!snapshot->entry_counts)
		return -ENOMEM;
	for (i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		snapshot->entry_counts[i].of[FAMILY_IPV4] = list_count_entries(list, FAMILY_IPV4);
		snapshot->entry_counts[i].of[FAMILY_IPV6] = list_count_entries(list, FAMILY_IPV6);
		snapshot->next_expiry_sec = earliest_expiry(list, snapshot->next_expiry_sec);
	}
	return 0;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	__atomic_add_fetch(&snapshot->references, 1, __ATOMIC_RELAXED);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || __atomic_sub_fetch(&snapshot->references, 1, __ATOMIC_ACQ_REL))
		return;
	policy_free(snapshot->policy);
	domain_set_unref(snapshot->domains);
	shared_config_unref(snapshot->shared);
	free(snapshot->entry_counts);
	free(snapshot->suspension);
	free(snapshot);
}

bool snapshot_is_enforcing(const struct snapshot *snapshot)
{
	return snapshot->config->is_enforcing && !snapshot->suspension;
}

const struct list *snapshot_find_slot(const struct snapshot *snapshot, uint32_t slot)
{
	size_t i;

	for (i = 0; i < snapshot->policy->list_count; i++)
		if (snapshot->policy->lists[i].slot == slot)
			return &snapshot->policy->lists[i];
	return NULL;
}
