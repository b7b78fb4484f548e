/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of JSON objects that say something about addresses, by their names. */
#ifndef FORMATS_JSON_FIELD_H
#define FORMATS_JSON_FIELD_H

enum json_role {
	JSON_OTHER,
	JSON_ADDRESS,	      /* one or more addresses, networks or ranges */
	JSON_ACTION,	      /* allow, ban */
	JSON_REASON,	      /* why an address is listed */
	JSON_NAME,	      /* a name, which is the reason if there is no other */
	JSON_EXPIRY,	      /* a time or duration */
	JSON_OFF_IF_FALSE,    /* "enabled" */
	JSON_OFF_IF_TRUE,     /* "revoked" */
	JSON_TRUSTED_IF_TRUE, /* "isWhitelisted" */
	JSON_LENGTH,	      /* the length or mask of the network in another member */
	JSON_EXCEPTIONS,      /* addresses that are not meant */
};

/* Find the role of a member. Case and signs between words do not matter: "ipv4Prefix",
 * "ipv4_prefix". */
enum json_role json_field_role(const char *name);

#endif
