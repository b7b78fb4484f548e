/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the arguments of a request. The same table serves a JSON body and the parameters of a
 * query. An argument that is not in the table is refused. Each value is checked against its
 * kind.
 */
#ifndef API_ARGUMENTS_H
#define API_ARGUMENTS_H

#include <event2/http.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/outcome.h"
#include "core/prefix.h"
#include "formats/network_text.h"

/* Longest reason of a change. */
#define ARGUMENT_REASON_BYTES_MAX 1024
/* Longest ttl. A longer one must be a typing error. */
#define ARGUMENT_TTL_SEC_MAX (100LL * 366 * 86400)

/* An argument. Exactly one of the pointers ret_text, ret_number, ret_flag, ret_prefix,
 * ret_networks and ret_array is set, and says its kind. If the argument is absent, or null in JSON,
 * nothing is written. */
struct argument {
	const char *name;
	bool is_needed;
	bool *ret_is_given; /* may be NULL */

	char **ret_text;  /* a copy; the caller frees it in any case */
	size_t bytes_max; /* longest text; 0: no limit */
	int64_t *ret_number;
	int64_t min, max; /* range of the number */
	bool *ret_flag;
	struct prefix *ret_prefix;
	struct networks *ret_networks; /* the caller frees them in any case */
	json_t **ret_array;	       /* only in a body; a new reference */
};

/* Arguments that several commands share. */
#define ARGUMENT_LIST(text)                                                                        \
	{                                                                                          \
		.name = "list", .is_needed = true, .ret_text = (text)                              \
	}
#define ARGUMENT_REASON(text)                                                                      \
	{                                                                                          \
		.name = "reason", .ret_text = (text), .bytes_max = ARGUMENT_REASON_BYTES_MAX       \
	}
#define ARGUMENT_SUDO_USER(text)                                                                   \
	{                                                                                          \
		.name = "sudo_user", .ret_text = (text)                                            \
	}
#define ARGUMENT_TTL(number)                                                                       \
	{                                                                                          \
		.name = "ttl_seconds", .ret_number = (number), .min = 1,                           \
		.max = ARGUMENT_TTL_SEC_MAX                                                        \
	}
#define ARGUMENT_LIMIT(number, least, most)                                                        \
	{                                                                                          \
		.name = "limit", .ret_number = (number), .min = (least), .max = (most)             \
	}

/* Read a JSON object. Return: 0; -ECANCELED: @refusal says what is wrong. */
int arguments_from_json(const struct argument *arguments, size_t count, json_t *body,
			struct refusal *refusal);
/* Read a query like "list=drop&limit=10". NULL: there is none. Return: as above. */
int arguments_from_query(const struct argument *arguments, size_t count, const char *query,
			 struct refusal *refusal);

/* Read the arguments of a request. Return: 0; -EINVAL: an error was sent. */
int arguments_read_body(struct evhttp_request *request, const struct argument *arguments,
			size_t count);
int arguments_read_query(struct evhttp_request *request, const struct argument *arguments,
			 size_t count);

#endif
