/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `reject` of a block list: where ipwl-reject listens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/parts.h"

#define DEFAULT_PORT 10026
#define DEFAULT_PER_SECOND 20
#define PER_SECOND_MAX 10000

enum reject_key { REJECT_IPV4, REJECT_IPV6, REJECT_PER_SECOND, REJECT_KEY_COUNT };

static const char *const reject_keys[] = {
	[REJECT_IPV4] = "ipv4",
	[REJECT_IPV6] = "ipv6",
	[REJECT_PER_SECOND] = "per_second",
};
_Static_assert(sizeof(reject_keys) / sizeof(reject_keys[0]) == REJECT_KEY_COUNT, "all");

static const char *const examples[FAMILY_COUNT] = {
	[FAMILY_IPV4] = "127.0.0.1:10026",
	[FAMILY_IPV6] = "\"[::1]:10026\"",
};

/* The addresses that ipwl-reject has by default. */
static const struct lane_end defaults[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { .address = { .addr = { 127, [3] = 1 }, .family = FAMILY_IPV4, .len = 32 },
			  .port = DEFAULT_PORT },
	[FAMILY_IPV6] = { .address = { .addr = { [15] = 1 }, .family = FAMILY_IPV6, .len = 128 },
			  .port = DEFAULT_PORT },
};

static bool is_mail_port(const struct config *config, uint16_t port)
{
	for (size_t i = 0; i < config->port_count; i++)
		if (config->ports[i] == port)
			return true;
	return false;
}

/* Read one end. Return: 0 or -ENOMEM. */
static int read_end(struct document *document, const yaml_node_t *node, enum family family,
		    const struct config *config, struct lane_end *ret_end)
{
	const char *key = reject_keys[family == FAMILY_IPV4 ? REJECT_IPV4 : REJECT_IPV6];
	struct lane_end end;
	int err = lane_end_read(document, node, key, family, examples[family], &end);

	if (err)
		return err == -ENOMEM ? err : 0;
	if (!lane_address_is_loopback(&end.address))
		document_error(document, node,
			       "%s: other hosts may reach %s: ipwl-reject must listen on the "
			       "loopback address, write %s",
			       key, document_text(document, node, key), examples[family]);
	else if (is_mail_port(config, end.port))
		document_error(document, node,
			       "%s: %u is a mail port, where the mail server listens: write the "
			       "port of ipwl-reject, such as %s",
			       key, end.port, examples[family]);
	else
		*ret_end = end;
	return 0;
}

int reject_read(struct document *document, const yaml_node_t *node, const struct config *config,
		struct list *list)
{
	yaml_node_t *values[REJECT_KEY_COUNT] = { NULL };
	struct lane *lane = &list->lane;
	int err = 0;

	if (list->action != ACTION_BLOCK || list->on_block != ON_BLOCK_REJECT) {
		if (node)
			document_error(document, node,
				       "reject is only for block lists with on_block: reject: "
				       "remove it, or add that");
		return 0;
	}
	if (node &&
	    !document_mapping(document, node, "reject", reject_keys, REJECT_KEY_COUNT, values))
		return 0;
	lane->is_reject = true;
	lane->per_second = DEFAULT_PER_SECOND;
	if (values[REJECT_PER_SECOND])
		document_number(document, values[REJECT_PER_SECOND], reject_keys[REJECT_PER_SECOND],
				false, 1, PER_SECOND_MAX, &lane->per_second);
	for (enum family family = 0; family < FAMILY_COUNT && !err; family++) {
		const yaml_node_t *value =
		    values[family == FAMILY_IPV4 ? REJECT_IPV4 : REJECT_IPV6];

		if (!values[REJECT_IPV4] && !values[REJECT_IPV6])
			lane->ends[family] = defaults[family];
		else if (value)
			err = read_end(document, value, family, config, &lane->ends[family]);
	}
	lane->mail_port = config->port_count ? config->ports[0] : 0;
	return err;
}

static bool has_same_end(const struct lane *a, const struct lane *b)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (a->ends[family].port && a->ends[family].port == b->ends[family].port &&
		    !prefix_compare(&a->ends[family].address, &b->ends[family].address))
			return true;
	return false;
}

void reject_check(const struct policy *policy, const struct place *places,
		  struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		for (size_t j = 0; list->lane.is_reject && j < policy->list_count; j++) {
			const struct list *other = &policy->lists[j];

			if (!other->lane.is_reject && has_same_end(&list->lane, &other->lane))
				diagnostics_add(
				    diagnostics, SEVERITY_ERROR, places[i].file, places[i].line,
				    places[i].column,
				    "list %s: reject has an address of the lane of list %s: write "
				    "another one, at which ipwl-reject listens",
				    list->name, other->name);
		}
	}
}

void reject_format(const struct lane *lane, char *text, size_t size)
{
	char ends[FAMILY_COUNT][LANE_END_BYTES] = { "", "" };

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (lane->ends[family].port)
			lane_end_format(&lane->ends[family], ends[family]);
	snprintf(text, size, "%s%s%s, %u a second", ends[FAMILY_IPV4],
		 *ends[FAMILY_IPV4] && *ends[FAMILY_IPV6] ? ", " : "", ends[FAMILY_IPV6],
		 lane->per_second);
}
