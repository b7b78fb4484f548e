/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as text and back. What is read must be what would be written. */
#include "fleet/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/siphash.h"
#include "base/utf8.h"
#include "fleet/clock.h"
#include "fleet/evidence.h"

#define FORMAT_VERSION "1"
#define VALUE_WORDS 10
#define NONE "-"

const char *const fleet_op_names[] = {
	[FLEET_ADD] = "add",
	[FLEET_END] = "end",
	[FLEET_DEL] = "del",
};
_Static_assert(sizeof(fleet_op_names) / sizeof(*fleet_op_names) == FLEET_OP_COUNT, "all");

/* ---- write -------------------------------------------------------------------------- */

const char *fleet_record_key(const struct fleet_record *record, char key[FLEET_KEY_BYTES])
{
	char *end = stpcpy(key, record->list);

	*end++ = ' ';
	end += strlen(prefix_format(&record->prefix, end));
	*end++ = ' ';
	stpcpy(end, fleet_kind_names[record->kind]);
	return key;
}

/* Whether text is UTF-8 without control characters, whatever the locale. */
static bool is_clean(const char *text)
{
	for (size_t left = strlen(text); left;) {
		const size_t bytes = utf8_char_bytes(text, left);

		if (!bytes || (unsigned char)*text < ' ' || *text == 0x7f)
			return false;
		text += bytes;
		left -= bytes;
	}
	return true;
}

/* Bytes that stand for themselves. A text is never "-" or empty. */
static bool is_literal(unsigned char byte)
{
	return byte > ' ' && byte != '%' && byte != 0x7f;
}

/* Return: the bytes written at @value, with a blank before them; 0: the text is no good. */
static size_t write_word(char *value, const char *text, size_t bytes_max)
{
	size_t count = 0;

	value[count++] = ' ';
	if (!text)
		text = "";
	if (strlen(text) > bytes_max || !is_clean(text))
		return 0;
	if (!*text || !strcmp(text, NONE))
		return (size_t)(stpcpy(value + count, *text ? "%2D" : NONE) - value);
	for (; *text; text++) {
		if (is_literal((unsigned char)*text))
			value[count++] = *text;
		else
			count += (size_t)sprintf(value + count, "%%%02X", (unsigned char)*text);
	}
	value[count] = '\0';
	return count;
}

size_t fleet_record_format(const struct fleet_record *record, char value[FLEET_VALUE_BYTES])
{
	const struct {
		const char *text;
		size_t bytes_max;
	} words[] = {
		{ record->author, FLEET_AUTHOR_BYTES_MAX },
		{ record->reason, FLEET_REASON_BYTES_MAX },
		{ record->scope.only_hosts, FLEET_HOSTS_BYTES_MAX },
		{ record->scope.not_hosts, FLEET_HOSTS_BYTES_MAX },
	};
	char *end = stpcpy(value, FORMAT_VERSION " ");
	size_t count;

	end = stpcpy(stpcpy(end, fleet_op_names[record->op]), " ");
	end = stpcpy(number_write(record->version, end), " ");
	end = stpcpy(stpcpy(end, action_names[record->action]), " ");
	end = stpcpy(number_write((uint64_t)record->added_at_sec, end), " ");
	count = (size_t)(number_write((uint64_t)record->expires_at_sec, end) - value);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const size_t bytes = write_word(value + count, words[i].text, words[i].bytes_max);

		if (!bytes)
			return 0;
		count += bytes;
	}
	return count;
}

/* ---- read --------------------------------------------------------------------------- */

/* The index of a word, or @count. */
static size_t find_name(const char *word, const char *const names[], size_t count)
{
	size_t i = 0;

	while (i < count && strcmp(word, names[i]))
		i++;
	return i;
}

/* Cut @text at its single blanks. Return: whether it has that many words. */
static bool split_words(char *text, char *words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *blank = strchr(text, ' ');

		words[i] = text;
		if (!*text || !blank != (i + 1 == count))
			return false;
		if (blank) {
			*blank = '\0';
			text = blank + 1;
		}
	}
	return true;
}

static bool read_hex(const char *text, unsigned char *ret_byte)
{
	const char hex[] = { text[0], text[0] ? text[1] : '\0', '\0' };
	int64_t byte;

	if (!hex[1] || !number_parse_hex(hex, 1, 255, &byte))
		return false;
	*ret_byte = (unsigned char)byte;
	return true;
}

/* @ret_text: NULL: there is none. */
static bool read_word(const char *word, char *room, size_t bytes_max, const char **ret_text)
{
	size_t count = 0;

	*ret_text = NULL;
	if (!strcmp(word, NONE))
		return true;
	while (*word) {
		unsigned char byte = (unsigned char)*word++;

		if (count == bytes_max)
			return false;
		if (byte == '%') {
			if (!read_hex(word, &byte))
				return false;
			word += 2;
		}
		room[count++] = (char)byte;
	}
	room[count] = '\0';
	*ret_text = room;
	return true;
}

static int read_key(const char *text, struct fleet_texts *texts, struct fleet_record *record)
{
	char key[FLEET_KEY_BYTES], *words[3];
	size_t kind;

	if (strlen(text) >= sizeof(key))
		return -EINVAL;
	memcpy(key, text, strlen(text) + 1);
	if (!split_words(key, words, 3) || strlen(words[0]) > POLICY_NAME_MAX ||
	    !policy_is_name(words[0]) ||
	    prefix_parse(words[1], strlen(words[1]), &record->prefix, NULL) != PREFIX_OK)
		return -EINVAL;
	kind = find_name(words[2], fleet_kind_names, FLEET_KIND_COUNT);
	if (kind == FLEET_KIND_COUNT)
		return -ENOTSUP;
	memcpy(texts->list, words[0], strlen(words[0]) + 1);
	record->list = texts->list;
	record->kind = (enum fleet_kind)kind;
	return 0;
}

static bool read_value(char *value, struct fleet_texts *texts, struct fleet_record *record)
{
	char *words[VALUE_WORDS];
	size_t op, action;
	int64_t version;

	if (!split_words(value, words, VALUE_WORDS))
		return false;
	op = find_name(words[1], fleet_op_names, FLEET_OP_COUNT);
	action = find_name(words[3], action_names, ACTION_COUNT);
	if (op == FLEET_OP_COUNT || action == ACTION_COUNT ||
	    !number_parse(words[2], 1, FLEET_VERSION_MAX, &version) ||
	    !number_parse(words[4], 0, INT64_MAX, &record->added_at_sec) ||
	    !number_parse(words[5], 0, INT64_MAX, &record->expires_at_sec))
		return false;
	record->op = (enum fleet_op)op;
	record->action = (enum action)action;
	record->version = (uint64_t)version;
	return read_word(words[6], texts->author, FLEET_AUTHOR_BYTES_MAX, &record->author) &&
	       read_word(words[7], texts->reason, FLEET_REASON_BYTES_MAX, &record->reason) &&
	       read_word(words[8], texts->only_hosts, FLEET_HOSTS_BYTES_MAX,
			 &record->scope.only_hosts) &&
	       read_word(words[9], texts->not_hosts, FLEET_HOSTS_BYTES_MAX,
			 &record->scope.not_hosts) &&
	       (!record->scope.only_hosts || scope_are_hosts(record->scope.only_hosts)) &&
	       (!record->scope.not_hosts || scope_are_hosts(record->scope.not_hosts)) &&
	       (record->op != FLEET_ADD || !policy_refuse_prefix(&record->prefix, record->action));
}

/* Whether a newer version wrote the value: in another format, or of an operation that is new. */
static bool is_newer(const char *value)
{
	static const char format[] = FORMAT_VERSION " ";
	char op[16];
	int64_t number;
	size_t bytes;

	if (strncmp(value, format, strlen(format)) != 0) {
		bytes = number_scan(value, strlen(value), &number);
		return bytes && value[bytes] == ' ';
	}
	value += strlen(format);
	bytes = strcspn(value, " ");
	if (!bytes || bytes >= sizeof(op))
		return bytes > 0;
	memcpy(op, value, bytes);
	op[bytes] = '\0';
	return find_name(op, fleet_op_names, FLEET_OP_COUNT) == FLEET_OP_COUNT;
}

int fleet_record_parse(const char *origin, const char *key, const char *value,
		       struct fleet_texts *texts, struct fleet_record *ret_record)
{
	char copy[FLEET_VALUE_BYTES], again[FLEET_VALUE_BYTES], key_again[FLEET_KEY_BYTES];
	struct fleet_record record = { 0 };
	int err;

	if (!scope_is_host(origin) || strlen(value) >= sizeof(copy))
		return -EINVAL;
	memcpy(texts->origin, origin, strlen(origin) + 1);
	record.origin = texts->origin;
	memcpy(copy, value, strlen(value) + 1);
	err = read_key(key, texts, &record);
	if (err)
		return err;
	if (is_newer(value))
		return -ENOTSUP;
	if (!read_value(copy, texts, &record) ||
	    strcmp(fleet_record_key(&record, key_again), key) ||
	    !fleet_record_format(&record, again) || strcmp(again, value) ||
	    (record.kind == FLEET_EVIDENCE && !fleet_evidence_is_valid(&record)))
		return -EINVAL;
	*ret_record = record;
	return 0;
}

/* ---- the rest ----------------------------------------------------------------------- */

uint64_t fleet_record_digest(const struct fleet_record *record)
{
	/* Records are authenticated elsewhere; this only compares what two hosts have. */
	static const uint8_t key[SIPHASH_KEY_BYTES] = "ipwl fleet 1";
	char text[FLEET_KEY_BYTES + 64];
	char *end = text + strlen(fleet_record_key(record, text));

	end = number_write(record->version, stpcpy(end, " "));
	end = number_write(record->op, stpcpy(end, " "));
	return siphash(key, text, (size_t)(end - text));
}

/* Copy @text to *@room and step over it. */
static const char *pack_text(const char *text, char **room)
{
	char *copy = *room;
	size_t bytes;

	if (!text)
		return NULL;
	bytes = strlen(text) + 1;
	memcpy(copy, text, bytes);
	*room += bytes;
	return copy;
}

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* @extra_bytes: of room after the copy, at *@ret_room. */
static struct fleet_record *copy_texts(const struct fleet_record *record, size_t extra_bytes,
				       char **ret_room)
{
	const size_t bytes = text_bytes(record->author) + text_bytes(record->reason) +
			     text_bytes(record->scope.only_hosts) +
			     text_bytes(record->scope.not_hosts);
	struct fleet_record *copy = malloc(sizeof(*copy) + bytes + extra_bytes);
	char *room;

	if (!copy)
		return NULL;
	room = (char *)(copy + 1);
	*copy = *record;
	copy->author = pack_text(record->author, &room);
	copy->reason = pack_text(record->reason, &room);
	copy->scope.only_hosts = pack_text(record->scope.only_hosts, &room);
	copy->scope.not_hosts = pack_text(record->scope.not_hosts, &room);
	*ret_room = room;
	return copy;
}

struct fleet_record *fleet_record_copy(const struct fleet_record *record)
{
	char *room;
	struct fleet_record *copy =
	    copy_texts(record, text_bytes(record->origin) + text_bytes(record->list), &room);

	if (!copy)
		return NULL;
	copy->origin = pack_text(record->origin, &room);
	copy->list = pack_text(record->list, &room);
	return copy;
}

struct fleet_record *fleet_record_share(const struct fleet_record *record, const char *origin,
					const char *list)
{
	char *room;
	struct fleet_record *copy = copy_texts(record, 0, &room);

	if (!copy)
		return NULL;
	copy->origin = origin;
	copy->list = list;
	return copy;
}
