/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of the kernel as ipset(8) saves and lists them. */
#include <string.h>

#include "formats/expiry.h"
#include "formats/parser.h"
#include "formats/spelling.h"

#define SET_NAME_BYTES 64

struct ipset {
	char name[SET_NAME_BYTES]; /* of the set with elements; empty: none yet */
	bool is_member;		   /* the lines after "Members:" */
	int64_t timeout_sec;	   /* of elements without one; 0: none */
	uint8_t netmask;	   /* the length of elements that are addresses; 0: their own */
};

/* Several sets in one file would become one list. */
static bool take_name(struct reading *reading, const struct token *name)
{
	struct ipset *set = reading->state;

	if (name->bytes == 0 || name->bytes >= SET_NAME_BYTES) {
		reading_bad(reading, name->position + 1, "the name of the set is missing");
		return false;
	}
	if (set->name[0] == '\0') {
		memcpy(set->name, name->text, name->bytes);
		return true;
	}
	if (token_is(name, set->name))
		return true;
	reading_spoil(reading, name->position + 1,
		      "the set %.*s after the set %s: save one set, with ipset save NAME",
		      (int)name->bytes, name->text, set->name);
	return false;
}

static bool read_timeout(const struct token *word, int64_t *ret_sec)
{
	uint64_t number;

	if (!token_number(word, &number) || number > INT32_MAX)
		return false;
	*ret_sec = (int64_t)number;
	return true;
}

static bool read_netmask(const struct token *word, uint8_t *ret_len)
{
	uint64_t number;

	if (!token_number(word, &number) || number == 0 || number > 128)
		return false;
	*ret_len = (uint8_t)number;
	return true;
}

/* Find the options of a set that say something about its elements. */
static void take_options(struct reading *reading, struct token rest)
{
	struct ipset *set = reading->state;

	while (rest.bytes > 0) {
		struct token word = token_word(&rest), value;

		if (token_is(&word, "bitmask"))
			reading_spoil(reading, word.position + 1,
				      "a bitmask, so the elements are not networks: save a set "
				      "without one");
		if (!token_is(&word, "timeout") && !token_is(&word, "netmask"))
			continue;
		value = token_word(&rest);
		if (token_is(&word, "timeout") && !read_timeout(&value, &set->timeout_sec))
			reading_spoil(reading, value.position + 1,
				      "the timeout of the set is not a number of seconds");
		if (token_is(&word, "netmask") && !read_netmask(&value, &set->netmask))
			reading_spoil(reading, value.position + 1,
				      "the netmask of the set is not a length");
	}
}

/* With a netmask, an address stands for its network. Returns false for a range, which ipset never
 * saves; it was reported. */
static bool apply_netmask(struct reading *reading, struct span *span)
{
	const struct ipset *set = reading->state;
	struct prefix *first = &span->first;

	if (set->netmask > 0 && span->is_range) {
		reading_bad(reading, span->text.position + 1,
			    "a range in a set with a netmask: write networks");
		return false;
	}
	if (set->netmask > 0 && set->netmask < first->len &&
	    first->len == prefix_max_len(first->family))
		span->first = span->last = prefix_truncate(first, set->netmask);
	return true;
}

/* Read what follows an element. Returns false if it is unknown, which was reported. */
static bool read_options(struct reading *reading, struct token rest, struct entry *entry,
			 struct token *ret_comment)
{
	const struct ipset *set = reading->state;
	int64_t timeout_sec = set->timeout_sec;

	while (rest.bytes > 0) {
		struct token word = token_word(&rest), value;
		uint64_t number;

		if (token_is(&word, "nomatch")) {
			entry->is_exclusion = true;
			continue;
		}
		if (token_is(&word, "-exist"))
			continue;
		if (token_is(&word, "comment") && token_quoted(&rest, ret_comment))
			continue;
		value = token_word(&rest);
		if (token_is(&word, "timeout") && read_timeout(&value, &timeout_sec))
			continue;
		if ((token_is(&word, "packets") || token_is(&word, "bytes")) &&
		    token_number(&value, &number))
			continue;
		reading_bad(reading, word.position + 1,
			    "unexpected \"%.*s\" after an element: ipwl knows timeout, comment, "
			    "nomatch, packets and bytes",
			    (int)word.bytes, word.text);
		return false;
	}
	if (timeout_sec > 0)
		reading_expire(reading, entry, expiry_after(reading, timeout_sec));
	return true;
}

static int read_element(struct reading *reading, struct token rest)
{
	struct entry entry = reading_entry(reading);
	struct token comment = { 0 }, after = rest, word = token_word(&after);
	struct span span;
	const char *reason;

	reading->result->record_count++;
	/* "192.0.2.1,tcp:25" is an element of another type. */
	if (word.bytes > 0 && memchr(word.text, ',', word.bytes)) {
		reading_bad(reading, rest.position + 1,
			    "an element of several parts: ipwl reads sets of the types hash:ip, "
			    "hash:net and bitmap:ip");
		return 0;
	}
	if (!spelling_cut(reading, &rest, SPELLING_CUT, &span) || !apply_netmask(reading, &span) ||
	    !read_options(reading, rest, &entry, &comment))
		return 0;
	reason = line_reason(&comment);
	if (reason)
		entry.reason = reason;
	return spelling_add(reading, &span, &entry);
}

static void check_type(struct reading *reading, const struct token *type)
{
	static const char *const types[] = { "hash:ip", "hash:net", "bitmap:ip" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (token_is(type, types[i]))
			return;
	}
	reading_spoil(reading, type->position + 1,
		      "a set of the type %.*s: ipwl reads hash:ip, hash:net and bitmap:ip",
		      (int)type->bytes, type->text);
}

/* A line of `ipset list` before the members. Returns false if it is another line. */
static bool read_listing(struct reading *reading, const struct token *content)
{
	static const char *const others[] = { "Revision:", "Size in memory:", "References:",
					      "Number of entries:" };
	struct ipset *set = reading->state;
	struct token rest = *content, word = token_word(&rest);

	if (token_is(&word, "Name:")) {
		set->is_member = false;
		take_name(reading, &rest);
		return true;
	}
	if (token_is(&word, "Type:")) {
		check_type(reading, &rest);
		return true;
	}
	if (token_is(&word, "Header:")) {
		take_options(reading, rest);
		return true;
	}
	if (token_is(content, "Members:")) {
		set->is_member = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (token_begins(content, others[i]))
			return true;
	}
	return false;
}

static int read_ipset(struct reading *reading)
{
	const struct ipset *set = reading->state;
	struct token content = line_content(reading->line), rest = content;
	struct token word = token_word(&rest), name;

	if (content.bytes == 0 || content.text[0] == '#' || read_listing(reading, &content))
		return 0;
	if (set->is_member)
		return read_element(reading, content);
	name = token_word(&rest);
	if (token_is(&word, "create") || token_is(&word, "-N")) {
		struct token type = token_word(&rest);

		if (take_name(reading, &name)) {
			check_type(reading, &type);
			take_options(reading, rest);
		}
		return 0;
	}
	if (token_is(&word, "add") || token_is(&word, "-A"))
		return take_name(reading, &name) ? read_element(reading, rest) : 0;
	if (token_is(&word, "flush") && !reading->result->record_count)
		return 0;
	reading_spoil(reading, 1,
		      "\"%.*s\" is not a line of ipset save or ipset list that ipwl knows: it may "
		      "change the set",
		      (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	return 0;
}

static bool is_ipset_mark(const struct token *line, bool is_first)
{
	struct token rest = *line, word = token_word(&rest), name = token_word(&rest);

	if (token_is(&word, "create") && name.bytes > 0)
		return token_begins(&rest, "hash:") || token_begins(&rest, "bitmap:") ||
		       token_begins(&rest, "list:");
	if (token_is(&word, "add") && name.bytes > 0)
		return is_first && spelling_is_network(&rest, 0);
	return is_first && token_is(&word, "Name:");
}

static bool is_ipset_line(const struct token *line)
{
	struct token rest = *line, word = token_word(&rest);

	return token_is(&word, "add") && token_word(&rest).bytes > 0 && rest.bytes > 0 &&
	       is_digit(rest.text[0]);
}

const struct format_parser format_ipset = {
	.record_nouns = { "element", "elements" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct ipset),
	.is_mark = is_ipset_mark,
	.is_own = is_ipset_line,
	.read_line = read_ipset,
};
