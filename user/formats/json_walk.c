/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides which strings of a JSON tree are addresses to list. A string in a member for addresses
 * must be one. In any other member, addresses count only if they are in an array, and if the
 * object has no member for addresses: so the lists of GitHub have them. Everything that leaves
 * the meaning open is an error.
 */
#include "formats/json_walk.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "formats/expiry.h"
#include "formats/value.h"

/* ---- places ------------------------------------------------------------------------ */

void json_walk_to(struct json_walk *walk, const char *position)
{
	const char *newline;

	while (walk->cursor < position &&
	       (newline = memchr(walk->cursor, '\n', (size_t)(position - walk->cursor)))) {
		walk->line.number++;
		walk->cursor = walk->line_start = newline + 1;
	}
	if (walk->cursor < position)
		walk->cursor = position;
}

/* Go to the place of a string. It is found by its first characters, which need no escapes. */
static struct token find_place(struct json_walk *walk, char *text, size_t bytes)
{
	size_t plain = 0;
	const char *found = NULL;

	while (plain < bytes && text[plain] != '/' && text[plain] != '"' && text[plain] != '\\' &&
	       text[plain] >= ' ')
		plain++;
	if (plain > 0 && walk->cursor < walk->end)
		found = memmem(walk->cursor, (size_t)(walk->end - walk->cursor), text, plain);
	if (found)
		json_walk_to(walk, found);
	walk->line.text = text;
	walk->line.bytes = bytes;
	return (struct token) { text, bytes, (size_t)(walk->cursor - walk->line_start) };
}

/* ---- what an object says -------------------------------------------------------------- */

/* Whether an action is not that of the list. A word that is no action says nothing. */
static bool is_of_other_action(const struct json_walk *walk, const json_t *value)
{
	char copy[32];
	struct token word = { copy, json_string_length(value), 0 };

	if (!json_is_string(value) || word.bytes >= sizeof(copy))
		return false;
	memcpy(copy, json_string_value(value), word.bytes);
	return value_is_of_other_action(&word, walk->reading->input->action);
}

static void read_expiry(struct json_walk *walk, struct json_scope *scope, const json_t *value)
{
	char text[64];
	struct token token;

	if (json_is_null(value))
		return;
	if (json_is_integer(value) && json_integer_value(value) >= 1000000000) {
		scope->expires_at_sec = json_integer_value(value);
		return;
	}
	if (!json_is_string(value) || json_string_length(value) >= sizeof(text)) {
		reading_bad(walk->reading, 0,
			    "an expiration must be a time such as 2026-12-31T23:59:59Z, a number "
			    "of seconds since 1970, or a duration such as 30d");
		scope->is_bad = true;
		return;
	}
	memcpy(text, json_string_value(value), json_string_length(value));
	token = find_place(walk, text, json_string_length(value));
	if (!expiry_read(walk->reading, &token, &scope->expires_at_sec))
		scope->is_bad = true;
}

static void skip_scope(struct json_scope *scope, enum format_skip skip)
{
	if (scope->is_skipped)
		return;
	scope->is_skipped = true;
	scope->skip = skip;
}

static void read_member(struct json_walk *walk, struct json_scope *scope, const char *key,
			const json_t *value, const char **name)
{
	switch (field_role_of(key)) {
	case FIELD_ADDRESS:
		scope->has_address |= json_is_string(value) || json_is_array(value);
		break;
	case FIELD_ACTION:
		if (is_of_other_action(walk, value))
			skip_scope(scope, FORMAT_SKIP_ACTION);
		break;
	case FIELD_REASON:
		if (json_string_length(value) > 0)
			scope->reason = json_string_value(value);
		break;
	case FIELD_NAME:
		if (json_string_length(value) > 0 && !*name)
			*name = json_string_value(value);
		break;
	case FIELD_EXPIRY:
		read_expiry(walk, scope, value);
		break;
	case FIELD_OFF_IF_FALSE:
		if (json_is_false(value))
			skip_scope(scope, FORMAT_SKIP_KIND);
		break;
	case FIELD_OFF_IF_TRUE:
		if (json_is_true(value))
			skip_scope(scope, FORMAT_SKIP_KIND);
		break;
	case FIELD_TRUSTED_IF_TRUE:
		if (json_is_true(value) && walk->reading->input->action == ACTION_BLOCK)
			skip_scope(scope, FORMAT_SKIP_ACTION);
		break;
	case FIELD_LENGTH:
		scope->has_length |= !json_is_null(value);
		break;
	case FIELD_EXCEPTIONS:
	case FIELD_OTHER:
		break;
	}
}

static bool fulfils(const struct select_condition *condition, const json_t *value)
{
	const json_t *item;
	char number[32];
	size_t i;

	if (json_is_string(value))
		return select_matches(condition, json_string_value(value),
				      json_string_length(value));
	if (json_is_boolean(value))
		return !strcasecmp(condition->value, json_is_true(value) ? "true" : "false");
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return !strcmp(condition->value, number);
	}
	json_array_foreach(value, i, item)
	{
		if (!json_is_array(item) && fulfils(condition, item))
			return true;
	}
	return false;
}

/* Compare a member with the conditions of select. */
static void select_member(const struct json_walk *walk, struct json_scope *scope, const char *key,
			  const json_t *value)
{
	const struct select *select = walk->reading->input->select;

	for (size_t i = 0; i < select->count; i++) {
		const struct select_condition *condition = &select->conditions[i];

		if (strcasecmp(condition->field, key) != 0)
			continue;
		scope->found_fields |= 1U << i;
		scope->fulfilled &= ~(1U << i);
		if (fulfils(condition, value))
			scope->fulfilled |= 1U << i;
	}
}

/* Decisions of CrowdSec have a value of some scope: "Ip", "Range", "Country" and others. Without a
 * scope, a value may be anything. */
static void read_decision(struct json_walk *walk, struct json_scope *scope, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "scope"));
	const bool is_decision = name && json_is_string(json_object_get(object, "value"));

	scope->has_value = is_decision && (!strcasecmp(name, "ip") || !strcasecmp(name, "range"));
	scope->has_address |= scope->has_value;
	/* Without any decision: {"deleted": null, "new": null} */
	walk->has_addresses |= is_decision || (json_is_null(json_object_get(object, "deleted")) &&
					       json_is_null(json_object_get(object, "new")));
}

struct json_scope json_scope_of(struct json_walk *walk, const struct json_scope *outer,
				json_t *object)
{
	struct json_scope scope = *outer;
	const char *key, *name = NULL;
	json_t *value;

	scope.has_address = false;
	scope.reason = NULL;
	scope.has_length = false;
	scope.depth++;
	json_object_foreach(object, key, value)
	{
		read_member(walk, &scope, key, value, &name);
		if (walk->reading->input->select)
			select_member(walk, &scope, key, value);
	}
	read_decision(walk, &scope, object);
	if (scope.has_address && scope.has_length) {
		reading_bad(walk->reading, 0,
			    "an address and its length or mask in two members: write the network "
			    "as one, such as 192.0.2.0/24");
		scope.is_bad = true;
	}
	walk->found_fields |= scope.found_fields;
	walk->has_addresses |= scope.has_address;
	if (!scope.reason)
		scope.reason = name ? name : outer->reason;
	return scope;
}

/* ---- addresses --------------------------------------------------------------------------- */

bool json_is_prefix(const char *text, size_t bytes)
{
	char copy[128];
	struct prefix prefix;
	enum prefix_error error;

	/* Most texts are none. */
	if (bytes == 0 || (!is_digit(text[0]) && !memchr(text, ':', bytes)))
		return false;
	if (bytes > sizeof(copy))
		bytes = sizeof(copy);
	memcpy(copy, text, bytes);
	error = prefix_parse(copy, bytes, &prefix, NULL);
	return error != PREFIX_NOT_AN_ADDRESS && error != PREFIX_EMPTY;
}

/* Whether all conditions of select hold. A field "key" that no object has stands for the name of
 * the member. */
static bool is_selected(struct json_walk *walk, const struct json_scope *scope,
			const struct json_place *place)
{
	const struct select *select = walk->reading->input->select;

	for (size_t i = 0; select && i < select->count; i++) {
		const struct select_condition *condition = &select->conditions[i];
		bool holds = scope->fulfilled & 1U << i;

		if (!(scope->found_fields & 1U << i) && place->key &&
		    !strcasecmp(condition->field, "key")) {
			walk->found_fields |= 1U << i;
			holds = select_matches(condition, place->key, strlen(place->key));
		}
		if (!holds)
			return false;
	}
	return true;
}

static int add_address(struct json_walk *walk, const struct json_scope *scope,
		       const struct json_place *place, const struct token *text)
{
	struct reading *reading = walk->reading;
	struct entry entry = reading_entry(reading);
	struct token prefix = *text;
	char reason[FORMAT_REASON_BYTES_MAX + 1];
	struct token reason_token = { reason, 0, 0 };
	struct prefix first, last;

	reading->result->record_count++;
	if (scope->is_bad)
		return 0;
	if (scope->is_skipped || !is_selected(walk, scope, place)) {
		reading_skip(reading, scope->is_skipped ? scope->skip : FORMAT_SKIP_SELECT);
		return 0;
	}
	if (scope->expires_at_sec)
		reading_expire(reading, &entry, scope->expires_at_sec);
	if (scope->reason) {
		reason_token.bytes = strnlen(scope->reason, FORMAT_REASON_BYTES_MAX);
		memcpy(reason, scope->reason, reason_token.bytes);
		entry.reason = line_reason(&reason_token);
	}
	entry.is_exclusion = text->bytes > 0 && text->text[0] == '!';
	if (entry.is_exclusion)
		prefix = (struct token) { text->text + 1, text->bytes - 1, text->position + 1 };
	if (prefix.bytes > 0 && reading_range(&prefix, &first, &last) == prefix.bytes)
		return reading_add_range(reading, text, &entry, &first, &last);
	if (!reading_prefix(reading, &prefix, HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	return reading_add(reading, text, &entry);
}

/* Whether a string in a member of another name is a list's address. @ret_message: why its meaning
 * is unclear; or NULL. */
static bool is_meant(const struct json_scope *scope, const struct json_place *place, bool is_prefix,
		     const char **ret_message)
{
	*ret_message = NULL;
	if (place->is_item && place->among_prefixes && !is_prefix)
		*ret_message = "is among addresses, but is none";
	else if (place->is_item && is_prefix && place->key && scope->has_address)
		*ret_message = "is an address, but not in a member that ipwl knows, such as ip, "
			       "cidr or prefix: remove the others, or rename this one";
	else if (!place->is_item && is_prefix && !scope->has_address)
		*ret_message = "is an address, but not in a member that ipwl knows, such as ip, "
			       "cidr or prefix: rename it";
	return place->is_item && is_prefix;
}

static int walk_string(struct json_walk *walk, const struct json_scope *scope,
		       const struct json_place *place, const json_t *value)
{
	char text[PREFIX_MESSAGE_BYTES];
	size_t bytes = json_string_length(value);
	const char *message = NULL;
	struct token token;

	if (place->role != FIELD_ADDRESS && place->role != FIELD_OTHER &&
	    place->role != FIELD_EXCEPTIONS)
		return 0;
	if (place->role != FIELD_ADDRESS) {
		bool is_prefix = json_is_prefix(json_string_value(value), bytes);

		if (!is_meant(scope, place, is_prefix, &message) && !message)
			return 0;
	}
	if (bytes >= sizeof(text))
		bytes = sizeof(text) - 1;
	memcpy(text, json_string_value(value), bytes);
	token = find_place(walk, text, bytes);
	if (place->role == FIELD_EXCEPTIONS)
		message = "is an exception from the list, which ipwl does not read here: write the "
			  "addresses one a line, and exceptions with !";
	if (!message)
		return add_address(walk, scope, place, &token);
	reading_bad(walk->reading, token.position + 1, "\"%.*s\" in %s %s", (int)bytes, text,
		    place->key ? place->key : "the array", message);
	return 0;
}

static bool has_prefix(const json_t *array)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		if (json_is_string(item) &&
		    json_is_prefix(json_string_value(item), json_string_length(item)))
			return true;
	}
	return false;
}

static int walk_array(struct json_walk *walk, const struct json_scope *scope,
		      const struct json_place *place, json_t *array)
{
	struct json_scope inner = *scope;
	struct json_place item_place = *place;
	json_t *item;
	size_t i;
	int err = 0;

	inner.depth++;
	item_place.is_item = true;
	item_place.among_prefixes = place->role != FIELD_ADDRESS && has_prefix(array);
	json_array_foreach(array, i, item)
	{
		err = json_walk_value(walk, &inner, &item_place, item);
		if (err)
			break;
	}
	return err;
}

struct json_place json_place_of(struct json_walk *walk, const struct json_scope *scope,
				const char *key)
{
	struct json_place place = { .key = key, .role = field_role_of(key) };
	char word[32];
	struct token token = { word, strnlen(key, sizeof(word)), 0 };

	if (scope->has_value && !strcmp(key, "value"))
		place.role = FIELD_ADDRESS;
	memcpy(word, key, token.bytes);
	/* "allowed": [...], "denied": [...] */
	if (place.role == FIELD_OTHER &&
	    (walk->reading->input->action == ACTION_ALLOW ? value_is_refusal(&token)
							  : value_is_grant(&token)))
		place.is_against = true;
	if ((is_digit(key[0]) || strchr(key, ':')) && json_is_prefix(key, strlen(key)))
		reading_bad(walk->reading, 0,
			    "%.80s is the name of a member: ipwl reads addresses only as values",
			    key);
	return place;
}

static int walk_object(struct json_walk *walk, const struct json_scope *scope, json_t *object)
{
	struct json_scope inner = json_scope_of(walk, scope, object);
	const char *key;
	json_t *value;
	int err = 0;

	json_object_foreach(object, key, value)
	{
		struct json_place place = json_place_of(walk, &inner, key);

		err = json_walk_value(walk, &inner, &place, value);
		if (err)
			break;
	}
	return err;
}

int json_walk_value(struct json_walk *walk, const struct json_scope *scope,
		    const struct json_place *place, json_t *value)
{
	struct json_scope skipped = *scope;

	if (scope->depth > JSON_DEPTH_MAX) {
		walk->is_refused = true;
		reading_spoil(walk->reading, 0,
			      "nested deeper than %d levels: write the addresses "
			      "one a line",
			      JSON_DEPTH_MAX);
		return -EINVAL;
	}
	if (place->is_against) {
		skip_scope(&skipped, FORMAT_SKIP_ACTION);
		scope = &skipped;
	}
	/* "deleted": [...] */
	if (place->role == FIELD_OFF_IF_TRUE && (json_is_object(value) || json_is_array(value))) {
		skip_scope(&skipped, FORMAT_SKIP_KIND);
		scope = &skipped;
	}
	if (json_is_object(value))
		return walk_object(walk, scope, value);
	if (json_is_array(value))
		return walk_array(walk, scope, place, value);
	if (json_is_string(value))
		return walk_string(walk, scope, place, value);
	if (place->role == FIELD_ADDRESS && json_is_number(value))
		reading_bad(walk->reading, 0, "a number in %s: write an address as text",
			    place->key);
	return 0;
}
