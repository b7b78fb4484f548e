/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of the fleet: what one host (its origin) says about one prefix of one list. Only the
 * origin writes it, and a later record of the same key replaces an earlier one.
 *
 * As text it is a key, "LIST PREFIX KIND", and a value,
 * "1 OP VERSION ACTION ADDED EXPIRES AUTHOR REASON ONLY NOT MAC" (sign.h adds the last word).
 */
#ifndef FLEET_RECORD_H
#define FLEET_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fleet_kind.h"
#include "core/policy.h"
#include "core/scope.h"

#define FLEET_HOST_BYTES_MAX SCOPE_HOST_BYTES_MAX
#define FLEET_AUTHOR_BYTES_MAX 255
#define FLEET_REASON_BYTES_MAX 1024
/* Of `only_hosts` and `not_hosts`. */
#define FLEET_HOSTS_BYTES_MAX SCOPE_HOSTS_BYTES_MAX
#define FLEET_KEY_BYTES (POLICY_NAME_MAX + PREFIX_TEXT_BYTES + 16)
/* A byte of author and reason may take three. */
#define FLEET_VALUE_BYTES                                                                          \
	(3 * (FLEET_AUTHOR_BYTES_MAX + FLEET_REASON_BYTES_MAX) + 2 * FLEET_HOSTS_BYTES_MAX + 256)

enum fleet_op {
	FLEET_ADD, /* the origin lists the prefix */
	FLEET_END, /* it no longer does; what others list is not touched */
	FLEET_DEL, /* tombstone: no host lists it any more, unless by a later record */
	FLEET_OP_COUNT,
};

/* "add", "end", "del". */
extern const char *const fleet_op_names[FLEET_OP_COUNT];

struct fleet_record {
	const char *origin;
	const char *list;
	struct prefix prefix;
	enum fleet_kind kind;
	enum fleet_op op;
	uint64_t version; /* clock.h */
	enum action action;
	int64_t added_at_sec;
	int64_t expires_at_sec; /* 0: never */
	const char *author;	/* or NULL */
	const char *reason;	/* or NULL */
	struct scope scope;	/* is_local is false */
	int64_t row;		/* where it is kept (replica.h); 0: nowhere */
};

/* Write the key. Returns @key. */
const char *fleet_record_key(const struct fleet_record *record, char key[FLEET_KEY_BYTES]);

/**
 * fleet_record_format() - write the value without its MAC
 *
 * Return: the number of bytes; 0: one of its texts is too long or cannot be written.
 */
size_t fleet_record_format(const struct fleet_record *record, char value[FLEET_VALUE_BYTES]);

/* Room for the texts of a record that was parsed. */
struct fleet_texts {
	char origin[FLEET_HOST_BYTES_MAX + 1];
	char list[POLICY_NAME_MAX + 1];
	char author[FLEET_AUTHOR_BYTES_MAX + 1];
	char reason[FLEET_REASON_BYTES_MAX + 1];
	char only_hosts[FLEET_HOSTS_BYTES_MAX + 1];
	char not_hosts[FLEET_HOSTS_BYTES_MAX + 1];
};

/**
 * fleet_record_parse() - read a record
 * @value: without its MAC; @key and @value end with a zero
 * @texts: room for the strings of the record, which shares them
 *
 * Only what fleet_record_format() writes is valid, byte by byte. Return: 0; -EINVAL: it is not;
 * -ENOTSUP: a newer version may have written it.
 */
int fleet_record_parse(const char *origin, const char *key, const char *value,
		       struct fleet_texts *texts, struct fleet_record *ret_record);

/* What stands for a record in the digest of its origin. Digests of records are combined by
 * exclusive or. */
uint64_t fleet_record_digest(const struct fleet_record *record);

/* Whether the record ends entries: nobody needs it when it is old. */
static inline bool fleet_record_is_removal(const struct fleet_record *record)
{
	return record->op != FLEET_ADD;
}

/* A copy with strings of its own, for free(). NULL: out of memory. */
struct fleet_record *fleet_record_copy(const struct fleet_record *record);
/* The same, but its origin and list are these strings, equal to its own, which outlive it. */
struct fleet_record *fleet_record_share(const struct fleet_record *record, const char *origin,
					const char *list);

#endif
