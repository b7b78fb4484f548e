/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists as text in the formats of mail servers, spam filters and firewalls. Pure: no
 * file is opened here. */
#ifndef FORMATS_WRITE_H
#define FORMATS_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/policy.h"

enum export_format {
	EXPORT_PLAIN,
	EXPORT_POSTFIX_CIDR,
	EXPORT_RSPAMD_MAP,
	EXPORT_SPAMASSASSIN,
	EXPORT_RBLDNSD,
	EXPORT_EXIM,
	EXPORT_OPENSMTPD,
	EXPORT_HAPROXY,
	EXPORT_NFTABLES,
	EXPORT_JSON,
	EXPORT_CSV,
	EXPORT_FORMAT_COUNT,
};

/* "plain", "postfix-cidr", … indexed by enum export_format. */
extern const char *const export_format_names[EXPORT_FORMAT_COUNT];

/* Which families a text has; a zone of rbldnsd has one. */
enum export_families { EXPORT_BOTH, EXPORT_IPV4, EXPORT_IPV6 };

struct export
{
	enum export_format format;
	enum export_families families;
	bool is_aggregated; /* neighbours merged, and nothing that another prefix covers */
	enum action action; /* of all lists */
	const struct list *const *lists;
	size_t list_count;
};

/* Whether the format has a text for each family, and none for both. */
bool export_has_two_texts(enum export_format format);

/* What is wrong with lists of @action in that format, or NULL. */
const char *export_refuse(enum export_format format, enum action action);

/**
 * export_write() - write what the lists hold together
 * @stream: its error indicator tells whether all could be written
 * @ret_count: how many prefixes are in the text, exclusions apart
 *
 * The text depends on nothing but the set of addresses, its prefixes unless aggregated,
 * and the names and the action of the lists. Exclusions are written as such where the
 * format has them, else the prefixes around them are split.
 *
 * Return: 0 or -ENOMEM.
 */
int export_write(const struct export *export, FILE *stream, size_t *ret_count);

#endif
