/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `rescue:`, the DNS allow lists in which blocked sources are looked up. */
#include "config/rescue_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"
#include "dns/name.h"

#define DAY_SEC 86400
/* An address of IPv6 takes 64 characters before the name of the zone. */
#define ZONE_BYTES_MAX (DNS_NAME_BYTES - 1 - 64)

enum rescue_key {
	RESCUE_ZONE,
	RESCUE_LIST,
	RESCUE_MIN_TRUST,
	RESCUE_ACCEPT,
	RESCUE_PER_SECOND,
	RESCUE_PER_DAY,
	RESCUE_MIN_TIME,
	RESCUE_MAX_TIME,
	RESCUE_RETRY,
	RESCUE_MAX_ENTRIES,
	RESCUE_KEY_COUNT,
};

static const char *const rescue_keys[] = {
	[RESCUE_ZONE] = "zone",
	[RESCUE_LIST] = "list",
	[RESCUE_MIN_TRUST] = "min_trust",
	[RESCUE_ACCEPT] = "accept",
	[RESCUE_PER_SECOND] = "per_second",
	[RESCUE_PER_DAY] = "per_day",
	[RESCUE_MIN_TIME] = "min_time",
	[RESCUE_MAX_TIME] = "max_time",
	[RESCUE_RETRY] = "retry",
	[RESCUE_MAX_ENTRIES] = "max_entries",
};
_Static_assert(sizeof(rescue_keys) / sizeof(rescue_keys[0]) == RESCUE_KEY_COUNT, "all");

struct rescue_reader {
	struct document *document;
	yaml_node_t *values[RESCUE_KEY_COUNT];
	const yaml_node_t *node; /* of the zone */
	struct rescue_zone *zone;
	const struct config *config;
};

/* ---- names ------------------------------------------------------------------------ */

static int read_zone_name(struct rescue_reader *reader)
{
	const yaml_node_t *node = reader->values[RESCUE_ZONE];
	const char *text = node ? document_text(reader->document, node, "zone") : NULL;
	char name[DNS_NAME_BYTES];

	if (!node)
		document_error(reader->document, reader->node,
			       "a rescue without a zone: add zone: list.dnswl.org");
	if (!text)
		return 0;
	if (!dns_name_normalise(text, strlen(text), name) || strlen(name) > ZONE_BYTES_MAX) {
		document_error(reader->document, node,
			       "zone: \"%.80s\" is not the name of a DNS list: write "
			       "list.dnswl.org",
			       text);
		return 0;
	}
	if (rescue_settings_find(&reader->config->rescue, name))
		document_error(reader->document, node, "zone %s is duplicated: remove one", name);
	reader->zone->name = strdup(name);
	return reader->zone->name ? 0 : -ENOMEM;
}

static int read_list_name(struct rescue_reader *reader)
{
	const yaml_node_t *node = reader->values[RESCUE_LIST];
	const char *name = node ? document_text(reader->document, node, "list") : NULL;
	const struct list *list = name ? policy_find_list(reader->config->policy, name) : NULL;

	if (!node)
		document_error(reader->document, reader->node,
			       "a rescue without a list: add list: with the name of an allow list");
	if (!name)
		return 0;
	if (!list || list->action != ACTION_ALLOW)
		document_error(reader->document, node, "list: there is no allow list \"%.80s\"",
			       name);
	reader->zone->list = strdup(name);
	return reader->zone->list ? 0 : -ENOMEM;
}

/* ---- answers ------------------------------------------------------------------------ */

static void read_answer(struct rescue_reader *reader, const yaml_node_t *node)
{
	static const struct prefix loopback = { .family = FAMILY_IPV4, .len = 8, .addr = { 127 } };
	const char *text = document_text(reader->document, node, "an answer");
	struct rescue_zone *zone = reader->zone;
	struct prefix *answer = &zone->accept[zone->accept_count];

	if (!text)
		return;
	if (prefix_parse(text, strlen(text), answer, NULL) != PREFIX_OK ||
	    !prefix_contains(&loopback, answer))
		document_error(reader->document, node,
			       "accept: \"%.80s\" is not in 127.0.0.0/8, as answers of DNS lists "
			       "are: write 127.0.0.2",
			       text);
	else
		zone->accept_count++;
}

static void read_accept(struct rescue_reader *reader)
{
	const yaml_node_t *node = reader->values[RESCUE_ACCEPT];
	size_t count;

	if (!document_sequence(reader->document, node, "accept", &count))
		return;
	if (!count || count > RESCUE_ANSWERS_MAX) {
		document_error(reader->document, node,
			       "accept: write at least 1 answer; the most is %d",
			       RESCUE_ANSWERS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_answer(reader, document_item(reader->document, node, i));
}

/* Nothing is a good default: the levels of a zone are its own. */
static void read_answers(struct rescue_reader *reader)
{
	yaml_node_t *const *values = reader->values;

	if (!values[RESCUE_MIN_TRUST] == !values[RESCUE_ACCEPT])
		document_error(reader->document, reader->node,
			       "a rescue needs either min_trust, if the zone has the levels of "
			       "dnswl.org, or accept with the answers that are enough");
	else if (values[RESCUE_MIN_TRUST])
		min_trust_read(reader->document, values[RESCUE_MIN_TRUST], FORMAT_DNSWL,
			       &reader->zone->min_trust);
	else
		read_accept(reader);
}

/* ---- all of it ---------------------------------------------------------------------- */

static void read_number(struct rescue_reader *reader, enum rescue_key key, uint32_t min,
			uint32_t max, uint32_t *ret_number)
{
	if (reader->values[key])
		document_number(reader->document, reader->values[key], rescue_keys[key], false, min,
				max, ret_number);
}

static void read_duration(struct rescue_reader *reader, enum rescue_key key, int64_t min_sec,
			  int64_t max_sec, uint32_t *ret_sec)
{
	document_duration(reader->document, reader->values[key], rescue_keys[key], min_sec, max_sec,
			  ret_sec);
}

static int read_zone(struct rescue_reader *reader)
{
	struct rescue_zone *zone = reader->zone;
	int err;

	*zone = (struct rescue_zone) { .per_second = RESCUE_DEFAULT_PER_SECOND,
				       .per_day = RESCUE_DEFAULT_PER_DAY,
				       .min_sec = RESCUE_DEFAULT_MIN_TIME_SEC,
				       .max_sec = RESCUE_DEFAULT_MAX_TIME_SEC,
				       .retry_sec = RESCUE_DEFAULT_RETRY_SEC,
				       .max_entries = RESCUE_DEFAULT_MAX_ENTRIES };
	if (!document_mapping(reader->document, reader->node, "a rescue", rescue_keys,
			      RESCUE_KEY_COUNT, reader->values))
		return 0;
	read_answers(reader);
	/* A look-up asks about an address and, beside it, about one that no list may have. */
	read_number(reader, RESCUE_PER_SECOND, 2, 1000, &zone->per_second);
	read_number(reader, RESCUE_PER_DAY, 100, 100000000, &zone->per_day);
	read_number(reader, RESCUE_MAX_ENTRIES, 1, 1000000, &zone->max_entries);
	read_duration(reader, RESCUE_MIN_TIME, 1, 30 * DAY_SEC, &zone->min_sec);
	read_duration(reader, RESCUE_MAX_TIME, 1, 30 * DAY_SEC, &zone->max_sec);
	read_duration(reader, RESCUE_RETRY, 1, 30 * DAY_SEC, &zone->retry_sec);
	if (zone->min_sec > zone->max_sec)
		document_error(reader->document, reader->node,
			       "min_time must not be longer than max_time");
	err = read_zone_name(reader);
	return err ? err : read_list_name(reader);
}

int rescue_read(struct document *document, const yaml_node_t *node, struct config *config)
{
	size_t count = 0;
	int err = 0;

	if (!node || !document_sequence(document, node, "rescue", &count) || !count)
		return 0;
	if (count > RESCUE_ZONES_MAX) {
		document_error(document, node, "more than %d zones in rescue: remove some",
			       RESCUE_ZONES_MAX);
		return 0;
	}
	if (!config->events.per_second)
		document_error(document, node,
			       "rescue needs to know who was dropped: set events.per_second");
	config->rescue.zones = calloc(count, sizeof(*config->rescue.zones));
	if (!config->rescue.zones)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++) {
		struct rescue_reader reader = { .document = document,
						.node = document_item(document, node, i),
						.zone = &config->rescue.zones[i],
						.config = config };

		err = read_zone(&reader);
		/* Count it only now, or the search for duplicates would find it. */
		config->rescue.count++;
	}
	return err;
}
