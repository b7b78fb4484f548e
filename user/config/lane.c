/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `lane` of an allow list: the listener for its senders. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/listen.h"
#include "config/parts.h"

#define DEFAULT_MAIL_PORT 25

enum lane_key { LANE_IPV4, LANE_IPV6, LANE_PORT, LANE_MODE, LANE_ALLOW_PUBLIC, LANE_KEY_COUNT };

static const char *const lane_keys[] = {
	[LANE_IPV4] = "ipv4",
	[LANE_IPV6] = "ipv6",
	[LANE_PORT] = "port",
	[LANE_MODE] = "mode",
	[LANE_ALLOW_PUBLIC] = "allow_public",
};
_Static_assert(sizeof(lane_keys) / sizeof(lane_keys[0]) == LANE_KEY_COUNT, "all");

static const char *const examples[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "127.0.0.1:10025",
	[FAMILY_IPV6] = "\"[::1]:10025\"",
};

static bool read_boolean(struct document *document, const yaml_node_t *node, const char *name)
{
	static const char *const words[] = { "false", "true" };
	size_t choice = 0;

	return node && document_choice(document, node, name, words, 2, &choice) && choice;
}

int lane_end_read(struct document *document, const yaml_node_t *node, const char *key,
		  enum family family, const char *example, struct lane_end *ret_end)
{
	const char *text = document_text(document, node, key);
	struct lane_end end;
	char *host = NULL;
	int err;

	if (!text)
		return -EINVAL;
	err = listen_parse(text, &host, &end.port);
	if (err == -ENOMEM)
		return err;
	if (err || !host || prefix_parse(host, strlen(host), &end.address, NULL) != PREFIX_OK ||
	    end.address.family != family) {
		document_error(document, node, "%s: \"%.80s\" is not ADDRESS:PORT: write %s", key,
			       text, example);
		err = -EINVAL;
	} else {
		*ret_end = end;
	}
	free(host);
	return err;
}

/* Read one end of a lane. Return: 0 or -ENOMEM. */
static int read_end(struct document *document, const yaml_node_t *node, enum family family,
		    bool allows_public, struct lane_end *ret_end)
{
	const char *key = lane_keys[family == FAMILY_IPV4 ? LANE_IPV4 : LANE_IPV6];
	struct lane_end end;
	int err = lane_end_read(document, node, key, family, examples[family], &end);

	if (err)
		return err == -ENOMEM ? err : 0;
	if (!allows_public && !lane_address_is_loopback(&end.address))
		document_error(
		    document, node,
		    "%s: other hosts may reach %s, and so get round what guards the mail port: "
		    "write %s, or add allow_public: true",
		    key, document_text(document, node, key), examples[family]);
	else
		*ret_end = end;
	return 0;
}

/* Find the mail port whose connections are handed over. */
static void read_mail_port(struct document *document, const yaml_node_t *lane,
			   const yaml_node_t *node, const struct config *config, struct list *list)
{
	uint32_t port = DEFAULT_MAIL_PORT;
	bool is_mail_port = false;

	if (node && !document_number(document, node, "port", false, 1, UINT16_MAX, &port))
		return;
	for (size_t i = 0; i < config->port_count; i++)
		is_mail_port |= config->ports[i] == port;
	if (!is_mail_port || !list_has_port(list, (uint16_t)port))
		document_error(document, node ? node : lane,
			       "port %u is no mail port of this list: add port: NUMBER, the port "
			       "whose connections the lane takes",
			       port);
	else
		list->lane.mail_port = (uint16_t)port;
}

int lane_read(struct document *document, const yaml_node_t *node, const struct config *config,
	      struct list *list)
{
	yaml_node_t *values[LANE_KEY_COUNT];
	struct lane *lane = &list->lane;
	size_t mode;
	int err = 0;

	if (!node || !document_mapping(document, node, "lane", lane_keys, LANE_KEY_COUNT, values))
		return 0;
	if (list->action == ACTION_BLOCK) {
		document_error(document, node,
			       "lane is only for allow lists: remove it, because a block list "
			       "has no connections to hand over");
		return 0;
	}
	lane->allows_public =
	    read_boolean(document, values[LANE_ALLOW_PUBLIC], lane_keys[LANE_ALLOW_PUBLIC]);
	if (values[LANE_MODE] &&
	    document_choice(document, values[LANE_MODE], "mode", mode_names, MODE_COUNT, &mode))
		lane->is_monitor = mode == MODE_MONITOR;
	if (!values[LANE_IPV4] && !values[LANE_IPV6])
		document_error(document, node,
			       "lane: no listener: add ipv4: %s, or ipv6: %s, or both",
			       examples[FAMILY_IPV4], examples[FAMILY_IPV6]);
	for (enum family family = 0; family < FAMILY_COUNT && !err; family++) {
		const yaml_node_t *value = values[family == FAMILY_IPV4 ? LANE_IPV4 : LANE_IPV6];

		if (value)
			err = read_end(document, value, family, lane->allows_public,
				       &lane->ends[family]);
	}
	read_mail_port(document, node, values[LANE_PORT], config, list);
	return err;
}

void lane_format(const struct lane *lane, char *text, size_t size)
{
	char ends[FAMILY_COUNT][LANE_END_BYTES] = { "", "" };

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (lane->ends[family].port)
			lane_end_format(&lane->ends[family], ends[family]);
	snprintf(text, size, "%s%s%s from port %u%s%s", ends[FAMILY_IPV4],
		 *ends[FAMILY_IPV4] && *ends[FAMILY_IPV6] ? ", " : "", ends[FAMILY_IPV6],
		 lane->mail_port, lane->is_monitor ? ", mode monitor" : "",
		 lane->allows_public ? ", allow_public" : "");
}
