/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats with one prefix per line and comments: ipwl's own list files, Spamhaus DROP as text,
 * and FireHOL's sets. The latter two have headers in comments. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "formats/parser.h"
#include "formats/reading.h"
#include "formats/value.h"

static bool begins_comment(char c)
{
	return c == '#' || c == ';';
}

static size_t skip_blanks(const struct line *line, size_t position)
{
	while (position < line->bytes && is_blank(line->text[position]))
		position++;
	return position;
}

static size_t find_token_end(const struct line *line, size_t position)
{
	while (position < line->bytes && !is_blank(line->text[position]) &&
	       !begins_comment(line->text[position]))
		position++;
	return position;
}

/* The text of the comment at @position without its marks, or @otherwise. */
static const char *take_reason(const struct line *line, size_t position, const char *otherwise)
{
	struct token rest;
	const char *reason;

	if (position == line->bytes)
		return otherwise;
	while (position < line->bytes &&
	       (begins_comment(line->text[position]) || is_blank(line->text[position])))
		position++;
	rest = (struct token) { line->text + position, line->bytes - position, position };
	reason = line_reason(&rest);
	return reason ? reason : otherwise;
}

/* Whether a semicolon begins a comment, and not the fields of a table. @key is the text before
 * it. Returns false if not, which was reported. */
static bool check_semicolon(struct reading *reading, const struct token *key, size_t position)
{
	const struct line *line = reading->line;
	struct token rest = { line->text + position + 1, line->bytes - position - 1, position + 1 };
	bool is_tight = position > 0 && !is_blank(line->text[position - 1]);
	struct token field, word;
	size_t count = 0;

	token_cut_comment(&rest);
	while (token_field(&rest, ';', &field)) {
		enum value_kind kind = VALUE_FREE;

		field = token_trim(field);
		if (field.bytes > 0 && !memchr(field.text, ' ', field.bytes))
			kind = value_look(key, &field, &word);
		if (is_tight && !kind && ++count > 1)
			kind = VALUE_SIGN;
		if (!kind || (kind > VALUE_ADDRESS && !is_tight))
			continue;
		reading_bad(reading, field.position + 1,
			    "\"%.*s\" after a semicolon may be a field of a table: write one "
			    "prefix a line, a range as 192.0.2.1 - 192.0.2.9, a network as "
			    "192.0.2.0/24, and # before a comment",
			    (int)field.bytes, field.text);
		return false;
	}
	return true;
}

/* Whether only a comment follows @key, at @position. If not, it was reported. */
static bool check_behind(struct reading *reading, const struct token *key, size_t position)
{
	const struct line *line = reading->line;
	struct token rest = { line->text + position, line->bytes - position, position };
	char remedy[VALUE_REMEDY_BYTES];
	enum value_kind kind;
	struct token word;

	if (position == line->bytes || line->text[position] == '#')
		return true;
	if (line->text[position] == ';')
		return check_semicolon(reading, key, position);
	kind = value_look(key, &rest, &word);
	if (!kind)
		word = token_word(&rest);
	reading_bad(reading, position + 1, "unexpected \"%.*s\" after the prefix: %s",
		    (int)(find_token_end(line, position) - position), line->text + position,
		    value_remedy(kind, key, &word, remedy));
	return false;
}

/* Read a range. It has a dash, which no prefix has. Return: 1: this is no range; 0; -ENOMEM. */
static int read_range(struct reading *reading, size_t start)
{
	struct line *line = reading->line;
	struct token token = { line->text + start, line->bytes - start, start };
	struct entry entry = reading_entry(reading);
	struct prefix first, last;
	size_t bytes, behind;

	if (!memchr(token.text, '-', token.bytes))
		return 1;
	entry.is_exclusion = token.text[0] == '!';
	if (entry.is_exclusion)
		token = (struct token) { token.text + 1, token.bytes - 1, token.position + 1 };
	bytes = reading_range(&token, &first, &last);
	if (bytes == 0)
		return 1;
	behind = skip_blanks(line, token.position + bytes);
	token.bytes = bytes;
	if (!check_behind(reading, &token, behind))
		return 0;
	entry.reason = take_reason(line, behind, entry.reason);
	return reading_add_range(reading, &token, &entry, &first, &last);
}

static int read_prefixes(struct reading *reading, enum host_bits host_bits)
{
	struct line *line = reading->line;
	struct entry entry = reading_entry(reading);
	size_t start = skip_blanks(line, 0), end = find_token_end(line, start), behind;
	struct token token = { line->text + start, end - start, start };
	struct token prefix = token;
	int result;

	if (start == end)
		return 0;
	reading->result->record_count++;
	entry.is_exclusion = token.text[0] == '!';
	if (entry.is_exclusion)
		prefix = (struct token) { token.text + 1, token.bytes - 1, start + 1 };
	if (prefix_parse(prefix.text, prefix.bytes, &entry.prefix, NULL) != PREFIX_OK) {
		result = read_range(reading, start);
		if (result != 1)
			return result;
		if (!reading_prefix(reading, &prefix, host_bits, &entry.prefix))
			return 0;
	}
	behind = skip_blanks(line, end);
	if (behind < line->bytes && line->text[behind] == '-') {
		result = read_range(reading, start);
		if (result != 1)
			return result;
	}
	if (!check_behind(reading, &prefix, behind))
		return 0;
	entry.reason = take_reason(line, behind, entry.reason);
	return reading_add(reading, &token, &entry);
}

static int read_plain(struct reading *reading)
{
	return read_prefixes(reading, HOST_BITS_REFUSE);
}

bool plain_is_line(const struct token *content)
{
	struct line line = { .text = content->text, .bytes = content->bytes };
	size_t end = find_token_end(&line, 0), behind = skip_blanks(&line, end);
	struct token prefix = { content->text, end, 0 }, range = *content;
	struct prefix first, last;

	if (prefix.bytes > 0 && prefix.text[0] == '!') {
		prefix = (struct token) { prefix.text + 1, end - 1, 1 };
		range = (struct token) { range.text + 1, range.bytes - 1, 1 };
	}
	if (token_is_prefix(&prefix))
		return prefix.text[0] != '[' &&
		       (behind == line.bytes || begins_comment(line.text[behind]) ||
			reading_range(&range, &first, &last) > 0);
	return reading_range(&range, &first, &last) > 0;
}

/* ---- what headers say --------------------------------------------------------- */

/* The text after "; NAME:" or "# NAME :"; empty for another line. */
static struct token header_value(const struct line *line, const char *name)
{
	struct token content = line_content(line), none = { 0 };

	if (content.bytes == 0 || !begins_comment(content.text[0]))
		return none;
	content = token_trim(
	    (struct token) { content.text + 1, content.bytes - 1, content.position + 1 });
	if (!token_begins(&content, name))
		return none;
	content.text += strlen(name);
	content.bytes -= strlen(name);
	content = token_trim(content);
	if (content.bytes == 0 || content.text[0] != ':')
		return none;
	return token_trim((struct token) { content.text + 1, content.bytes - 1, 0 });
}

/* Parse a date in the form of either header, in UTC; 0: it is another form. */
static int64_t parse_date(const struct token *value)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S UTC %Y" };
	char text[64];

	if (!value->text || value->bytes >= sizeof(text))
		return 0;
	memcpy(text, value->text, value->bytes);
	text[value->bytes] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };

		if (strptime(text, forms[i], &tm))
			return timegm(&tm);
	}
	return 0;
}

/* "# Entries : 4613 subnets, 613425154 unique IPs": the first number counts lines. If several
 * sets were joined in one file, each has a header. */
static int read_netset(struct reading *reading)
{
	struct token count = header_value(reading->line, "Entries");
	struct token date = header_value(reading->line, "This File Date");

	if (count.text) {
		struct token word = token_word(&count);
		uint64_t more;

		if (token_number(&word, &more)) {
			reading->result->has_declared_count = true;
			reading->result->declared_count += more;
		}
	}
	if (date.text)
		reading->result->declared_at_sec = parse_date(&date);
	/* ipset does the same. */
	return read_prefixes(reading, HOST_BITS_CUT);
}

static bool is_netset_mark(const struct token *content, bool is_first)
{
	const struct line line = { .text = content->text, .bytes = content->bytes };
	struct token entries = header_value(&line, "Entries");
	struct token word = entries.text ? token_word(&entries) : entries;
	uint64_t count;

	(void)is_first;
	if (entries.text && token_number(&word, &count))
		return token_begins(&entries, "unique IPs") || token_begins(&entries, "subnets");
	return content->text[0] == '#' &&
	       (memmem(content->text, content->bytes, "hash:net ipset", 14) ||
		memmem(content->text, content->bytes, "hash:ip ipset", 13));
}

/* "; Last-Modified: Fri, 30 Dec 2016 15:22:33 GMT" */
static int read_drop_text(struct reading *reading)
{
	struct token date = header_value(reading->line, "Last-Modified");

	if (date.text)
		reading->result->declared_at_sec = parse_date(&date);
	return read_plain(reading);
}

static bool is_drop_mark(const struct token *content, bool is_first)
{
	(void)is_first;
	return content->text[0] == ';' && memmem(content->text, content->bytes, "Spamhaus", 8) &&
	       memmem(content->text, content->bytes, "DROP", 4);
}

/* "203.0.113.0/24 ; SBL000001" */
static bool is_drop_line(const struct token *content)
{
	struct token rest = *content;
	struct token prefix = token_word(&rest);

	if (!token_begins(&rest, ";") || !token_is_prefix(&prefix))
		return false;
	rest = token_trim((struct token) { rest.text + 1, rest.bytes - 1, 0 });
	return token_begins(&rest, "SBL") && rest.bytes > 3 && is_digit(rest.text[3]);
}

const struct format_parser format_plain = {
	.record_nouns = { "prefix", "prefixes" },
	.line_bytes_max = FORMAT_PLAIN_LINE_BYTES_MAX,
	.is_by_line = true,
	.read_line = read_plain,
};

const struct format_parser format_drop_text = {
	.record_nouns = { "prefix", "prefixes" },
	.line_bytes_max = FORMAT_PLAIN_LINE_BYTES_MAX,
	.is_by_line = true,
	.is_mark = is_drop_mark,
	.is_own = is_drop_line,
	.read_line = read_drop_text,
};

const struct format_parser format_netset = {
	.record_nouns = { "prefix", "prefixes" },
	.line_bytes_max = FORMAT_PLAIN_LINE_BYTES_MAX,
	.is_by_line = true,
	.is_mark = is_netset_mark,
	.read_line = read_netset,
};
