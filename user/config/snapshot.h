/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in force: settings and policy, immutable and shared by reference. */
#ifndef CONFIG_SNAPSHOT_H
#define CONFIG_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "core/policy.h"

struct shared_config;

struct list_count {
	size_t of[FAMILY_COUNT];
};

struct snapshot {
	unsigned int references;      /* atomic */
	struct shared_config *shared; /* owns config */
	const struct config *config;  /* settings; its policy is NULL */
	struct policy *policy;
	struct list_count *entry_counts; /* by list; counting walks all entries */
	int64_t next_expiry_sec;	 /* the earliest of all entries; 0: none */
	char *suspension;		 /* why nothing is dropped, or NULL */
};

/* A snapshot of a configuration and the policy in it, which it takes over, with one
 * reference. NULL: out of memory, and @config is still the caller's. */
struct snapshot *snapshot_new(struct config *config);

/* One that shares settings and entries with @snapshot but has a policy of its own to
 * change, not numbered. NULL: out of memory. */
struct snapshot *snapshot_copy(const struct snapshot *snapshot);

/* Fill in counts and the next expiry once the entries are final. Return: 0 or -ENOMEM. */
int snapshot_finish(struct snapshot *snapshot);

struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* NULL is fine. */
void snapshot_unref(struct snapshot *snapshot);

/* Whether packets are dropped: the configured mode, unless suspended. */
bool snapshot_is_enforcing(const struct snapshot *snapshot);

/* The list that has a slot in the kernel, or NULL. */
const struct list *snapshot_find_slot(const struct snapshot *snapshot, uint32_t slot);

#endif
