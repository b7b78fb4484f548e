/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule file, runtime_dir/rules, records the (list, prefix) of each rule id in the kernel's
 * maps. With it, a restarted daemon gives each rule its old id, so the pinned counters keep
 * their meaning.
 *
 * A daemon may be killed at any moment. Therefore an id is recorded after the kernel has it,
 * and erased before it is given to another rule. An id that is read back never stands for the
 * wrong prefix. At worst, a new id counts from zero again.
 */
#ifndef STORE_RULE_FILE_H
#define STORE_RULE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/rules.h"

struct rule_file;

/**
 * rule_file_open() - open the file of these maps, or create an empty one
 * @cookie: identifies the maps (datapath_cookie())
 * @ret_is_known: whether there was a file of exactly these maps
 *
 * Return: 0, -ENOMEM or -errno of the file system.
 */
int rule_file_open(const char *runtime_dir, uint64_t cookie, struct rule_file **ret_file,
		   bool *ret_is_known);
/* NULL is fine. */
void rule_file_close(struct rule_file *file);

/**
 * rule_file_load() - read what rules_number() needs to know of the earlier daemon
 * @ids: initialised; the recorded ids are marked as taken
 * @ret_policy: lists with only a name, an action and rules
 *
 * Return: 0; -ENOMEM; -errno. On error, @ids does not change.
 */
int rule_file_load(const struct rule_file *file, struct rule_ids *ids, struct policy **ret_policy);

/**
 * rule_file_peek() - read the rules of these maps, and change nothing
 * @ret_policy: lists with only a name, an action and rules; to be freed with policy_free()
 *
 * Return: 0; -ENOENT: there is no file of exactly these maps; -ENOMEM; another -errno.
 */
int rule_file_peek(const char *runtime_dir, uint64_t cookie, struct policy **ret_policy);

/**
 * rule_file_update() - record a change that the kernel has applied
 * @policy: numbered, with slots; now in force
 *
 * Return: 0 or -errno. On error, the file is removed and later calls do nothing. After a
 * restart, rules then count from zero.
 */
int rule_file_update(struct rule_file *file, const struct policy *policy,
		     const struct rules_change *change);

#endif
