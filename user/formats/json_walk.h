/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the addresses in JSON values, and what is said about them. */
#ifndef FORMATS_JSON_WALK_H
#define FORMATS_JSON_WALK_H

#include <jansson.h>

#include "formats/field.h"
#include "formats/reading.h"

/* Deepest nesting. Lists of providers need 6 levels. */
#define JSON_DEPTH_MAX 64

struct json_walk {
	struct reading *reading;
	struct line line;	/* of the value that was found last */
	const char *line_start; /* in the text */
	const char *cursor;	/* everything before it was counted */
	const char *end;	/* of the value that is walked */
	uint32_t found_fields;	/* conditions of select whose field some record has */
	bool is_refused;	/* the text is no JSON, which was reported */
	bool has_addresses;	/* a member or an array for addresses was found */
};

/* What the objects around a value say about the addresses in it. */
struct json_scope {
	bool has_address; /* the object has a member for addresses */
	bool has_length;  /* and one for a length or mask */
	bool has_value;	  /* a decision of CrowdSec, with a value that is an address */
	bool is_skipped;  /* for the reason @skip */
	bool is_bad;	  /* was reported */
	enum format_skip skip;
	const char *reason;	/* or NULL */
	int64_t expires_at_sec; /* 0: never said */
	uint32_t found_fields;	/* conditions of select, by their bits */
	uint32_t fulfilled;
	size_t depth;
};

/* Where a value is. */
struct json_place {
	const char *key; /* of the member that holds it, perhaps in arrays; NULL: none */
	enum field_role role;
	bool is_against;     /* the name is an action that is not that of the list */
	bool is_item;	     /* of an array */
	bool among_prefixes; /* and some item is a prefix */
};

/* Move the place of messages forward to a byte of the text. */
void json_walk_to(struct json_walk *walk, const char *position);

/* Begin an object inside @outer. Its strings must live as long as the scope. */
struct json_scope json_scope_of(struct json_walk *walk, const struct json_scope *outer,
				json_t *object);

/* Whether a string is an address, a network or a range, or begins like one. */
bool json_is_prefix(const char *text, size_t bytes);

/* The place of a member of the object that @scope was made of. Reports a name that is an
 * address. */
struct json_place json_place_of(struct json_walk *walk, const struct json_scope *scope,
				const char *key);

/* Add the addresses in a value. Return: 0, even after a bad value; -ENOMEM; -EINVAL: it was
 * reported. */
int json_walk_value(struct json_walk *walk, const struct json_scope *scope,
		    const struct json_place *place, json_t *value);

#endif
