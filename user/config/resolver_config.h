/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of DNS: the domains of lists, and the resolvers that are asked. */
#ifndef CONFIG_RESOLVER_CONFIG_H
#define CONFIG_RESOLVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

#define DOMAINS_MAX 4096
#define SPF_SCHEME "spf:"
/* A longer name would not fit into the name of a file. */
#define DOMAIN_TERM_BYTES_MAX 240
/* Of the text of an answer (dns/result.h). */
#define DOMAIN_MAX_BYTES (8U << 20)

#define DOMAIN_REFRESH_MIN_SEC 60
#define DOMAIN_DEFAULT_MIN_REFRESH_SEC (15 * 60)
#define DOMAIN_DEFAULT_MAX_REFRESH_SEC 86400
#define DOMAIN_DEFAULT_GONE_AFTER_SEC (7 * 86400)
#define DOMAIN_DEFAULT_MIN_IPV4_LENGTH 16
#define DOMAIN_DEFAULT_MIN_IPV6_LENGTH 32

#define RESOLVER_DEFAULT_TIMEOUT_SEC 30

/* "spf:partner.example": the addresses that its SPF record permits; or a host with its A and
 * AAAA records. */
struct domain_term {
	bool is_spf;
	char name[DNS_NAME_BYTES]; /* normalised */
};

/* Return: whether @text is one. */
bool domain_term_parse(const char *text, struct domain_term *ret_term);

struct resolver_settings {
	char *servers; /* as in dns/request.h; NULL: those of /etc/resolv.conf */
	bool requires_ad;
	/* Shared ones, besides those that are known (domains/providers.c), separated by blanks; or
	 * NULL. */
	char *providers;
	uint32_t timeout_sec; /* for all queries of a domain together */
};

#endif
