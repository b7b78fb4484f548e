/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises files that are not lists, so that they give one error instead of one for each
 * line. */
#include "formats/foreign.h"

#include <string.h>

#include "formats/parser.h"

/* Packed and binary files begin with these. A tar file has its mark after a file name. */
static const struct {
	const char *magic;
	size_t bytes;
	size_t offset;
	const char *message;
} magics[] = {
	{ "PK\3\4", 4, 0, "a zip archive: unpack it, and name the list in it" },
	{ "\xfd"
	  "7zXZ",
	  5, 0, "packed with xz: unpack it, or pack it with gzip" },
	{ "BZh", 3, 0, "packed with bzip2: unpack it, or pack it with gzip" },
	{ "\x28\xb5\x2f\xfd", 4, 0, "packed with zstd: unpack it, or pack it with gzip" },
	{ "7z\xbc\xaf", 4, 0, "a 7-Zip archive: unpack it, and name the list in it" },
	{ "\x1f\x9d", 2, 0, "packed with compress: unpack it, or pack it with gzip" },
	{ "\x1f\x8b", 2, 0, "packed with gzip twice: unpack it once" },
	{ "ustar", 5, 257, "a tar archive: unpack it, and name the list in it" },
	{ "%PDF", 4, 0, "a PDF document: save the list as plain text" },
	{ "SQLite format 3", 15, 0, "an SQLite database: write the list out as plain text" },
	{ "\x7f"
	  "ELF",
	  4, 0, "a program: name the list" },
	{ "\xff\xfe", 2, 0, "a text in UTF-16: save it as UTF-8" },
	{ "\xfe\xff", 2, 0, "a text in UTF-16: save it as UTF-8" },
};

/* In UTF-16 text, every second byte is zero, however it begins. */
#define SAMPLE_BYTES 4096

static const char *find_binary(const char *bytes, size_t count)
{
	size_t zeros[2] = { 0, 0 };

	if (count > SAMPLE_BYTES)
		count = SAMPLE_BYTES;
	for (size_t i = 0; i < count; i++)
		zeros[i % 2] += bytes[i] == '\0';
	if (zeros[0] + zeros[1] < 2 || 8 * (zeros[0] + zeros[1]) < count)
		return NULL;
	if (8 * zeros[0] < zeros[1] || 8 * zeros[1] < zeros[0])
		return "a text in UTF-16: save it as UTF-8";
	return "a binary file: a list is plain text";
}

/* Sections of Apache's configuration look like tags. */
static bool is_apache(const char *bytes, size_t count)
{
	static const char *const sections[] = { "<Require", "<Location",    "<Directory", "<Files",
						"<Limit",   "<VirtualHost", "<IfModule" };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		size_t bytes_min = strlen(sections[i]);

		if (count > bytes_min && !memcmp(bytes, sections[i], bytes_min))
			return true;
	}
	return false;
}

static const char *find_markup(const char *bytes, size_t count, enum format format)
{
	const char *newline = memchr(bytes, '\n', count);
	size_t line_bytes = newline ? (size_t)(newline - bytes) : count;

	if (bytes[0] == '<' && count > 1 && !is_apache(bytes, count) &&
	    (strchr("!?/", bytes[1]) || ((bytes[1] | 0x20) >= 'a' && (bytes[1] | 0x20) <= 'z')))
		return "a page of HTML or XML, perhaps an error page or a login: fetch the list "
		       "itself";
	if (!json_begins(bytes, count) || format == FORMAT_AUTO || format == FORMAT_JSON)
		return NULL;
	if (bytes[0] == '{' && drop_json_is_record(bytes, line_bytes))
		return format == FORMAT_DROP_JSON ? NULL
						  : "JSON of Spamhaus: set format: drop-json";
	return "JSON: set format: json";
}

const char *foreign_find(const struct line_reader *lines, enum format format)
{
	const char *bytes = lines->buffer + lines->start;
	size_t count = lines->end - lines->start;
	const char *message;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (count >= magics[i].offset + magics[i].bytes &&
		    !memcmp(bytes + magics[i].offset, magics[i].magic, magics[i].bytes))
			return magics[i].message;
	}
	message = find_binary(bytes, count);
	if (message)
		return message;
	while (count > 0 && (is_blank(bytes[0]) || bytes[0] == '\r' || bytes[0] == '\n')) {
		bytes++;
		count--;
	}
	return count > 0 ? find_markup(bytes, count, format) : NULL;
}
