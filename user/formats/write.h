/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lists as text in the formats of mail servers, spam filters and firewalls. Opens no
 * file. */
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
	EXPORT_IPSET,
	EXPORT_BIRD,
	EXPORT_OPENBGPD,
	EXPORT_EXABGP,
	EXPORT_JSON,
	EXPORT_JSON_ENTRIES,
	EXPORT_CSV,
	EXPORT_FORMAT_COUNT,
};

/* "plain", "postfix-cidr", … indexed by enum export_format. */
extern const char *const export_format_names[EXPORT_FORMAT_COUNT];

/* The families in a text. A zone of rbldnsd has only one. */
enum export_families { EXPORT_BOTH, EXPORT_IPV4, EXPORT_IPV6 };

struct export
{
	enum export_format format;
	enum export_families families;
	bool is_aggregated; /* neighbouring prefixes are merged, and covered ones left out */
	enum action action; /* the action of all lists */
	const struct list *const *lists;
	size_t list_count;
	/* All allow lists of the policy. Formats for BGP leave their addresses out of block lists.
	 */
	const struct list *const *allow_lists;
	size_t allow_list_count;
};

/* Whether the format needs a text of its own for each family. */
bool export_has_two_texts(enum export_format format);

/* Whether the text depends on the allow lists of the policy, too. */
bool export_needs_allow_lists(enum export_format format, enum action action);
/* Whether the text depends on more of the lists than on their prefixes. */
bool export_needs_entries(enum export_format format);

/* Why so many lists of @action cannot be written in this format, or NULL. */
const char *export_refuse(enum export_format format, enum action action, size_t list_count);

/**
 * export_write() - write the addresses that the lists hold together
 * @stream: the caller checks its error indicator afterwards
 * @ret_count: number of prefixes in the text, without exclusions
 *
 * The text depends only on the set of addresses, on its prefixes (unless aggregated), and on
 * the names and the action of the lists. If the format has exclusions, they are written as
 * such. Otherwise prefixes are split around them.
 *
 * Return: 0 or -ENOMEM.
 */
int export_write(const struct export *export, FILE *stream, size_t *ret_count);

#endif
