/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address lists of MikroTik's RouterOS, as scripts (.rsc) have them. */
#include <string.h>

#include "base/duration.h"
#include "formats/expiry.h"
#include "formats/parser.h"
#include "formats/spelling.h"

#define NAME_BYTES 64

struct mikrotik {
	char name[NAME_BYTES]; /* of the list; empty: none yet */
	bool is_elsewhere;     /* in a menu that is not that of address lists */
};

struct address {
	struct token network, comment, list;
	int64_t timeout_sec;
	bool is_disabled, is_bad;
};

/* Cut off "key=value" or a word; the value may be in quotes. Returns false at the end. */
static bool cut_property(struct token *rest, struct token *ret_key, struct token *ret_value)
{
	size_t end = 0;
	bool is_quoted = false;
	const char *equals;
	struct token part;

	*rest = token_trim(*rest);
	if (rest->bytes == 0)
		return false;
	while (end < rest->bytes && (is_quoted || !is_blank(rest->text[end]))) {
		is_quoted ^= rest->text[end] == '"';
		end++;
	}
	part = (struct token) { rest->text, end, rest->position };
	*rest = (struct token) { rest->text + end, rest->bytes - end, rest->position + end };
	*ret_key = part;
	*ret_value = (struct token) { part.text + part.bytes, 0, part.position + part.bytes };
	equals = memchr(part.text, '=', part.bytes);
	if (!equals)
		return true;
	ret_key->bytes = (size_t)(equals - part.text);
	*ret_value =
	    (struct token) { part.text + ret_key->bytes + 1, part.bytes - ret_key->bytes - 1,
			     part.position + ret_key->bytes + 1 };
	if (ret_value->bytes > 1 && ret_value->text[0] == '"' &&
	    ret_value->text[ret_value->bytes - 1] == '"')
		*ret_value = (struct token) { ret_value->text + 1, ret_value->bytes - 2,
					      ret_value->position + 1 };
	return true;
}

/* "1d", "1w2d", "10:30:00" or "1d10:30:00" */
static bool parse_timeout(const struct token *value, int64_t *ret_sec)
{
	struct token rest = *value, part;
	uint64_t numbers[3];
	int64_t days = 0;
	size_t count = 0;
	const char *day = value->bytes > 0 ? memrchr(value->text, 'd', value->bytes) : NULL;

	if (!memchr(value->text, ':', value->bytes))
		return value->bytes > 0 &&
		       duration_parse_signed(value->text, value->bytes, ret_sec) && *ret_sec >= 0;
	if (day) {
		size_t bytes = (size_t)(day - value->text) + 1;

		if (!duration_parse_signed(value->text, bytes, &days) || days < 0)
			return false;
		rest = (struct token) { value->text + bytes, value->bytes - bytes, 0 };
	}
	while (token_field(&rest, ':', &part)) {
		if (count == 3 || part.bytes > 2 || part.bytes == 0)
			return false;
		numbers[count] = 0;
		for (size_t i = 0; i < part.bytes; i++) {
			if (!is_digit(part.text[i]))
				return false;
			numbers[count] = numbers[count] * 10 + (uint64_t)(part.text[i] - '0');
		}
		count++;
	}
	if (count != 3)
		return false;
	*ret_sec = days + (int64_t)(numbers[0] * 3600 + numbers[1] * 60 + numbers[2]);
	return true;
}

static void refuse_property(struct reading *reading, struct address *address,
			    const struct token *key, const char *why)
{
	address->is_bad = true;
	reading_bad(reading, key->position + 1, "\"%.*s\" %s",
		    (int)(key->bytes < 80 ? key->bytes : 80), key->text, why);
}

static void read_property(struct reading *reading, struct address *address, const struct token *key,
			  const struct token *value)
{
	if (token_is(key, "address"))
		address->network = *value;
	else if (token_is(key, "list"))
		address->list = *value;
	else if (token_is(key, "comment"))
		address->comment = *value;
	else if (token_is(key, "disabled"))
		address->is_disabled = !token_is(value, "no");
	else if (token_is(key, "timeout") && !parse_timeout(value, &address->timeout_sec))
		refuse_property(reading, address, value, "is not a time such as 1d or 10:30:00");
	else if (!token_is(key, "timeout") && !token_is(key, "dynamic") &&
		 !token_is(key, "creation-time"))
		refuse_property(reading, address, key,
				"is not a property of an address list that ipwl knows");
}

/* Whether the entry is of the only list of the file. If not, it was reported. */
static bool take_list(struct reading *reading, const struct token *list)
{
	struct mikrotik *script = reading->state;

	if (list->bytes == 0 || list->bytes >= NAME_BYTES) {
		reading_bad(reading, 1, "an address without its list: add list=NAME");
		return false;
	}
	if (script->name[0] == '\0')
		memcpy(script->name, list->text, list->bytes);
	if (token_is(list, script->name))
		return true;
	reading_spoil(
	    reading, list->position + 1,
	    "the list %.*s after the list %s: export one list, with print where list=NAME",
	    (int)list->bytes, list->text, script->name);
	return false;
}

static int add_address(struct reading *reading, struct token rest)
{
	struct entry entry = reading_entry(reading);
	struct address address = { .is_bad = false };
	struct token key, value;
	struct span span;
	const char *reason;

	reading->result->record_count++;
	while (cut_property(&rest, &key, &value))
		read_property(reading, &address, &key, &value);
	if (address.is_bad || !take_list(reading, &address.list))
		return 0;
	if (address.is_disabled || spelling_is_name(&address.network)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (address.network.bytes == 0) {
		reading_bad(reading, 1, "an entry without an address: write address=192.0.2.1");
		return 0;
	}
	if (!spelling_cut(reading, &address.network, SPELLING_CUT, &span))
		return 0;
	if (address.network.bytes > 0) {
		reading_bad(reading, address.network.position + 1, "text after the network");
		return 0;
	}
	if (address.timeout_sec > 0)
		reading_expire(reading, &entry, expiry_after(reading, address.timeout_sec));
	reason = line_reason(&address.comment);
	if (reason)
		entry.reason = reason;
	return spelling_add(reading, &span, &entry);
}

/* Whether a path names the menu of address lists. */
static bool cut_menu(struct token *rest, bool *ret_is_wanted)
{
	static const char *const menus[] = { "/ip firewall address-list",
					     "/ipv6 firewall address-list",
					     "/ip/firewall/address-list",
					     "/ipv6/firewall/address-list" };

	if (!token_begins(rest, "/"))
		return false;
	*ret_is_wanted = false;
	for (size_t i = 0; i < sizeof(menus) / sizeof(menus[0]); i++) {
		size_t bytes = strlen(menus[i]);

		if (!token_begins(rest, menus[i]))
			continue;
		*ret_is_wanted = true;
		*rest = token_trim((struct token) { rest->text + bytes, rest->bytes - bytes,
						    rest->position + bytes });
		break;
	}
	return true;
}

/* Cut off what surrounds ":do { add ... } on-error={}". */
static void cut_do(struct token *rest)
{
	const char *open, *close;

	if (!token_begins(rest, ":do"))
		return;
	open = memchr(rest->text, '{', rest->bytes);
	close = open ? memchr(open, '}', rest->bytes - (size_t)(open - rest->text)) : NULL;
	if (!close)
		return;
	rest->position += (size_t)(open + 1 - rest->text);
	rest->bytes = (size_t)(close - open) - 1;
	rest->text += open + 1 - rest->text;
	*rest = token_trim(*rest);
}

static int read_mikrotik(struct reading *reading)
{
	struct mikrotik *script = reading->state;
	struct token rest = line_content(reading->line), word;
	bool is_wanted;

	if (rest.bytes == 0 || rest.text[0] == '#')
		return 0;
	if (rest.text[rest.bytes - 1] == '\\') {
		reading_bad(reading, rest.position + rest.bytes,
			    "a line that goes on in the next one: export with terse");
		return 0;
	}
	if (cut_menu(&rest, &is_wanted)) {
		script->is_elsewhere = !is_wanted;
		if (rest.bytes == 0 || !is_wanted)
			return 0;
	}
	cut_do(&rest);
	if (script->is_elsewhere)
		return 0;
	word = token_word(&rest);
	if (token_is(&word, "add"))
		return add_address(reading, rest);
	/* A script often empties its list first. */
	if (token_is(&word, "remove") && !reading->result->record_count)
		return 0;
	reading_bad(reading, word.position + 1,
		    "\"%.*s\" is not a command of an address list that ipwl knows: write add "
		    "address=NETWORK list=NAME",
		    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	return 0;
}

static bool is_mikrotik_mark(const struct token *line, bool is_first)
{
	struct token rest = *line;
	bool is_wanted = false;

	(void)is_first;
	return cut_menu(&rest, &is_wanted) && is_wanted;
}

static bool is_mikrotik_line(const struct token *line)
{
	struct token rest = *line;

	cut_do(&rest);
	return token_begins(&rest, "add ") && memmem(rest.text, rest.bytes, "address=", 8) &&
	       memmem(rest.text, rest.bytes, "list=", 5);
}

const struct format_parser format_mikrotik = {
	.record_nouns = { "address", "addresses" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct mikrotik),
	.is_mark = is_mikrotik_mark,
	.is_own = is_mikrotik_line,
	.read_line = read_mikrotik,
};
