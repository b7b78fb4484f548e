/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel still does when no ipwld runs, from what is pinned. */
#ifndef CTL_STOPPED_H
#define CTL_STOPPED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/prefix.h"
#include "ctl/ctl.h"

/**
 * stopped_status() - the state of pinned programs, in the form of GET /v1/status
 * @config: the configuration that names bpffs_dir; NULL: the default one
 * @ret_status: with `"running": false`; to be released with json_decref()
 *
 * Return: CTL_DONE; CTL_UNREACHABLE: nothing is pinned, or an ipwld runs, or only root can look,
 * and a message says so.
 */
enum ctl_exit stopped_status(const char *config, json_t **ret_status);

/**
 * stopped_test() - the verdicts of the tables that are pinned, in the form of POST /v1/test
 * @port: 0: the first of the usual ports that is a mail port
 * @ret_results: an array; to be released with json_decref()
 *
 * The list is named, but not the entry that decides. Return: as stopped_status().
 */
enum ctl_exit stopped_test(const char *config, uint16_t port, const struct prefix *addresses,
			   size_t count, json_t **ret_results);

/* The rules of which list, and of which prefix: those that cover it or lie inside it. */
struct stopped_query {
	const char *list; /* NULL: all */
	bool has_prefix;
	struct prefix prefix;
};

/**
 * stopped_list() - the rules that the kernel decides by
 * @visit: called for each in the form of ENTRY; what only ipwld knows is null: source, origin,
 *         reason, author, times, and the hits before the last boot
 *
 * Return: as stopped_status(); CTL_NEGATIVE: there is no such list.
 */
enum ctl_exit stopped_list(const char *config, const struct stopped_query *query,
			   void (*visit)(const json_t *entry, void *context), void *context);

#endif
