/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the domains of a list. Asks no DNS. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"
#include "config/resolver_config.h"
#include "dns/name.h"

#define DAY_SEC 86400
#define GONE_AFTER_MIN_SEC DAY_SEC
#define GONE_AFTER_MAX_SEC (365 * DAY_SEC)
#define GROWTH_MAX 1000000

enum domain_key {
	DOMAIN_NAME,
	DOMAIN_MIN_REFRESH,
	DOMAIN_MAX_REFRESH,
	DOMAIN_GONE_AFTER,
	DOMAIN_MIN_IPV4_LENGTH,
	DOMAIN_MIN_IPV6_LENGTH,
	DOMAIN_RESERVED,
	DOMAIN_SHARED,
	DOMAIN_MAY_BE_EMPTY,
	DOMAIN_MAX_SHRINK,
	DOMAIN_MAX_GROWTH,
	DOMAIN_KEY_COUNT,
};

static const char *const domain_keys[] = {
	[DOMAIN_NAME] = "name",
	[DOMAIN_MIN_REFRESH] = "min_refresh",
	[DOMAIN_MAX_REFRESH] = "max_refresh",
	[DOMAIN_GONE_AFTER] = "gone_after",
	[DOMAIN_MIN_IPV4_LENGTH] = "min_ipv4_length",
	[DOMAIN_MIN_IPV6_LENGTH] = "min_ipv6_length",
	[DOMAIN_RESERVED] = "reserved",
	[DOMAIN_SHARED] = "shared",
	[DOMAIN_MAY_BE_EMPTY] = "may_be_empty",
	[DOMAIN_MAX_SHRINK] = "max_shrink",
	[DOMAIN_MAX_GROWTH] = "max_growth",
};
_Static_assert(sizeof(domain_keys) / sizeof(domain_keys[0]) == DOMAIN_KEY_COUNT, "all");

const char *const shared_choice_names[] = {
	[SHARED_EVIDENCED] = "evidenced",
	[SHARED_ALL] = "all",
	[SHARED_NEVER] = "never",
};
_Static_assert(sizeof(shared_choice_names) / sizeof(shared_choice_names[0]) == SHARED_CHOICE_COUNT,
	       "all");

struct domain_reader {
	struct document *document;
	yaml_node_t *values[DOMAIN_KEY_COUNT];
	struct feed_config *domain;
};

bool domain_term_parse(const char *text, struct domain_term *ret_term)
{
	struct domain_term term = { .is_spf = !strncmp(text, SPF_SCHEME, strlen(SPF_SCHEME)) };

	if (term.is_spf)
		text += strlen(SPF_SCHEME);
	/* A name without a dot, like "localhost" or a typing error, is nobody's mail server. */
	if (!dns_name_normalise(text, strlen(text), term.name) || !strchr(term.name, '.') ||
	    strspn(term.name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(term.name))
		return false;
	*ret_term = term;
	return true;
}

void domain_set_defaults(struct feed_config *domain, const struct config *config)
{
	domain->kind = FEED_OF_DOMAIN;
	domain->refresh_sec = DOMAIN_DEFAULT_MIN_REFRESH_SEC;
	domain->refresh_max_sec = DOMAIN_DEFAULT_MAX_REFRESH_SEC;
	domain->gone_after_sec = DOMAIN_DEFAULT_GONE_AFTER_SEC;
	domain->timeout_sec = config->resolver.timeout_sec;
	domain->max_bytes = DOMAIN_MAX_BYTES;
	domain->guards = (struct feed_guards) {
		.spaces = { [FEED_SPACE_RESERVED] = SPACE_CUT },
		.max_shrink_percent = FEED_DEFAULT_MAX_SHRINK,
		.max_growth_factor = FEED_DEFAULT_MAX_GROWTH,
		.counts_addresses = true,
		.min_len = { DOMAIN_DEFAULT_MIN_IPV4_LENGTH, DOMAIN_DEFAULT_MIN_IPV6_LENGTH },
	};
}

/* ---- one domain ----------------------------------------------------------- */

static int domain_read_name(struct document *document, const yaml_node_t *node, const char *text,
			    struct feed_config *domain, const struct config *config)
{
	struct domain_term term;

	if (!domain_term_parse(text, &term) ||
	    strlen(term.name) > DOMAIN_TERM_BYTES_MAX - strlen(SPF_SCHEME)) {
		document_error(document, node,
			       "\"%.80s\" is not a domain: write spf:partner.example or "
			       "mail.partner.example",
			       text);
		return 0;
	}
	if (asprintf(&domain->name, "%s%s", term.is_spf ? SPF_SCHEME : "", term.name) < 0) {
		domain->name = NULL;
		return -ENOMEM;
	}
	domain->url = strdup(domain->name);
	if (!domain->url)
		return -ENOMEM;
	if (feed_config_find(config_feeds(config, FEED_OF_DOMAIN), domain->name))
		document_error(document, node,
			       "domain %s is duplicated, in this list or another: remove one",
			       domain->name);
	return 0;
}

static void domain_read_refresh(struct domain_reader *reader)
{
	struct document *document = reader->document;
	struct feed_config *domain = reader->domain;

	document_duration(document, reader->values[DOMAIN_MIN_REFRESH],
			  domain_keys[DOMAIN_MIN_REFRESH], DOMAIN_REFRESH_MIN_SEC, 30 * DAY_SEC,
			  &domain->refresh_sec);
	document_duration(document, reader->values[DOMAIN_MAX_REFRESH],
			  domain_keys[DOMAIN_MAX_REFRESH], DOMAIN_REFRESH_MIN_SEC, 30 * DAY_SEC,
			  &domain->refresh_max_sec);
	if (domain->refresh_max_sec < domain->refresh_sec)
		document_error(document,
			       reader->values[DOMAIN_MAX_REFRESH]
				   ? reader->values[DOMAIN_MAX_REFRESH]
				   : reader->values[DOMAIN_MIN_REFRESH],
			       "max_refresh is shorter than min_refresh: change one of them");
	document_duration(document, reader->values[DOMAIN_GONE_AFTER],
			  domain_keys[DOMAIN_GONE_AFTER], GONE_AFTER_MIN_SEC, GONE_AFTER_MAX_SEC,
			  &domain->gone_after_sec);
}

static void domain_read_number(struct domain_reader *reader, enum domain_key key, uint32_t min,
			       uint32_t max, uint32_t *ret_number)
{
	if (reader->values[key])
		document_number(reader->document, reader->values[key], domain_keys[key], false, min,
				max, ret_number);
}

static void domain_read_guards(struct domain_reader *reader)
{
	static const char *const words[] = { "false", "true" };
	struct feed_guards *guards = &reader->domain->guards;
	size_t choice;

	domain_read_number(reader, DOMAIN_MIN_IPV4_LENGTH, 8, 32, &guards->min_len[FAMILY_IPV4]);
	domain_read_number(reader, DOMAIN_MIN_IPV6_LENGTH, 16, 128, &guards->min_len[FAMILY_IPV6]);
	domain_read_number(reader, DOMAIN_MAX_SHRINK, 0, 100, &guards->max_shrink_percent);
	domain_read_number(reader, DOMAIN_MAX_GROWTH, 1, GROWTH_MAX, &guards->max_growth_factor);
	if (reader->values[DOMAIN_MAY_BE_EMPTY] &&
	    document_choice(reader->document, reader->values[DOMAIN_MAY_BE_EMPTY],
			    domain_keys[DOMAIN_MAY_BE_EMPTY], words, 2, &choice))
		guards->may_be_empty = choice == 1;
	if (reader->values[DOMAIN_RESERVED] &&
	    document_choice(reader->document, reader->values[DOMAIN_RESERVED],
			    domain_keys[DOMAIN_RESERVED], space_choice_names, SPACE_CHOICE_COUNT,
			    &choice))
		guards->spaces[FEED_SPACE_RESERVED] = (enum space_choice)choice;
	if (reader->values[DOMAIN_SHARED] &&
	    document_choice(reader->document, reader->values[DOMAIN_SHARED],
			    domain_keys[DOMAIN_SHARED], shared_choice_names, SHARED_CHOICE_COUNT,
			    &choice))
		reader->domain->shared = (enum shared_choice)choice;
}

static int domain_read(struct domain_reader *reader, const yaml_node_t *item,
		       const struct config *config)
{
	struct document *document = reader->document;
	const yaml_node_t *name = item;
	const char *text;

	if (item->type == YAML_MAPPING_NODE) {
		if (!document_mapping(document, item, "a domain", domain_keys, DOMAIN_KEY_COUNT,
				      reader->values))
			return 0;
		domain_read_refresh(reader);
		domain_read_guards(reader);
		name = reader->values[DOMAIN_NAME];
		if (!name) {
			document_error(document, item,
				       "a domain without a name: add name: spf:partner.example");
			return 0;
		}
	}
	text = document_text(document, name, "a domain");
	return text ? domain_read_name(document, name, text, reader->domain, config) : 0;
}

/* ---- a list ---------------------------------------------------------------- */

int domains_read(struct document *document, const yaml_node_t *node, const struct list *list,
		 struct config *config)
{
	size_t count;
	int err = 0;

	document_sequence(document, node, "domains", &count);
	for (size_t i = 0; i < count && !err; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		struct feed_config *domains =
		    realloc(config->domains, (config->domain_count + 1) * sizeof(*domains));
		struct domain_reader reader = { .document = document };

		if (!domains)
			return -ENOMEM;
		config->domains = domains;
		if (config->domain_count == DOMAINS_MAX) {
			document_error(document, item, "more than %d domains: remove some",
				       DOMAINS_MAX);
			return 0;
		}
		reader.domain = &domains[config->domain_count];
		*reader.domain = (struct feed_config) { .action = list->action,
							.list_name = strdup(list->name) };
		domain_set_defaults(reader.domain, config);
		err = reader.domain->list_name ? domain_read(&reader, item, config) : -ENOMEM;
		/* Count it only now, or the search for duplicates would find it. */
		config->domain_count++;
	}
	return err;
}
