/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of DNS, as those who ask want them. */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

enum dns_type { DNS_A = 1, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_answer_status {
	DNS_ANSWER_FAILED, /* `reason` says why: the answer may exist */
	DNS_ANSWER_RECORDS,
	DNS_ANSWER_EMPTY,     /* the name has no record of this type */
	DNS_ANSWER_NO_DOMAIN, /* NXDOMAIN */
};

struct dns_item {
	struct prefix address; /* DNS_A, DNS_AAAA: a host */
	char *text; /* DNS_TXT: its strings joined, and any bytes; DNS_MX: normalised name, "" is
		     * the root. A zero follows. */
	size_t text_bytes;
};

struct dns_answer {
	enum dns_answer_status status;
	const char *reason;	/* static; "the resolver did not answer in time" */
	uint32_t ttl_sec;	/* UINT32_MAX: the answer does not say */
	bool is_authenticated;	/* AD */
	struct dns_item *items; /* DNS_ANSWER_RECORDS: in the order of the answer */
	size_t item_count;
};

void dns_answer_done(struct dns_answer *answer);

#endif
