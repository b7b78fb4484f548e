/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any bytes as a configuration. It is either refused with an error that has a place, or
 * it keeps the promises of config.h. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void check_list(const struct list *list)
{
	require(strlen(list->name) >= 1 && strlen(list->name) <= POLICY_NAME_MAX);
	require(!(list->mark & ~list->mark_mask));
	require(list->action == ACTION_ALLOW || (!list->sets_mark && !list->sets_priority));
	require(list->action == ACTION_BLOCK || !list->is_monitor);
	for (size_t i = 0; list->sets[SOURCE_CONFIG] && i < list->sets[SOURCE_CONFIG]->count; i++) {
		const struct entry *entry = &list->sets[SOURCE_CONFIG]->entries[i];

		require(entry->is_exclusion || !policy_refuse_prefix(&entry->prefix, list->action));
		require(entry->line > 0);
	}
}

static void check_config(const struct config *config)
{
	require(config->interface_count > 0 && config->port_count > 0);
	for (size_t i = 0; i < config->port_count; i++)
		require(config->ports[i] > (i ? config->ports[i - 1] : 0));
	require(config->state_dir[0] == '/' && config->runtime_dir[0] == '/' &&
		config->bpffs_dir[0] == '/');
	require(!config->metrics_host || config->metrics_port > 0);
	for (size_t i = 0; i < config->policy->list_count; i++) {
		check_list(&config->policy->lists[i]);
		require(policy_find_list(config->policy, config->policy->lists[i].name) ==
			&config->policy->lists[i]);
	}
}

static void check_diagnostics(const struct diagnostics *diagnostics)
{
	char text[8192];

	for (size_t i = 0; i < diagnostics->count; i++) {
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		require(strchr(text, '\n') == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	char path[32];
	int fd, result;

	/* Patterns would read files of this machine, which is slow and does not depend on the
	 * input. */
	if (memmem(data, size, "files", strlen("files")))
		return -1;
	fd = memfd_create("config", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	diagnostics_init(&diagnostics);
	result = config_load(path, NULL, &diagnostics, &config);
	require(result == (diagnostics.error_count ? -EINVAL : 0));
	require((config != NULL) == (result == 0));
	check_diagnostics(&diagnostics);
	if (config)
		check_config(config);
	config_free(config);
	diagnostics_done(&diagnostics);
	close(fd);
	return 0;
}
