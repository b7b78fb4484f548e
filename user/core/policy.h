/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: lists with their entries, the desired state. No I/O, no libbpf.
 *
 * A policy is immutable once numbered (rules.h); a change makes a new one that
 * shares what did not change.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/entry.h"

enum action { ACTION_ALLOW, ACTION_BLOCK, ACTION_COUNT };

/* "allow", "block", indexed by enum action. */
extern const char *const action_names[ACTION_COUNT];

#define POLICY_LISTS_MAX 1024
/* Longest name of a list, without the zero. */
#define POLICY_NAME_MAX 63
#define POLICY_NO_SLOT UINT16_MAX

/* A distinct prefix of one list, with what counts its packets. */
struct rule {
	struct prefix prefix;
	uint32_t id; /* from 1; 0: an exclusion, which has no counters */
};

struct list {
	char *name;
	enum action action;
	bool is_monitor; /* block: a shadow run, never drops */
	bool sets_mark;
	bool sets_priority;
	uint32_t mark; /* no bit outside mark_mask */
	uint32_t mark_mask;
	uint32_t priority;
	struct entry_set *sets[SOURCE_COUNT]; /* NULL: none from this source */
	/* Exclusions of these sources that are not in force (overrule.h); NULL: none. */
	struct entry_set *overruled[SOURCE_COUNT];

	/* Filled by rules_number(): sorted, one for each distinct prefix. At a
	 * prefix that is entry and exclusion, the exclusion holds (id 0). A
	 * rule_array (rule_array.h). */
	struct rule *rules;
	size_t rule_count;
	bool is_numbered; /* the rules are those of the sets */
	uint16_t slot;	  /* in the kernel's `lists`; given by the datapath */
};

/* Lists in the order of the configuration, which breaks ties. */
struct policy {
	struct list *lists;
	size_t list_count;
};

struct policy *policy_new(void);
void policy_free(struct policy *policy);

/* Append an empty list; NULL: out of memory. The pointer holds until the next
 * call. mark_mask starts as 0xffffffff, slot as POLICY_NO_SLOT. */
struct list *policy_add_list(struct policy *policy, const char *name, enum action action);

/* Whether a list, or a feed, may be called so: letters, digits, and behind the first
 * also . _ and -. Such a name can be a file's. */
bool policy_is_name(const char *name);

/* The list of that name, or NULL. */
struct list *policy_find_list(const struct policy *policy, const char *name);

/* A copy without rules, which shares all entry sets. NULL: out of memory. */
struct policy *policy_copy(const struct policy *policy);

/* Replace a list's set of one source, of which nothing is overruled then; takes over the
 * reference to @set. */
void list_replace_set(struct list *list, enum source source, struct entry_set *set);

/* Entries (exclusions apart) of one family, over all sources. */
size_t list_count_entries(const struct list *list, enum family family);

/* Whether the list has an entry, or an exclusion, of exactly this prefix. */
bool list_has(const struct list *list, const struct prefix *prefix, bool is_exclusion);

/* Walks the entries of a list's sets in the order of their prefixes; at the same
 * prefix in the order of enum source. */
struct entry_cursor {
	const struct list *list;
	size_t next[SOURCE_COUNT];
};

/* Start at the first entry that is not before @from (NULL: at the first). */
void entry_cursor_init(struct entry_cursor *cursor, const struct list *list,
		       const struct prefix *from);
/* The next entry, or NULL after the last. */
const struct entry *entry_cursor_next(struct entry_cursor *cursor);

/* Call @visit for each entry and exclusion of the policy that covers @prefix, list
 * by list, widest first. @rule_id is that of (list, prefix), 0 for exclusions. */
void policy_covering(const struct policy *policy, const struct prefix *prefix,
		     void (*visit)(const struct list *list, const struct entry *entry,
				   uint32_t rule_id, void *context),
		     void *context);

/* The rule of exactly this prefix, or NULL. */
const struct rule *list_find_rule(const struct list *list, const struct prefix *prefix);

/* Why a list of @action must not contain @prefix (0.0.0.0/0 and ::/0 in a block list);
 * NULL: it may. */
const char *policy_refuse_prefix(const struct prefix *prefix, enum action action);

/* What to warn of, after the text of @prefix, when a list of @action contains it;
 * NULL: nothing. */
const char *policy_warn_prefix(const struct prefix *prefix, enum action action);

#endif
