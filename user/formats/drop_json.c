/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spamhaus DROP as JSON: one object per line. The last one describes the list itself. */
#include <jansson.h>
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"

/* {"type":"metadata","timestamp":1750000000,"records":1397} */
static void read_metadata(struct reading *reading, const json_t *object)
{
	const json_t *records = json_object_get(object, "records");
	const json_t *timestamp = json_object_get(object, "timestamp");

	if (json_is_integer(records) && json_integer_value(records) >= 0) {
		reading->result->has_declared_count = true;
		reading->result->declared_count += (uint64_t)json_integer_value(records);
	}
	if (json_is_integer(timestamp))
		reading->result->declared_at_sec = json_integer_value(timestamp);
}

/* Warn of unknown keys. Spamhaus may add keys that do not change the meaning of the prefix. */
static void note_unknown_keys(struct reading *reading, json_t *object)
{
	static const char *const known[] = {
		"cidr", "sblid", "rir", "asn", "domain", "cc", "asname"
	};
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], key) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			reading_note(reading, 0, "unknown key %s in a record: ignored", key);
	}
}

/* Whether this is a flat record of a prefix or an AS. If not, it was reported. */
static bool check_record(struct reading *reading, json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_object_get(object, "cidr") && !json_object_get(object, "asn")) {
		reading_bad(reading, 1,
			    "a record without cidr: JSON of another kind than Spamhaus DROP; write "
			    "the prefixes out, one a line");
		return false;
	}
	json_object_foreach(object, key, value)
	{
		if (!json_is_object(value) && !json_is_array(value))
			continue;
		reading_bad(reading, 1,
			    "%s holds more than one value: write an object for each prefix", key);
		return false;
	}
	note_unknown_keys(reading, object);
	return true;
}

static int read_record(struct reading *reading, json_t *object)
{
	const json_t *cidr = json_object_get(object, "cidr");
	const char *reason = json_string_value(json_object_get(object, "sblid"));
	struct entry entry = reading_entry(reading);
	char text[PREFIX_MESSAGE_BYTES];
	struct token token = { .text = text };

	reading->result->record_count++;
	if (!check_record(reading, object))
		return 0;
	if (!cidr) {
		reading_skip(reading, FORMAT_SKIP_NO_PREFIX);
		return 0;
	}
	if (!json_is_string(cidr) || json_string_length(cidr) >= sizeof(text)) {
		reading_bad(reading, 0, "the cidr of a record must be a string with a prefix");
		return 0;
	}
	token.bytes = json_string_length(cidr);
	memcpy(text, json_string_value(cidr), token.bytes);
	if (!reading_prefix(reading, &token, HOST_BITS_REFUSE, &entry.prefix))
		return 0;
	if (reason) {
		char copy[PREFIX_MESSAGE_BYTES];
		int bytes = snprintf(copy, sizeof(copy), "%s", reason);
		struct token rest = { copy, strnlen(copy, sizeof(copy)), 0 };

		reason = bytes > 0 ? line_reason(&rest) : NULL;
		entry.reason = reason ? reason : entry.reason;
		return reading_add(reading, &token, &entry);
	}
	return reading_add(reading, &token, &entry);
}

static int read_json(struct reading *reading)
{
	struct token content = line_content(reading->line);
	json_error_t error;
	const char *type;
	json_t *object;
	int err = 0;

	if (content.bytes == 0)
		return 0;
	object = json_loadb(content.text, content.bytes, JSON_REJECT_DUPLICATES, &error);
	type = json_string_value(json_object_get(object, "type"));
	if (!object)
		reading_bad(reading,
			    content.position + (error.column > 0 ? (size_t)error.column : 1),
			    "not JSON: %s; write one object a line", error.text);
	else if (!json_is_object(object))
		reading_bad(
		    reading, 1,
		    "not a JSON object: write one object a line, without an array around them");
	else if (type && !strcmp(type, "metadata"))
		read_metadata(reading, object);
	else
		err = read_record(reading, object);
	json_decref(object);
	return err;
}

bool drop_json_is_record(const char *text, size_t bytes)
{
	return memmem(text, bytes, "\"cidr\"", 6) || memmem(text, bytes, "\"asn\"", 5) ||
	       (memmem(text, bytes, "\"type\"", 6) && memmem(text, bytes, "\"metadata\"", 10));
}

/* A record with a network and nothing of Spamhaus may have fields that skip it. */
static bool is_json_line(const struct token *line)
{
	return line->text[0] == '{' && line->text[line->bytes - 1] == '}' &&
	       !memchr(line->text + 1, '{', line->bytes - 1) &&
	       !memchr(line->text + 1, '[', line->bytes - 1) &&
	       drop_json_is_record(line->text, line->bytes) &&
	       (memmem(line->text, line->bytes, "\"sblid\"", 7) ||
		memmem(line->text, line->bytes, "\"rir\"", 5) ||
		!memmem(line->text, line->bytes, "\"cidr\"", 6));
}

const struct format_parser format_drop_json = {
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_json_line,
	.read_line = read_json,
};
