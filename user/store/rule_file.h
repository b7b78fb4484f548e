/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule file, runtime_dir/rules: which (list, prefix) each rule id in the kernel's
 * maps belongs to, so that a restarted daemon gives each its old id and the pinned
 * counters stay its own.
 *
 * It may be left by a daemon killed at any moment: an id is recorded after the kernel
 * has it and erased before it is given to another, so one that is read back never
 * stands for the wrong prefix; at worst an id that was new counts from zero again.
 */
#ifndef STORE_RULE_FILE_H
#define STORE_RULE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"
#include "core/rules.h"

struct rule_file;

/**
 * rule_file_open() - open the file of these maps, or make an empty one
 * @cookie: of the maps (datapath_cookie())
 * @ret_is_known: whether there was a file of these very maps
 *
 * Return: 0, -ENOMEM or -errno of the file system.
 */
int rule_file_open(const char *runtime_dir, uint64_t cookie, struct rule_file **ret_file,
		   bool *ret_is_known);
/* NULL is fine. */
void rule_file_close(struct rule_file *file);

/**
 * rule_file_load() - what rules_number() needs to know of the earlier daemon
 * @ids: initialised; ids that are recorded get taken
 * @ret_policy: lists with name, action and rules, nothing else
 *
 * Return: 0; -ENOMEM; -errno; on error @ids is as before.
 */
int rule_file_load(const struct rule_file *file, struct rule_ids *ids, struct policy **ret_policy);

/**
 * rule_file_update() - record a change that the kernel has taken
 * @policy: numbered, with slots; now in force
 *
 * Return: 0 or -errno. After an error the file is gone, and stays so: a restart will
 * count from zero.
 */
int rule_file_update(struct rule_file *file, const struct policy *policy,
		     const struct rules_change *change);

#endif
