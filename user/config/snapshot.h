/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings and the policy in force. Snapshots do not change and are shared by reference. */
#ifndef CONFIG_SNAPSHOT_H
#define CONFIG_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "core/policy.h"

struct domain_set;
struct shared_config;

struct list_count {
	size_t of[FAMILY_COUNT];
};

struct snapshot {
	unsigned int references;      /* atomic */
	struct shared_config *shared; /* owns config */
	const struct config *config;  /* settings; its policy is NULL */
	struct domain_set *domains;   /* with learned ones; NULL: those of the configuration */
	struct policy *policy;
	struct list_count *entry_counts; /* by list; counting walks all entries */
	int64_t next_expiry_sec;	 /* the earliest expiry of all entries; 0: none */
	char *suspension;		 /* why nothing is dropped, or NULL */
};

/* Create a snapshot of a configuration and its policy, with one reference. It takes over
 * @config. NULL: out of memory, and the caller keeps @config. */
struct snapshot *snapshot_new(struct config *config);

/* Create a snapshot that shares settings and entries with @snapshot. Its policy is a copy that
 * may be changed and is not numbered. NULL: out of memory. */
struct snapshot *snapshot_copy(const struct snapshot *snapshot);

/* The feeds of a kind. Learned domains are among those of FEED_OF_DOMAIN. They stay what they are
 * in all copies of a snapshot. */
struct feed_configs snapshot_feeds(const struct snapshot *snapshot, enum feed_kind kind);

struct learned_domain {
	const char *name;
	bool is_in_force; /* else only known */
};

/* Add learned domains to those of the configuration, in the place of those that @snapshot has.
 * One that the configuration names is not learned. Return: 0 or -ENOMEM. */
int snapshot_learn_domains(struct snapshot *snapshot, const struct learned_domain *domains,
			   size_t count);

/* Set the counts and the next expiry when the entries are final. Return: 0 or -ENOMEM. */
int snapshot_finish(struct snapshot *snapshot);

struct snapshot *snapshot_ref(struct snapshot *snapshot);
/* NULL is fine. */
void snapshot_unref(struct snapshot *snapshot);

/* Whether packets are dropped: the mode is enforce and not suspended. */
bool snapshot_is_enforcing(const struct snapshot *snapshot);

/* Find the list in a slot of the kernel, or return NULL. */
const struct list *snapshot_find_slot(const struct snapshot *snapshot, uint32_t slot);

#endif
