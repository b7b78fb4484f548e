/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of addresses, as providers publish it. Small values are parsed to trees by jansson. Large
 * containers are taken apart first, so that a list of any size needs little memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json_scan.h"
#include "formats/json_walk.h"
#include "formats/parser.h"

/* A container that is larger is taken apart. */
#define TREE_BYTES_MAX 65536
/* Members of one object that is larger. */
#define MEMBERS_MAX 65536
#define PARSE_FLAGS (JSON_DECODE_ANY | JSON_REJECT_DUPLICATES)

/* ---- the text ------------------------------------------------------------------------ */

/* Read all data into memory, to be freed. Return: 0; -ENOMEM; -EINVAL: it was reported. */
static int read_text(struct reading *reading, struct line_reader *lines, char **ret_text,
		     size_t *ret_bytes)
{
	size_t used = lines->end - lines->start, size = LINES_BUFFER_BYTES;
	char *text = malloc(size);
	ssize_t bytes = lines->is_at_end ? 0 : 1;

	if (!text)
		return -ENOMEM;
	memcpy(text, lines->buffer + lines->start, used);
	while (bytes > 0) {
		if (used == size) {
			char *larger;

			if (size >= FORMAT_UNPACKED_BYTES_MAX)
				break;
			larger = realloc(text, size * 2);
			if (!larger) {
				free(text);
				return -ENOMEM;
			}
			text = larger;
			size *= 2;
		}
		bytes = format_stream_read(lines->stream, text + used, size - used);
		if (bytes > 0)
			used += (size_t)bytes;
	}
	if (bytes != 0) {
		free(text);
		if (bytes > 0)
			reading_spoil(reading, 0, "longer than %lu MiB: split it into several",
				      FORMAT_UNPACKED_BYTES_MAX >> 20);
		return bytes > 0 ? -EINVAL : (int)bytes;
	}
	*ret_text = text;
	*ret_bytes = used;
	return 0;
}

static int refuse_text(struct json_walk *walk, const char *position, const char *message)
{
	walk->is_refused = true;
	json_walk_to(walk, position);
	reading_spoil(walk->reading, (size_t)(walk->cursor - walk->line_start) + 1,
		      "not JSON: %s; if the file was cut off, fetch it again", message);
	return -EINVAL;
}

/* Parse a value. NULL: it was reported. */
static json_t *parse_slice(struct json_walk *walk, const struct json_slice *slice)
{
	json_error_t error;
	json_t *value = json_loadb(slice->text, slice->bytes, PARSE_FLAGS, &error);

	if (value)
		return value;
	refuse_text(walk,
		    slice->text + (error.position > 0 && (size_t)error.position <= slice->bytes
				       ? (size_t)error.position - 1
				       : 0),
		    error.text);
	return NULL;
}

/* ---- large containers ------------------------------------------------------------------ */

static int read_slice(struct json_walk *walk, const struct json_scope *scope,
		      const struct json_place *place, const struct json_slice *slice);

static bool is_container(const struct json_slice *slice)
{
	return slice->bytes > 0 && (slice->text[0] == '{' || slice->text[0] == '[');
}

static bool is_large(const struct json_slice *slice)
{
	return slice->bytes > TREE_BYTES_MAX && is_container(slice);
}

static bool has_prefix(const struct json_slice *array)
{
	size_t position;
	enum json_next next = json_enter(array, &position);

	while (next == JSON_NEXT_VALUE) {
		struct json_slice item = json_find_value(array->text, array->bytes, position);

		if (item.bytes > 2 && item.text[0] == '"' &&
		    json_is_prefix(item.text + 1, item.bytes - 2))
			return true;
		position += item.bytes;
		next = item.bytes > 0 ? json_go_on(array, &position) : JSON_NEXT_ERROR;
	}
	return false;
}

static int read_large_array(struct json_walk *walk, const struct json_scope *scope,
			    const struct json_place *place, const struct json_slice *array)
{
	struct json_scope inner = *scope;
	struct json_place item_place = *place;
	size_t position;
	enum json_next next = json_enter(array, &position);

	inner.depth++;
	item_place.is_item = true;
	item_place.among_prefixes = place->role != FIELD_ADDRESS && has_prefix(array);
	while (next == JSON_NEXT_VALUE) {
		struct json_slice item = json_find_value(array->text, array->bytes, position);
		int err = read_slice(walk, &inner, &item_place, &item);

		if (err)
			return err;
		position += item.bytes;
		next = json_go_on(array, &position);
	}
	return next == JSON_NEXT_END
		   ? 0
		   : refuse_text(walk, array->text + position, "a comma or ] is missing");
}

/* The members of a large object. A large value is represented by an empty one. */
struct members {
	json_t *object;
	struct member {
		struct json_slice slice;
		json_t *value;
	} * items;
	size_t count;
};

static int add_member(struct json_walk *walk, struct members *members, const char *key,
		      const struct json_slice *slice)
{
	struct member *items;
	json_t *value;

	if (members->count == MEMBERS_MAX)
		return refuse_text(walk, slice->text, "an object has too many members");
	if (json_object_get(members->object, key))
		return refuse_text(walk, slice->text, "the name of the member is duplicated");
	/* The number is a power of two. */
	if ((members->count & (members->count - 1)) == 0) {
		items = realloc(members->items,
				(members->count ? 2 * members->count : 1) * sizeof(*items));
		if (!items)
			return -ENOMEM;
		members->items = items;
	}
	if (!is_large(slice))
		value = parse_slice(walk, slice);
	else
		value = slice->text[0] == '{' ? json_object() : json_array();
	if (!value)
		return is_large(slice) ? -ENOMEM : -EINVAL;
	members->items[members->count++] = (struct member) { *slice, value };
	return json_object_set_new(members->object, key, value) ? -ENOMEM : 0;
}

static int find_members(struct json_walk *walk, const struct json_slice *object,
			struct members *members)
{
	size_t position;
	enum json_next next = json_enter(object, &position);
	int err = 0;

	while (next == JSON_NEXT_VALUE && !err) {
		struct json_slice name = json_find_value(object->text, object->bytes, position);
		struct json_slice value;
		json_t *key = parse_slice(walk, &name);

		if (!key)
			return -EINVAL;
		position += name.bytes;
		if (!json_is_string(key) || !json_go_to_value(object, &position)) {
			json_decref(key);
			return refuse_text(walk, name.text, "a member has no name or no value");
		}
		value = json_find_value(object->text, object->bytes, position);
		err = add_member(walk, members, json_string_value(key), &value);
		json_decref(key);
		position += value.bytes;
		next = json_go_on(object, &position);
	}
	if (!err && next != JSON_NEXT_END)
		err = refuse_text(walk, object->text + position, "a comma or } is missing");
	return err;
}

static int read_members(struct json_walk *walk, const struct json_scope *scope,
			const struct members *members)
{
	struct json_scope inner = json_scope_of(walk, scope, members->object);
	size_t i = 0;
	const char *key;
	json_t *value;
	int err = 0;

	json_object_foreach(members->object, key, value)
	{
		const struct member *member = &members->items[i++];
		struct json_place place = json_place_of(walk, &inner, key);

		if (is_large(&member->slice))
			err = read_slice(walk, &inner, &place, &member->slice);
		else
			err = json_walk_value(walk, &inner, &place, value);
		if (err)
			break;
	}
	return err;
}

static int read_large_object(struct json_walk *walk, const struct json_scope *scope,
			     const struct json_slice *object)
{
	struct members members = { .object = json_object() };
	int err = members.object ? find_members(walk, object, &members) : -ENOMEM;

	if (!err)
		err = read_members(walk, scope, &members);
	json_decref(members.object);
	free(members.items);
	return err;
}

static int read_slice(struct json_walk *walk, const struct json_scope *scope,
		      const struct json_place *place, const struct json_slice *slice)
{
	json_t *value;
	int err;

	walk->end = slice->text + slice->bytes;
	if (is_large(slice) && scope->depth <= JSON_DEPTH_MAX)
		return slice->text[0] == '{' ? read_large_object(walk, scope, slice)
					     : read_large_array(walk, scope, place, slice);
	value = parse_slice(walk, slice);
	if (!value)
		return -EINVAL;
	err = json_walk_value(walk, scope, place, value);
	json_decref(value);
	return err;
}

/* ---- the document ---------------------------------------------------------------------- */

/* Report conditions of select that no record can fulfil, and a text without addresses. */
static void check_found(const struct json_walk *walk)
{
	const struct select *select = walk->reading->input->select;

	for (size_t i = 0; select && i < select->count; i++) {
		if (!(walk->found_fields & 1U << i))
			reading_spoil(walk->reading, 0,
				      "no record has the field %s of select: correct its name",
				      select->conditions[i].field);
	}
	if (!walk->has_addresses && !walk->reading->result->record_count &&
	    !walk->reading->result->bad_line_count)
		reading_spoil(walk->reading, 0,
			      "JSON without a member for addresses that ipwl knows, such as ip, "
			      "cidr or prefix: write the addresses out, one a line");
}

/* Read one value after another: a file may have an object a line. */
static int read_values(struct json_walk *walk, const char *text, size_t bytes)
{
	static const struct json_scope outermost = { .depth = 0 };
	static const struct json_place place = { .key = NULL };
	size_t position = json_skip_blanks(text, bytes, 0);
	int err = 0;

	while (position < bytes && !err) {
		struct json_slice slice = json_find_value(text, bytes, position);

		if (!is_container(&slice))
			return refuse_text(walk, text + position, "neither an object nor an array");
		json_walk_to(walk, slice.text);
		walk->has_addresses |= slice.bytes == 2;
		err = read_slice(walk, &outermost, &place, &slice);
		position = json_skip_blanks(text, bytes, position + slice.bytes);
	}
	if (!err)
		json_walk_to(walk, text + bytes);
	return err;
}

static int read_json(struct reading *reading, struct line_reader *lines)
{
	struct json_walk walk = { .reading = reading, .line = { .number = 1 } };
	char *text = NULL;
	size_t bytes = 0;
	int err;

	reading->current = (struct line) { .number = 1 };
	reading->line = &reading->current;
	err = read_text(reading, lines, &text, &bytes);
	if (!err) {
		walk.cursor = walk.line_start = text;
		reading->line = &walk.line;
		err = read_values(&walk, text, bytes);
		reading->result->line_count =
		    walk.line.number - (!err && walk.line_start == text + bytes);
		reading->current = (struct line) { .number = 1 };
		reading->line = &reading->current;
		if (!err)
			check_found(&walk);
	}
	free(text);
	return walk.is_refused ? 0 : err;
}

bool json_begins(const char *text, size_t bytes)
{
	if (text[0] == '{')
		return true;
	/* "[2001:db8::]/32" is a prefix. */
	return text[0] == '[' &&
	       (bytes == 1 || (text[1] != '\0' && strchr(" \t\r\n{[\"]", text[1])));
}

static bool is_json_mark(const struct token *line, bool is_first)
{
	return is_first && json_begins(line->text, line->bytes) && !format_drop_json.is_own(line);
}

const struct format_parser format_json_text = {
	.record_nouns = { "address", "addresses" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_mark = is_json_mark,
	.has_fields = true,
	.read_all = read_json,
};
