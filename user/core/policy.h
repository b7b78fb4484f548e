/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy is the desired state: lists with their entries. No I/O, no libbpf.
 *
 * A policy does not change once it is numbered (rules.h). A change makes a new policy, which
 * shares the unchanged parts.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/entry.h"
#include "core/lane.h"

enum action { ACTION_ALLOW, ACTION_BLOCK, ACTION_COUNT };

/* "allow", "block", indexed by enum action. */
extern const char *const action_names[ACTION_COUNT];

/* What a block list does with a connection that it blocks: it drops the packets, it answers the SYN
 * with a reset, or it hands the connection to ipwl-reject. */
enum on_block { ON_BLOCK_DROP, ON_BLOCK_RESET, ON_BLOCK_REJECT, ON_BLOCK_COUNT };

/* "drop", "reset", "reject", indexed by enum on_block. */
extern const char *const on_block_names[ON_BLOCK_COUNT];

#define POLICY_LISTS_MAX 1024
/* Longest name of a list, without the terminating zero. */
#define POLICY_NAME_MAX 63
#define POLICY_NO_SLOT UINT16_MAX

struct rule_array;

/* A distinct prefix of one list, and the id of its packet counters. */
struct rule {
	struct prefix prefix;
	uint32_t id; /* from 1; 0: an exclusion, which has no counters */
};

struct list {
	char *name;
	enum action action;
	bool is_monitor;	/* a block list that never drops, for a trial */
	enum on_block on_block; /* of a block list */
	bool sets_mark;
	bool sets_priority;
	uint32_t mark; /* no bit outside mark_mask */
	uint32_t mark_mask;
	uint32_t priority;
	struct lane lane;		      /* of an allow list; or where ipwl-reject listens */
	uint16_t *ports;		      /* the mail ports that the list is for; NULL: all */
	size_t port_count;		      /* 0: all */
	struct entry_set *sets[SOURCE_COUNT]; /* NULL: none from this source */
	/* Exclusions of these sources that are not in force (overrule.h); NULL: none. */
	struct entry_set *overruled[SOURCE_COUNT];

	/* Set by rules_number(): sorted, one rule for each distinct prefix. If a prefix is both
	 * entry and exclusion, the exclusion applies (id 0). NULL: there are none (rule_array.h
	 * reads them). */
	struct rule_array *rules;
	size_t rule_count;
	bool is_numbered; /* `rules` matches `sets` */
	uint16_t slot;	  /* in the kernel's map `lists`; set by the datapath */
};

/* Lists in the order of the configuration. The order breaks ties. */
struct policy {
	struct list *lists;
	size_t list_count;
};

struct policy *policy_new(void);
void policy_free(struct policy *policy);

/* Append an empty list, with mark_mask 0xffffffff and slot POLICY_NO_SLOT. The pointer is valid
 * until the next call. NULL: out of memory. */
struct list *policy_add_list(struct policy *policy, const char *name, enum action action);

/* Whether a list or a feed may have this name. It consists of letters and digits; after the
 * first character also ".", "_" and "-". It can be used as a file name. */
bool policy_is_name(const char *name);

/* Find a list by its name, or return NULL. */
struct list *policy_find_list(const struct policy *policy, const char *name);

/* Find the list with this slot, or return NULL. */
const struct list *policy_find_slot(const struct policy *policy, uint16_t slot);

/* Create a copy without rules that shares all entry sets. NULL: out of memory. */
struct policy *policy_copy(const struct policy *policy);

/* Replace a list's set of one source. None of its exclusions is overruled afterwards. The list
 * takes over the caller's reference to @set. */
void list_replace_set(struct list *list, enum source source, struct entry_set *set);

/* Whether the list is for a mail port. */
bool list_has_port(const struct list *list, uint16_t port);
/* Whether two lists are for the same ports. */
bool list_has_same_ports(const struct list *a, const struct list *b);

/* The most groups of ports that a policy may have. */
#define POLICY_PORT_GROUPS_MAX 4
/**
 * policy_group_ports() - group mail ports by the lists that are for them
 * @ports: all of them
 * @ret_groups: the group of each, from 0
 * @ret_firsts: the first port of each group
 *
 * The first port is in group 0. Return: the number of groups; 0: there would be more than
 * POLICY_PORT_GROUPS_MAX.
 */
size_t policy_group_ports(const struct policy *policy, const uint16_t *ports, size_t port_count,
			  uint8_t *ret_groups, uint16_t ret_firsts[POLICY_PORT_GROUPS_MAX]);

/* Count the entries of one family from all sources, without exclusions. */
size_t list_count_entries(const struct list *list, enum family family);

/* Whether the list has an entry (or, if @is_exclusion, an exclusion) with exactly this prefix. */
bool list_has(const struct list *list, const struct prefix *prefix, bool is_exclusion);

/* Walks the entries and exclusions of a list by prefix; at the same prefix, in the order of
 * enum source. */
struct entry_cursor {
	const struct list *list;
	size_t next[SOURCE_COUNT];
};

/* Start at the first entry that is not before @from. NULL: start at the beginning. */
void entry_cursor_init(struct entry_cursor *cursor, const struct list *list,
		       const struct prefix *from);
/* Return the next entry, or NULL after the last one. */
const struct entry *entry_cursor_next(struct entry_cursor *cursor);

/* Call @visit for each entry and exclusion of the policy that covers @prefix, list by list,
 * widest first. @rule_id is the id of (list, prefix); 0 for exclusions. */
void policy_covering(const struct policy *policy, const struct prefix *prefix,
		     void (*visit)(const struct list *list, const struct entry *entry,
				   uint32_t rule_id, void *context),
		     void *context);

/* Find the rule with exactly this prefix, or return NULL. */
const struct rule *list_find_rule(const struct list *list, const struct prefix *prefix);

/* Why a list of @action must not contain @prefix (0.0.0.0/0 and ::/0 in a block list). NULL: it
 * may contain it. */
const char *policy_refuse_prefix(const struct prefix *prefix, enum action action);

/* A warning if a list of @action contains @prefix, to be written after the text of the prefix.
 * NULL: there is none. */
const char *policy_warn_prefix(const struct prefix *prefix, enum action action);

#endif
