/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ipwl-resolve found. resolve/protocol.h documents the text.
 *
 * The families are independent: a checker of SPF only looks at records of the family of the
 * address, so one family may have an error that the other does not have.
 */
#ifndef DNS_RESULT_H
#define DNS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/prefix.h"
#include "dns/name.h"

enum dns_status {
	DNS_OK,
	/* The domain exists, but has no SPF record, or the host has no address of this family. */
	DNS_NO_RECORD,
	/* The domain does not exist (NXDOMAIN). */
	DNS_NO_DOMAIN,
	/* The owner made an error in the record or in one that it includes. The prefixes are
	 * those that a checker accepts before it meets the error; often there are none. */
	DNS_PERMANENT,
	/* There was no usable answer to a query. There are no prefixes of this family: keep the
	 * previous ones, and try again. */
	DNS_TEMPORARY,
	DNS_STATUS_COUNT,
};

/* "ok", "no-record", "no-domain", "permanent", "temporary", indexed by enum dns_status. */
extern const char *const dns_status_names[DNS_STATUS_COUNT];

/* What became of a term of an SPF record, for one family. */
enum dns_outcome {
	DNS_TERM_NOT_REACHED, /* no address gets there, or an error came first */
	DNS_TERM_TAKEN,	      /* its addresses are in the set, unless an earlier term decided */
	DNS_TERM_REFUSED,     /* its qualifier is "-", "~" or "?": its addresses are left out */
	DNS_TERM_VOID,	      /* DNS has no addresses for it */
	DNS_TERM_OTHER_FAMILY,
	DNS_TERM_NO_EFFECT, /* a modifier, or a redirect beside "all" */
	/* Skipped: which addresses it matches is not known. What comes after a skipped term with
	 * "-", "~" or "?" is not reached. */
	DNS_TERM_MACRO,
	DNS_TERM_EXISTS,
	DNS_TERM_PTR,
	/* Left out: wider than the request allows, or address space that no mail comes from. */
	DNS_TERM_TOO_WIDE,
	DNS_TERM_RESERVED,
	DNS_TERM_ERROR, /* the family's message explains it */
	DNS_OUTCOME_COUNT,
};

/* "not-reached", "taken", …, "error", indexed by enum dns_outcome. */
extern const char *const dns_outcome_names[DNS_OUTCOME_COUNT];

#define DNS_NO_TERM UINT32_MAX
#define DNS_MESSAGE_BYTES 256
/* A longer term is truncated, and ends with "...". */
#define DNS_TERM_BYTES 512
#define DNS_RECORDS_MAX 64
#define DNS_TERMS_MAX 65536
#define DNS_PREFIXES_MAX 65536
#define DNS_RESULT_TEXT_BYTES_MAX (8U << 20)

/* An SPF record, or the host that was asked for (a record without terms). */
struct dns_record {
	char domain[DNS_NAME_BYTES];
	/* The `include` or `redirect` that names it; DNS_NO_TERM: it was asked for. */
	uint32_t parent_term;
	uint32_t first_term; /* its terms are next to each other */
	uint32_t term_count;
};

struct dns_term {
	char *text;		/* "include:_spf.example.net": visible characters of ASCII */
	uint32_t record;	/* that it belongs to */
	uint32_t target_record; /* that it includes, or DNS_NO_TERM */
	enum dns_outcome outcomes[FAMILY_COUNT];
};

struct dns_prefix {
	struct prefix prefix;
	/* The term that decides for its addresses, or DNS_NO_TERM (of a host). Its record, and
	 * the records above, tell which includes it was reached through. */
	uint32_t term;
};

struct dns_family {
	enum dns_status status;
	uint32_t lookups;   /* terms that query; RFC 7208 allows 10 */
	uint32_t voids;	    /* of these without an answer; RFC 7208 allows 2 */
	bool is_incomplete; /* addresses may be missing: an error, or a skipped term */
	/* What is wrong, or "". UTF-8 without control characters. */
	char message[DNS_MESSAGE_BYTES];
};

struct dns_result {
	struct dns_family families[FAMILY_COUNT];
	uint32_t ttl_sec;      /* the shortest of all answers; 0 if none had one */
	bool is_authenticated; /* the resolver has marked every answer (AD) */
	struct dns_record
	    *records; /* each after the one that includes it; the first was asked for */
	size_t record_count;
	struct dns_term *terms;
	size_t term_count;
	struct dns_prefix *prefixes; /* sorted; none lies in another */
	size_t prefix_count;
};

/* An empty result is all zeros. */
void dns_result_done(struct dns_result *result);

/* The status of both families together: DNS_TEMPORARY if either has it, else DNS_OK if either
 * has it, else DNS_PERMANENT likewise, else that of IPv4. */
enum dns_status dns_result_status(const struct dns_result *result);

/* Find the record that @term (not DNS_NO_TERM) was reached through directly below the record
 * that was asked for: "spf.protection.example" for each term in there, at any depth. NULL: the
 * term is in the record that was asked for. */
const struct dns_record *dns_result_branch(const struct dns_result *result, uint32_t term);

/* Build a result. Each limit is an error: -E2BIG. Return: 0 or -errno. A record's terms are added
 * before the next record. Prefixes may be added in any order, until dns_result_finish(). */
int dns_result_add_record(struct dns_result *result, const char *domain, uint32_t parent_term);
int dns_result_add_term(struct dns_result *result, const char *text, size_t bytes);
int dns_result_add_prefix(struct dns_result *result, const struct prefix *prefix, uint32_t term);
void dns_result_finish(struct dns_result *result);

/* Write the text of a result. Return: 0 or -errno. */
int dns_result_write(const struct dns_result *result, FILE *stream);

/**
 * dns_result_read() - read the text of a result as if a stranger had written it
 * @ret_result: to be freed with dns_result_done()
 *
 * Everything that this header promises has been checked. Return: 0; -EBADMSG: @text is no
 * complete result; -ENOMEM.
 */
int dns_result_read(const char *text, size_t bytes, struct dns_result *ret_result);

#endif
