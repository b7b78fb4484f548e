/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of SPF records (RFC 7208, section 12). */
#ifndef SPF_RECORD_H
#define SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* RFC 7208 wants records to fit into 512 bytes. A longer record or one with more terms is an
 * error, although no standard says so. */
#define SPF_RECORD_BYTES_MAX 16384
#define SPF_TERMS_MAX 2048
#define SPF_MESSAGE_BYTES 160

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_MODIFIER, /* any other modifier */
};

struct spf_term {
	enum spf_kind kind;
	char qualifier;	  /* "+", "-", "~" or "?" */
	const char *text; /* in the text of the record */
	size_t text_bytes;
	const char *domain; /* likewise; NULL: the domain of the record */
	size_t domain_bytes;
	bool has_macro;		    /* in the domain */
	uint8_t lens[FAMILY_COUNT]; /* SPF_A, SPF_MX: bits of the networks */
	struct prefix network;	    /* SPF_IP */
	bool is_mapped;		    /* SPF_IP: inside ::ffff:0:0/96, so nothing matches it */
};

struct spf_record {
	struct spf_term *terms;
	size_t term_count;
	const struct spf_term *redirect; /* among them, or NULL */
};

/* Whether a TXT record is an SPF record, valid or not. */
bool spf_record_is(const char *text, size_t bytes);

/**
 * spf_record_parse() - parse an SPF record
 * @text: spf_record_is() is true; it must live as long as the record
 * @ret_record: to be freed with spf_record_done()
 * @message: set if there is an error: what is wrong, as the predicate of a sentence
 *
 * Return: 0; -EINVAL: an error anywhere in the record, so nothing of it counts; -ENOMEM.
 */
int spf_record_parse(const char *text, size_t bytes, struct spf_record *ret_record,
		     char message[SPF_MESSAGE_BYTES]);
void spf_record_done(struct spf_record *record);

#endif
