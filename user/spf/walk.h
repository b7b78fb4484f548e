/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk through a record and those that it includes, for one family. Internal to the room. */
#ifndef SPF_WALK_H
#define SPF_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "spf/address_set.h"
#include "spf/expand.h"
#include "spf/record.h"

/* How a walk ends. Everything but WALK_DONE ends the walks around it, too. */
enum walk_end {
	WALK_DONE,
	WALK_UNKNOWN, /* whether an address gets further is not known */
	WALK_PERMANENT,
	WALK_TEMPORARY,
	WALK_FAILED, /* out of memory */
};

/* A record that is being walked through. */
struct frame {
	struct frame *outer; /* whose include it is, or NULL */
	const char *domain;
	uint32_t record;
	struct address_set decided; /* by a term of this record */
	struct address_set passed;  /* the part of `decided` for which the record gives "pass" */
	bool is_pass;		    /* a "pass" here is one of the whole */
	bool has_unknown;	    /* it may give "pass" for addresses outside `passed` */
};

struct walk {
	const struct dns_request *request;
	const struct spf_resolver *resolver;
	struct dns_result *result;
	enum family family;
};

/* ---- query.c -------------------------------------------------------------- */

/* Set the family's message, if it has none yet, and return @end. */
enum walk_end walk_say(struct walk *walk, enum walk_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ask DNS. A failure is an end with a message. */
enum walk_end walk_query(struct walk *walk, const char *name, enum dns_type type,
			 const struct dns_answer **ret_answer);

/* The name that a term without macros queries. */
enum walk_end walk_name(struct walk *walk, const struct frame *frame, const struct spf_term *term,
			uint32_t index, char ret_name[DNS_NAME_BYTES]);

/* Count a term that queries. */
enum walk_end walk_count_lookup(struct walk *walk);
/* Count one without an answer. */
enum walk_end walk_count_void(struct walk *walk);

/* ---- walk.c --------------------------------------------------------------- */

/* Walk through the record of the frame's domain. @answer: its TXT records. */
enum walk_end walk_record(struct walk *walk, struct frame *frame, const struct dns_answer *answer,
			  uint32_t parent_term);

/* ---- match.c -------------------------------------------------------------- */

/* Let the addresses of @prefix match term @index, unless an earlier one has decided about
 * them. */
enum walk_end match_prefix(struct walk *walk, struct frame *frame, const struct spf_term *term,
			   uint32_t index, const struct prefix *prefix);

/* Let the addresses that @inner passes match the `include` or `redirect` in @frame. They are in
 * the result already. */
enum walk_end match_inner(struct walk *walk, struct frame *frame, char qualifier,
			  const struct frame *inner);

/* Match the addresses of an `a` or `mx`. */
enum walk_end match_hosts(struct walk *walk, struct frame *frame, const struct spf_term *term,
			  uint32_t index);

#endif
