/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the settings of the daemon, everything but the lists. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"

#define DEFAULT_PORT 25

enum index_choice { INDEX_AUTO, INDEX_OFF, INDEX_CHOICE_COUNT };

static const char *const index_names[] = { [INDEX_AUTO] = "auto", [INDEX_OFF] = "off" };

/* As the kernel's dev_valid_name(). */
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
			return "no interface name has a slash, a colon or a blank";
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
			document_error(document, node, "interface %s is there twice: remove one",
				       name);
			return 0;
		}
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	config->interfaces[config->interface_count++] = copy;
	return 0;
}

static int read_interfaces(struct document *document, const yaml_node_t *node,
			   struct config *config)
{
	size_t count = 0;
	int err = 0;

	if (node && !document_sequence(document, node, "interfaces", &count))
		return 0;
	if (count == 0)
		document_error(document, node ? node : document_root(document),
			       "no interface: name those that mail arrives on, such as "
			       "interfaces: [eth0]");
	config->interface_count = 0;
	config->interfaces = calloc(count + 1, sizeof(*config->interfaces));
	if (!config->interfaces)
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
			document_error(document, node, "port %u is there twice: remove one", port);
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

/* Copy the host of HOST:PORT without brackets. Return: 0, -EINVAL, -ENOMEM. */
static int copy_host(const char *text, size_t bytes, char **ret_host)
{
	static const char host_characters[] = "0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "abcdefghijklmnopqrstuvwxyz";
	bool has_brackets = bytes > 2 && text[0] == '[' && text[bytes - 1] == ']';
	struct in6_addr ipv6;
	char *host;

	host = has_brackets ? strndup(text + 1, bytes - 2) : strndup(text, bytes);
	if (!host)
		return -ENOMEM;
	if (has_brackets ? inet_pton(AF_INET6, host, &ipv6) == 1
			 : bytes > 0 && strspn(host, host_characters) == bytes) {
		*ret_host = host;
		return 0;
	}
	free(host);
	return -EINVAL;
}

/* Split HOST:PORT; "none" is no host. Return: 0, -EINVAL, -ENOMEM. */
static int parse_listen(const char *text, char **ret_host, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	uint32_t port;
	int err;

	if (!strcmp(text, "none")) {
		*ret_host = NULL;
		return 0;
	}
	if (!colon || !number_parse(colon + 1, false, &port) || port < 1 || port > UINT16_MAX)
		return -EINVAL;
	err = copy_host(text, (size_t)(colon - text), ret_host);
	if (!err)
		*ret_port = (uint16_t)port;
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
	err = parse_listen(text, &config->metrics_host, &config->metrics_port);
	if (err == -EINVAL && listen) {
		document_error(document, listen,
			       "listen: \"%.80s\" is not HOST:PORT: write 127.0.0.1:12525, "
			       "\"[::1]:12525\" or none",
			       text);
		err = 0;
	}
	return err;
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
	guard_read(document, values[SETTING_GUARD], &config->guard);
	err = read_interfaces(document, values[SETTING_INTERFACES], config);
	if (!err)
		err = read_ports(document, values[SETTING_PORTS], config);
	if (!err)
		err = read_directories(document, values, config);
	if (!err)
		err = read_metrics(document, values[SETTING_METRICS], config);
	return err;
}
