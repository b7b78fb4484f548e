/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables with a key and an action in which the most specific key decides: those of Postfix that are
 * not cidr tables (access(5)), sendmail's access database, and geo blocks of nginx. Lists of
 * clients without an action: postgrey, sqlgrey.
 */
#include <string.h>

#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/postfix_action.h"
#include "formats/spelling.h"
#include "formats/value.h"

enum decision { DECIDES_NOTHING, DECIDES_ALLOW, DECIDES_BLOCK };

/* ---- keys ---------------------------------------------------------------------------- */

/* Cut "Connect:" and "IPv6:" off a key of sendmail. Returns false if the key is about something
 * else than clients. */
static bool cut_tag(struct token *key)
{
	static const char *const others[] = { "from:", "to:", "spam:", "auth:", "greetpause:" };
	static const char *const tags[] = { "connect:", "ipv6:" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct token tag = { key->text, strlen(others[i]), 0 };

		if (key->bytes >= tag.bytes && token_is_word(&tag, others[i]))
			return false;
	}
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct token tag = { key->text, strlen(tags[i]), 0 };

		if (key->bytes > tag.bytes && token_is_word(&tag, tags[i]))
			*key = (struct token) { key->text + tag.bytes, key->bytes - tag.bytes,
						key->position + tag.bytes };
	}
	return true;
}

/* Whether a key is no address, and is skipped: a name, or an address of mail. */
static bool is_other_key(const struct token *key)
{
	return spelling_is_name(key) || (key->bytes > 0 && memchr(key->text, '@', key->bytes));
}

/* Add a rule for a key. */
static int add_rule(struct reading *reading, struct token key, bool lists, const struct token *text)
{
	struct entry rule = reading_entry(reading);
	struct span span;
	const char *reason;

	if (!spelling_cut(reading, &key, SPELLING_TRUNCATED, &span))
		return 0;
	if (span.is_range || key.bytes > 0) {
		reading_bad(reading, span.text.position + 1,
			    "a table has no ranges: write networks");
		return 0;
	}
	rule.prefix = span.first;
	rule.is_exclusion = !lists;
	reason = lists ? line_reason(text) : NULL;
	if (reason)
		rule.reason = reason;
	return first_match_add(reading->state, reading, &rule);
}

static int end_access(struct reading *reading)
{
	struct first_match *rules = reading->state;

	rules->is_by_length = true;
	return first_match_finish(rules, reading);
}

static void done_access(void *state)
{
	first_match_done(state);
}

/* ---- actions ------------------------------------------------------------------------- */

/* Actions that only sendmail has. */
static enum decision decides_in_sendmail(const struct token *word)
{
	if (token_is_word(word, "relay"))
		return DECIDES_ALLOW;
	/* "ERROR:550 no", 'ERROR:"550 no"' */
	return token_begins(word, "ERROR:") || token_begins(word, "error:") ? DECIDES_BLOCK
									    : DECIDES_NOTHING;
}

static enum decision decide(const struct token *word)
{
	switch (postfix_action_kind(word)) {
	case POSTFIX_PERMIT:
		return DECIDES_ALLOW;
	case POSTFIX_REJECT:
		return DECIDES_BLOCK;
	case POSTFIX_NEITHER:
		return DECIDES_NOTHING;
	default:
		return decides_in_sendmail(word);
	}
}

/* Whether a word is an action of Postfix or sendmail. */
static bool is_action(const struct token *word)
{
	return postfix_action_kind(word) || decide(word) != DECIDES_NOTHING ||
	       token_is_word(word, "skip") || token_is_word(word, "quarantine");
}

/* Whether the value is an action. Returns false if not, which was reported. */
static bool check_action(struct reading *reading, const struct token *key,
			 const struct token *value)
{
	char remedy[VALUE_REMEDY_BYTES];
	struct token rest = *value, word = token_word(&rest), found;
	enum value_kind kind = value_look(key, &word, &found);
	uint64_t number;

	if (kind && kind <= VALUE_DNS) {
		reading_bad(reading, found.position + 1, "\"%.*s\" after %.*s is not an action: %s",
			    (int)found.bytes, found.text, (int)key->bytes, key->text,
			    value_remedy(kind, key, &found, remedy));
		return false;
	}
	word = postfix_action_word(*value);
	if (word.bytes > 0 && (!token_number(&word, &number) || decide(&word) != DECIDES_ALLOW))
		return true;
	reading_bad(reading, word.position + 1,
		    "\"%.*s\" is not an action: write OK or REJECT after the key", (int)word.bytes,
		    word.text);
	return false;
}

static int read_access(struct reading *reading)
{
	struct token content = line_content(reading->line), rest = content, key = token_word(&rest);
	const enum decision wanted =
	    reading->input->action == ACTION_ALLOW ? DECIDES_ALLOW : DECIDES_BLOCK;
	struct token word;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	if (content.position > 0) {
		reading_bad(reading, 1,
			    "begins with a blank, which continues the line before it: "
			    "write it there, or remove the blank");
		return 0;
	}
	reading->result->record_count++;
	if (!cut_tag(&key) || is_other_key(&key)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (!check_action(reading, &key, &rest))
		return 0;
	word = postfix_action_word(rest);
	if (!is_action(&word))
		postfix_action_warn(reading, &word);
	token_word(&rest);
	return add_rule(reading, key, decide(&word) == wanted, &rest);
}

static bool is_access_line(const struct token *line)
{
	struct token rest = *line, key = token_word(&rest), word = postfix_action_word(rest);
	struct token connect = { key.text, 8, 0 };
	bool is_tagged = key.bytes > 8 && token_is_word(&connect, "connect:");

	if (!cut_tag(&key))
		return postfix_action_is_clear(rest);
	if (!postfix_action_is_clear(rest) && !decides_in_sendmail(&word))
		return false;
	if (memchr(key.text, '/', key.bytes))
		return false;
	return is_tagged || is_other_key(&key) || spelling_is_network(&key, SPELLING_TRUNCATED);
}

/* ---- clients ---------------------------------------------------------------------------- */

static int read_clients(struct reading *reading)
{
	struct token content = line_content(reading->line), comment = token_cut_comment(&content);
	struct token rest = content, key = token_word(&rest);
	struct entry entry = reading_entry(reading);
	struct span span;
	const char *reason;

	if (content.bytes == 0)
		return 0;
	reading->result->record_count++;
	/* A regular expression may have blanks. */
	if (key.text[0] == '/' && content.text[content.bytes - 1] == '/') {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (rest.bytes > 0) {
		reading_bad(reading, rest.position + 1,
			    "unexpected \"%.*s\" after a client: write one client a line, and # "
			    "before a comment",
			    (int)rest.bytes, rest.text);
		return 0;
	}
	if (is_other_key(&key)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (!spelling_cut(reading, &key, SPELLING_TRUNCATED, &span) ||
	    !spelling_is_at_end(reading, &key))
		return 0;
	reason = line_reason(&comment);
	if (reason)
		entry.reason = reason;
	return spelling_add(reading, &span, &entry);
}

/* Whether the line is a name, a regular expression or a truncated address. */
static bool is_client_line(const struct token *line)
{
	struct token content = *line;

	token_cut_comment(&content);
	if (content.bytes > 2 && content.text[0] == '/' && content.text[content.bytes - 1] == '/')
		return true;
	return content.bytes > 0 && !memchr(content.text, ' ', content.bytes) &&
	       !memchr(content.text + 1, '*', content.bytes - 1) &&
	       (spelling_is_name(&content) ||
		(spelling_is_network(&content, SPELLING_TRUNCATED) && !token_is_prefix(&content)));
}

/* ---- geo blocks of nginx ------------------------------------------------------------------ */

static bool is_geo_value(const struct token *value, bool *ret_lists)
{
	*ret_lists = token_is(value, "1;");
	return *ret_lists || token_is(value, "0;");
}

static int read_geo(struct reading *reading)
{
	struct token content = line_content(reading->line), comment = token_cut_comment(&content);
	struct token rest = content, key = token_word(&rest);
	bool lists;

	if (content.bytes == 0 || token_is(&content, "}") || token_is(&key, "geo"))
		return 0;
	reading->result->record_count++;
	if (token_is(&key, "default") && (token_is(&rest, "0;") || token_is(&rest, "\"\";"))) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (is_geo_value(&rest, &lists))
		return add_rule(reading, key, lists, &comment);
	reading_bad(reading, rest.position + 1,
		    "\"%.*s\" is not a value that ipwl knows: write 1; for a network of the list "
		    "and 0; for another",
		    (int)rest.bytes, rest.text);
	return 0;
}

static bool is_geo_mark(const struct token *line, bool is_first)
{
	struct token rest = *line, word = token_word(&rest);

	return is_first && token_is(&word, "geo") && line->text[line->bytes - 1] == '{';
}

static bool is_geo_line(const struct token *line)
{
	struct token rest = *line, key, value = { 0 };
	bool lists;

	token_cut_comment(&rest);
	key = token_word(&rest);
	value = rest;
	return is_geo_value(&value, &lists) && spelling_is_network(&key, 0);
}

const struct format_parser format_access = {
	.record_nouns = { "key", "keys" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct first_match),
	.is_own = is_access_line,
	.read_line = read_access,
	.end = end_access,
	.done = done_access,
};

const struct format_parser format_clients = {
	.record_nouns = { "client", "clients" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_client_line,
	.own_lines_min = 2,
	.read_line = read_clients,
};

const struct format_parser format_nginx_geo = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct first_match),
	.is_mark = is_geo_mark,
	.is_own = is_geo_line,
	.read_line = read_geo,
	.end = end_access,
	.done = done_access,
};
