/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `ports` of lists: the mail ports that a list is for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/parts.h"

static bool has_port(const uint16_t *ports, size_t count, uint32_t port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void read_port(struct document *document, const yaml_node_t *node,
		      const struct config *config, struct list *list)
{
	uint32_t port;

	if (!document_number(document, node, "a port", false, 1, UINT16_MAX, &port))
		return;
	if (has_port(list->ports, list->port_count, port))
		document_error(document, node, "port %u is duplicated: remove one", port);
	else if (!has_port(config->ports, config->port_count, port))
		document_error(document, node,
			       "port %u is no mail port: add it to the ports of the daemon", port);
	else
		list->ports[list->port_count++] = (uint16_t)port;
}

int list_ports_read(struct document *document, const yaml_node_t *node, const struct config *config,
		    struct list *list)
{
	size_t count;

	if (!node || !document_sequence(document, node, "ports", &count))
		return 0;
	if (!count)
		document_error(document, node, "no port: leave ports out for all mail ports");
	list->ports = calloc(count + 1, sizeof(*list->ports));
	if (!list->ports)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		read_port(document, document_item(document, node, i), config, list);
	return 0;
}

int list_ports_check(struct document *document, const yaml_node_t *lists,
		     const struct config *config)
{
	uint16_t firsts[POLICY_PORT_GROUPS_MAX];
	uint8_t *groups = calloc(config->port_count + 1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	if (config->port_count &&
	    !policy_group_ports(config->policy, config->ports, config->port_count, groups, firsts))
		document_error(document, lists,
			       "the ports of the lists differ too much: more than %d ports have "
			       "different lists",
			       POLICY_PORT_GROUPS_MAX);
	free(groups);
	return 0;
}

void list_ports_format(const struct list *list, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->port_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%u", i ? ", " : "",
					 list->ports[i]);
}
