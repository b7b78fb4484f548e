/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a configuration from its file into one struct; applies nothing. */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/hazards.h"
#include "config/parts.h"

static const char *const setting_keys[] = {
	[SETTING_INTERFACES] = "interfaces", [SETTING_XDP_MODE] = "xdp_mode",
	[SETTING_PORTS] = "ports",	     [SETTING_MODE] = "mode",
	[SETTING_STATE_DIR] = "state_dir",   [SETTING_RUNTIME_DIR] = "runtime_dir",
	[SETTING_BPFFS_DIR] = "bpffs_dir",   [SETTING_METRICS] = "metrics",
	[SETTING_INDEX] = "index",	     [SETTING_MARK_MASK] = "mark_mask",
	[SETTING_LISTS] = "lists",	     [SETTING_PROTECTED] = "protected",
	[SETTING_GUARD] = "guard",	     [SETTING_HISTORY] = "history",
	[SETTING_EXPORTS] = "exports",	     [SETTING_LEARN] = "learn",
	[SETTING_RESOLVER] = "resolver",     [SETTING_WEB] = "web",
	[SETTING_EVENTS] = "events",	     [SETTING_SEEN] = "seen",
	[SETTING_LIMITS] = "limits",	     [SETTING_FLOOD] = "flood",
	[SETTING_RESCUE] = "rescue",	     [SETTING_FLEET] = "fleet",
};
_Static_assert(sizeof(setting_keys) / sizeof(setting_keys[0]) == SETTING_COUNT, "all");

/* Warn of hazards in all block entries that people wrote. */
static int warn_of_hazards(const struct config *config, struct diagnostics *diagnostics)
{
	struct hazards hazards;
	int err = 0;

	hazards_init(&hazards, config);
	for (size_t i = 0; i < config->policy->list_count && !err; i++)
		err = hazards_warn(&hazards, &config->policy->lists[i],
				   1U << SOURCE_CONFIG | 1U << SOURCE_FILE, NULL, diagnostics);
	hazards_done(&hazards);
	return err;
}

static int read_document(struct document *document, const struct snapshot *former,
			 struct config *config)
{
	yaml_node_t *values[SETTING_COUNT];
	int err;

	if (!document_mapping(document, document_root(document), "a configuration", setting_keys,
			      SETTING_COUNT, values))
		return 0;
	err = settings_read(document, values, config);
	if (!err && values[SETTING_PROTECTED])
		err = protected_read(document, values[SETTING_PROTECTED], config);
	if (!err)
		err = lists_read(document, values, former, config);
	if (!err && !document->diagnostics->error_count)
		err = warn_of_hazards(config, document->diagnostics);
	if (!err)
		err = learn_read(document, values[SETTING_LEARN], config->policy, &config->learn);
	if (!err)
		err = rescue_read(document, values[SETTING_RESCUE], config);
	if (!err)
		err = fleet_read(document, values[SETTING_FLEET], &config->fleet);
	return err ? err : exports_read(document, values[SETTING_EXPORTS], config);
}

static int load(const char *path, const struct snapshot *former, struct diagnostics *diagnostics,
		struct config *config)
{
	struct document document;
	int err;

	config->policy = policy_new();
	if (!config->policy)
		return -ENOMEM;
	err = document_load(path, diagnostics, &document);
	if (err)
		return err;
	err = read_document(&document, former, config);
	document_done(&document);
	return err;
}

int config_load(const char *path, const struct snapshot *former, struct diagnostics *diagnostics,
		struct config **ret_config)
{
	size_t errors_before = diagnostics->error_count;
	struct config *config = calloc(1, sizeof(*config));
	int err;

	if (!config)
		return -ENOMEM;
	err = load(path, former, diagnostics, config);
	diagnostics_sort(diagnostics, path);
	if (!err && diagnostics->error_count > errors_before)
		err = -EINVAL;
	if (err) {
		config_free(config);
		return err;
	}
	*ret_config = config;
	return 0;
}

static int read_one_directory(const char *path, enum setting setting, const char *dir,
			      char **ret_dir)
{
	yaml_node_t *values[SETTING_COUNT];
	struct diagnostics diagnostics;
	struct document document;
	int err;

	diagnostics_init(&diagnostics);
	err = document_load(path, &diagnostics, &document);
	if (!err) {
		if (!document_mapping(&document, document_root(&document), "a configuration",
				      setting_keys, SETTING_COUNT, values))
			dir = NULL;
		else if (values[setting])
			dir = document_text(&document, values[setting], setting_keys[setting]);
		err = !dir || *dir != '/' ? -EINVAL : (*ret_dir = strdup(dir)) ? 0 : -ENOMEM;
		document_done(&document);
	}
	diagnostics_done(&diagnostics);
	return err;
}

int config_read_bpffs_dir(const char *path, char **ret_dir)
{
	return read_one_directory(path, SETTING_BPFFS_DIR, CONFIG_DEFAULT_BPFFS_DIR, ret_dir);
}

int config_read_runtime_dir(const char *path, char **ret_dir)
{
	return read_one_directory(path, SETTING_RUNTIME_DIR, CONFIG_DEFAULT_RUNTIME_DIR, ret_dir);
}

int config_read_state_dir(const char *path, char **ret_dir)
{
	return read_one_directory(path, SETTING_STATE_DIR, CONFIG_DEFAULT_STATE_DIR, ret_dir);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->interface_count; i++)
		free(config->interfaces[i]);
	free(config->interfaces);
	free(config->interface_lines);
	free(config->ports);
	free(config->state_dir);
	free(config->runtime_dir);
	free(config->bpffs_dir);
	free(config->metrics_host);
	feeds_free(config->feeds, config->feed_count);
	feeds_free(config->domains, config->domain_count);
	resolver_done(&config->resolver);
	free(config->protected);
	exports_free(config);
	learn_settings_done(&config->learn);
	rescue_settings_done(&config->rescue);
	fleet_settings_done(&config->fleet);
	web_settings_done(&config->web);
	for (size_t i = 0; i < config->list_input_count; i++)
		list_input_done(&config->list_inputs[i]);
	free(config->list_inputs);
	if (config->policy)
		policy_free(config->policy);
	free(config);
}
