/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allow and deny of nginx, of which the first that matches decides; Require ip, Allow from and Deny
 * from of Apache. */
#include <string.h>

#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/spelling.h"

struct http_access {
	struct first_match rules;
	uint32_t from_lines[2]; /* the first lines of Deny from and Allow from; 0: none */
};

/* Words after which a line has no networks. */
static bool is_other_line(const struct token *word)
{
	static const char *const words[] = { "order", "satisfy", "location",	 "server",
					     "if",    "options", "allowoverride" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is_word(word, words[i]))
			return true;
	}
	return word->text[0] == '<' || word->text[0] == '}' || word->text[0] == '{';
}

static int read_networks(struct reading *reading, struct token rest, bool lists, bool is_single)
{
	struct http_access *access = reading->state;
	int err = 0;

	while (rest.bytes > 0 && !err) {
		struct token after = rest, word = token_word(&after);
		struct entry entry = reading_entry(reading);
		struct span span;

		reading->result->record_count++;
		if (spelling_is_name(&word) || token_is_word(&word, "all") ||
		    token_begins(&word, "unix:") || token_is_word(&word, "localhost") ||
		    token_begins(&word, "env=")) {
			reading_skip(reading, FORMAT_SKIP_KIND);
			rest = after;
			continue;
		}
		if (!spelling_cut(reading, &rest, SPELLING_TRUNCATED | SPELLING_CUT, &span))
			return 0;
		if (span.is_range) {
			reading_bad(reading, span.text.position + 1,
				    "a range, which web servers do not read: write networks");
			return 0;
		}
		if (is_single && !spelling_is_at_end(reading, &rest))
			return 0;
		entry.prefix = span.first;
		entry.is_exclusion = !lists;
		err = first_match_add(&access->rules, reading, &entry);
	}
	return err;
}

/* Which of both wins depends on Order, so only one may have networks. */
static bool check_from(struct reading *reading, bool is_allow, const struct token *rest)
{
	struct http_access *access = reading->state;
	uint32_t *lines = access->from_lines;

	if (token_is_word(rest, "all"))
		return true;
	if (!lines[is_allow])
		lines[is_allow] = reading->line->number;
	if (!lines[!is_allow])
		return true;
	reading_spoil(reading, 1,
		      "Allow from and Deny from with networks, first in line %u: which of them "
		      "wins depends on Order; write only the networks of the list",
		      lines[!is_allow]);
	return false;
}

static int read_apache(struct reading *reading, struct token rest, bool is_allow, bool lists)
{
	struct token from = token_word(&rest);

	if (!token_is_word(&from, "from")) {
		reading_bad(reading, from.position + 1,
			    "neither a line of nginx, which ends in ;, nor Allow from of Apache");
		return 0;
	}
	return check_from(reading, is_allow, &rest) ? read_networks(reading, rest, lists, false)
						    : 0;
}

static int read_require(struct reading *reading, struct token rest)
{
	const bool is_allow_list = reading->input->action == ACTION_ALLOW;
	struct token word = token_word(&rest);
	bool is_not = token_is_word(&word, "not");

	if (is_not)
		word = token_word(&rest);
	if (token_is_word(&word, "ip"))
		return read_networks(reading, rest, is_not != is_allow_list, false);
	reading->result->record_count++;
	reading_skip(reading, FORMAT_SKIP_KIND);
	return 0;
}

static int read_http(struct reading *reading)
{
	const bool is_allow_list = reading->input->action == ACTION_ALLOW;
	struct token rest = line_content(reading->line), word;
	bool is_allow, is_nginx;

	token_cut_comment(&rest);
	if (rest.bytes == 0)
		return 0;
	word = token_word(&rest);
	is_allow = token_is_word(&word, "allow");
	is_nginx = rest.bytes > 0 && rest.text[rest.bytes - 1] == ';';
	if (is_allow || token_is_word(&word, "deny")) {
		if (!is_nginx)
			return read_apache(reading, rest, is_allow, is_allow == is_allow_list);
		rest.bytes--;
		return read_networks(reading, token_trim(rest), is_allow == is_allow_list, true);
	}
	if (token_is_word(&word, "require"))
		return read_require(reading, rest);
	if (!is_other_line(&word))
		reading_bad(reading, word.position + 1,
			    "\"%.*s\" is not allow, deny or Require: remove the line",
			    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	return 0;
}

static int end_http(struct reading *reading)
{
	struct http_access *access = reading->state;

	return first_match_finish(&access->rules, reading);
}

static void done_http(void *state)
{
	struct http_access *access = state;

	first_match_done(&access->rules);
}

static bool is_http_line(const struct token *line)
{
	struct token rest = *line, word = token_word(&rest), next;

	token_cut_comment(&rest);
	if (token_is_word(&word, "require"))
		return rest.bytes > 0;
	if (!token_is_word(&word, "allow") && !token_is_word(&word, "deny"))
		return false;
	next = token_word(&rest);
	return token_is_word(&next, "from") ||
	       (rest.bytes == 0 && next.bytes > 1 && next.text[next.bytes - 1] == ';');
}

const struct format_parser format_http_access = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct http_access),
	.is_own = is_http_line,
	.read_line = read_http,
	.end = end_http,
	.done = done_http,
};
