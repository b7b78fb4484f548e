/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of records that say something about addresses, by their names. */
#ifndef FORMATS_FIELD_H
#define FORMATS_FIELD_H

enum field_role {
	FIELD_OTHER,
	FIELD_ADDRESS,	       /* one or more addresses, networks or ranges */
	FIELD_ACTION,	       /* allow, ban */
	FIELD_REASON,	       /* why an address is listed */
	FIELD_NAME,	       /* a name, which is the reason if there is no other */
	FIELD_EXPIRY,	       /* a time or duration */
	FIELD_OFF_IF_FALSE,    /* "enabled" */
	FIELD_OFF_IF_TRUE,     /* "revoked" */
	FIELD_TRUSTED_IF_TRUE, /* "isWhitelisted" */
	FIELD_LENGTH,	       /* the length or mask of the network in another member */
	FIELD_EXCEPTIONS,      /* addresses that are not meant */
};

/* Find the role of a member of JSON or a column of CSV. Case and signs between words do not matter:
 * "ipv4Prefix", "ipv4_prefix". */
enum field_role field_role_of(const char *name);

#endif
