/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the settings of the daemon: everything except the lists. */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/listen.h"
#include "config/parts.h"

#define DEFAULT_PORT 25

const char *const xdp_mode_names[] = {
	[XDP_MODE_AUTO] = "auto",
	[XDP_MODE_NATIVE] = "native",
	[XDP_MODE_GENERIC] = "generic",
};
_Static_assert(sizeof(xdp_mode_names) / sizeof(xdp_mode_names[0]) == XDP_MODE_COUNT, "all");

const char *const mode_names[] = {
	[MODE_MONITOR] = "monitor",
	[MODE_ENFORCE] = "enforce",
};
_Static_assert(sizeof(mode_names) / sizeof(mode_names[0]) == MODE_COUNT, "all");

enum index_choice { INDEX_AUTO, INDEX_OFF, INDEX_CHOICE_COUNT };

static const char *const index_names[] = { [INDEX_AUTO] = "auto", [INDEX_OFF] = "off" };

/* The same rules as dev_valid_name() of the kernel. */
static const char *refuse_interface(const char *name)
{
	if (name[0] == '\0')
		return "an empty name";
	if (strlen(name) >= IFNAMSIZ)
		return "longer than 15 bytes";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "a directory";
	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return "an interface name has no slash, colon or space";
	}
	return NULL;
}

static int read_interface(struct document *document, const yaml_node_t *node, struct config *config)
{
	const char *name = document_text(document, node, "an interface");
	const char *refusal;
	char *copy;

	if (!name)
		return 0;
	refusal = refuse_interface(name);
	if (refusal) {
		document_error(document, node, "\"%.40s\" is not an interface: %s", name, refusal);
		return 0;
	}
	for (size_t i = 0; i < config->interface_count; i++) {
		if (!strcmp(config->interfaces[i], name)) {
			document_error(document, node, "interface %s is duplicated: remove one",
				       name);
			return 0;
		}
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	config->interface_lines[config->interface_count] = document_place(document, node).line;
	config->interfaces[config->interface_count++] = copy;
	return 0;
}

/* A package starts with an empty list. A missing list is an error. */
static void refuse_no_interface(struct document *document, const yaml_node_t *node)
{
	struct place place;

	if (!node || node->type != YAML_SEQUENCE_NODE) {
		document_error(document, node ? node : document_root(document),
			       "no interface: name the interfaces on which mail arrives, such as "
			       "interfaces: [eth0]");
		return;
	}
	place = document_place(document, node);
	diagnostics_add(
	    document->diagnostics, SEVERITY_WARNING, place.file, place.line, place.column,
	    "no interface, so ipwl sees no packets: name the interfaces on which mail arrives (`ip "
	    "-brief link' lists them), such as interfaces: [eth0], then reload");
}

static int read_interfaces(struct document *document, const yaml_node_t *node,
			   struct config *config)
{
	size_t count = 0;
	int err = 0;

	if (node && !document_sequence(document, node, "interfaces", &count))
		return 0;
	if (count == 0)
		refuse_no_interface(document, node);
	config->interface_count = 0;
	config->interfaces = calloc(count + 1, sizeof(*config->interfaces));
	config->interface_lines = calloc(count + 1, sizeof(*config->interface_lines));
	if (!config->interfaces || !config->interface_lines)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = read_interface(document, document_item(document, node, i), config);
	return err;
}

static void read_port(struct document *document, const yaml_node_t *node, struct config *config)
{
	uint32_t port;

	if (!document_number(document, node, "a port", false, 1, UINT16_MAX, &port))
		return;
	for (size_t i = 0; i < config->port_count; i++) {
		if (config->ports[i] == port) {
			document_error(document, node, "port %u is duplicated: remove one", port);
			return;
		}
	}
	config->ports[config->port_count++] = (uint16_t)port;
}

static int compare_ports(const void *left, const void *right)
{
	const uint16_t *a = left, *b = right;

	return *a - *b;
}

static int read_ports(struct document *document, const yaml_node_t *node, struct config *config)
{
	size_t count = 0;

	if (node && !document_sequence(document, node, "ports", &count))
		return 0;
	if (node && count == 0)
		document_error(document, node, "no port: write ports: [25]");
	config->ports = calloc(count + 1, sizeof(*config->ports));
	if (!config->ports)
		return -ENOMEM;
	if (!node)
		config->ports[config->port_count++] = DEFAULT_PORT;
	for (size_t i = 0; i < count; i++)
		read_port(document, document_item(document, node, i), config);
	qsort(config->ports, config->port_count, sizeof(*config->ports), compare_ports);
	return 0;
}

static int read_directory(struct document *document, const yaml_node_t *node, const char *name,
			  const char *default_path, char **path)
{
	const char *text = default_path;

	if (node) {
		text = document_text(document, node, name);
		if (!text)
			return 0;
		if (text[0] != '/')
			document_error(document, node, "%s: \"%.80s\" is not an absolute path",
				       name, text);
	}
	*path = strdup(text);
	return *path ? 0 : -ENOMEM;
}

static int read_directories(struct document *document, yaml_node_t *const values[],
			    struct config *config)
{
	int err;

	err = read_directory(document, values[SETTING_STATE_DIR], "state_dir",
			     CONFIG_DEFAULT_STATE_DIR, &config->state_dir);
	if (!err)
		err = read_directory(document, values[SETTING_RUNTIME_DIR], "runtime_dir",
				     CONFIG_DEFAULT_RUNTIME_DIR, &config->runtime_dir);
	if (!err)
		err = read_directory(document, values[SETTING_BPFFS_DIR], "bpffs_dir",
				     CONFIG_DEFAULT_BPFFS_DIR, &config->bpffs_dir);
	return err;
}

static int read_metrics(struct document *document, const yaml_node_t *node, struct config *config)
{
	static const char *const keys[] = { "listen" };
	const char *text = CONFIG_DEFAULT_METRICS_LISTEN;
	yaml_node_t *listen = NULL;
	int err;

	if (node)
		document_mapping(document, node, "metrics", keys, 1, &listen);
	if (listen) {
		text = document_text(document, listen, "listen");
		if (!text)
			return 0;
	}
	err = listen_parse(text, &config->metrics_host, &config->metrics_port);
	if (err == -EINVAL && listen) {
		document_error(document, listen,
			       "listen: \"%.80s\" is not ADDRESS:PORT: write 127.0.0.1:12525, "
			       "\"[::1]:12525\" or none; a host name is no address",
			       text);
		err = 0;
	}
	return err;
}

/* ---- guard and history ------------------------------------------------------------ */

enum guard_key {
	GUARD_MAX_REMOVED_ENTRIES,
	GUARD_MAX_REMOVED_SHARE,
	GUARD_MAX_DELETED_ENTRIES,
	GUARD_KEY_COUNT,
};

static const char *const guard_keys[] = {
	[GUARD_MAX_REMOVED_ENTRIES] = "max_removed_entries",
	[GUARD_MAX_REMOVED_SHARE] = "max_removed_share",
	[GUARD_MAX_DELETED_ENTRIES] = "max_deleted_entries",
};
_Static_assert(sizeof(guard_keys) / sizeof(guard_keys[0]) == GUARD_KEY_COUNT, "all");

static void read_guard_entries(struct document *document, const yaml_node_t *node, const char *key,
			       uint32_t *ret_limit)
{
	const char *text = document_text(document, node, key);

	if (!text)
		return;
	if (!strcmp(text, "none"))
		*ret_limit = GUARD_NO_LIMIT;
	else if (!document_parse_number(text, false, ret_limit) || *ret_limit == GUARD_NO_LIMIT)
		document_error(document, node,
			       "%s: must be a number of entries or none, not \"%.40s\"", key, text);
}

static void read_guard(struct document *document, const yaml_node_t *node,
		       struct guard_limits *limits)
{
	yaml_node_t *values[GUARD_KEY_COUNT];

	*limits = (struct guard_limits) {
		.max_removed_entries = CONFIG_DEFAULT_GUARD_ENTRIES,
		.max_removed_share = CONFIG_DEFAULT_GUARD_SHARE,
		.max_deleted_entries = CONFIG_DEFAULT_GUARD_DELETIONS,
	};
	if (!node ||
	    !document_mapping(document, node, "guard", guard_keys, GUARD_KEY_COUNT, values))
		return;
	if (values[GUARD_MAX_REMOVED_ENTRIES])
		read_guard_entries(document, values[GUARD_MAX_REMOVED_ENTRIES],
				   guard_keys[GUARD_MAX_REMOVED_ENTRIES],
				   &limits->max_removed_entries);
	if (values[GUARD_MAX_DELETED_ENTRIES])
		read_guard_entries(document, values[GUARD_MAX_DELETED_ENTRIES],
				   guard_keys[GUARD_MAX_DELETED_ENTRIES],
				   &limits->max_deleted_entries);
	if (values[GUARD_MAX_REMOVED_SHARE])
		document_number(document, values[GUARD_MAX_REMOVED_SHARE],
				guard_keys[GUARD_MAX_REMOVED_SHARE], false, 0, 100,
				&limits->max_removed_share);
}

#define DAY_SEC 86400
#define KEEP_SEC_MIN DAY_SEC
#define SAMPLE_SEC_MAX DAY_SEC

enum history_key { HISTORY_KEEP, HISTORY_SAMPLE, HISTORY_KEY_COUNT };

static const char *const history_keys[] = {
	[HISTORY_KEEP] = "keep",
	[HISTORY_SAMPLE] = "sample",
};
_Static_assert(sizeof(history_keys) / sizeof(history_keys[0]) == HISTORY_KEY_COUNT, "all");

static void read_history_duration(struct document *document, const yaml_node_t *node,
				  const char *key, int64_t *ret_sec)
{
	const char *text = document_text(document, node, key);
	const char *refusal = text ? duration_parse(text, ret_sec) : NULL;

	if (refusal)
		document_error(document, node, "%s: \"%.40s\" %s", key, text, refusal);
}

static void read_history(struct document *document, const yaml_node_t *node,
			 struct history_settings *settings)
{
	yaml_node_t *values[HISTORY_KEY_COUNT];

	*settings = (struct history_settings) { .keep_sec = HISTORY_DEFAULT_KEEP_SEC,
						.sample_sec = HISTORY_DEFAULT_SAMPLE_SEC };
	if (!node ||
	    !document_mapping(document, node, "history", history_keys, HISTORY_KEY_COUNT, values))
		return;
	if (values[HISTORY_KEEP])
		read_history_duration(document, values[HISTORY_KEEP], "keep", &settings->keep_sec);
	if (settings->keep_sec < KEEP_SEC_MIN)
		document_error(document, values[HISTORY_KEEP], "keep: less than a day: write 400d");
	if (values[HISTORY_SAMPLE])
		read_history_duration(document, values[HISTORY_SAMPLE], "sample",
				      &settings->sample_sec);
	if (settings->sample_sec > SAMPLE_SEC_MAX)
		document_error(document, values[HISTORY_SAMPLE], "sample: over a day: write 5m");
}

int settings_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
		  struct config *config)
{
	size_t choice;
	int err;

	if (values[SETTING_XDP_MODE] &&
	    document_choice(document, values[SETTING_XDP_MODE], "xdp_mode", xdp_mode_names,
			    XDP_MODE_COUNT, &choice))
		config->xdp_mode = (enum xdp_mode)choice;
	if (values[SETTING_INDEX] && document_choice(document, values[SETTING_INDEX], "index",
						     index_names, INDEX_CHOICE_COUNT, &choice))
		config->is_index_off = choice == INDEX_OFF;
	if (values[SETTING_MODE] && document_choice(document, values[SETTING_MODE], "mode",
						    mode_names, MODE_COUNT, &choice))
		config->is_enforcing = choice == MODE_ENFORCE;
	read_guard(document, values[SETTING_GUARD], &config->guard);
	read_history(document, values[SETTING_HISTORY], &config->history);
	events_read(document, values[SETTING_EVENTS], &config->events);
	seen_read(document, values[SETTING_SEEN], &config->seen);
	limits_read_config(document, values[SETTING_LIMITS], &config->limits);
	flood_read_config(document, values[SETTING_FLOOD], &config->flood);
	err = read_interfaces(document, values[SETTING_INTERFACES], config);
	if (!err)
		err = read_ports(document, values[SETTING_PORTS], config);
	if (!err)
		err = read_directories(document, values, config);
	if (!err)
		err = read_metrics(document, values[SETTING_METRICS], config);
	if (!err)
		err = resolver_read(document, values[SETTING_RESOLVER], &config->resolver);
	if (!err)
		err = web_read(document, values[SETTING_WEB], &config->web);
	return err;
}
