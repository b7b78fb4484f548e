/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of hosts.allow and hosts.deny (hosts_access(5), hosts_options(5)): the first that matches
 * decides. The file itself does not say which of the two it is: a rule without an option has the
 * action of the list. */
#include <string.h>

#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/spelling.h"

#define EXCEPTIONS_MAX 64

struct exceptions {
	struct prefix networks[EXCEPTIONS_MAX];
	size_t count;
};

/* Cut off the text before the next colon, but not in brackets. */
static struct token cut_part(struct token *rest)
{
	struct token part = *rest;
	bool is_in_brackets = false;
	size_t end = 0;

	while (end < rest->bytes && (is_in_brackets || rest->text[end] != ':')) {
		if (rest->text[end] == '[' || rest->text[end] == ']')
			is_in_brackets = rest->text[end] == '[';
		end++;
	}
	part.bytes = end;
	end += end < rest->bytes;
	*rest = (struct token) { rest->text + end, rest->bytes - end, rest->position + end };
	return token_trim(part);
}

/* Cut off a word. Commas separate words like blanks. */
static struct token cut_word(struct token *rest)
{
	struct token word;
	size_t end = 0;

	while (rest->bytes > 0 && (is_blank(rest->text[0]) || rest->text[0] == ','))
		*rest = (struct token) { rest->text + 1, rest->bytes - 1, rest->position + 1 };
	while (end < rest->bytes && !is_blank(rest->text[end]) && rest->text[end] != ',')
		end++;
	word = (struct token) { rest->text, end, rest->position };
	*rest = (struct token) { rest->text + end, rest->bytes - end, rest->position + end };
	return word;
}

/* Whether a word stands for clients that are not addresses: a name, a wildcard, a file. */
static bool is_other_client(const struct token *word)
{
	static const char *const words[] = { "ALL", "LOCAL", "KNOWN", "UNKNOWN", "PARANOID" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is_word(word, words[i]))
			return true;
	}
	return word->bytes > 0 &&
	       (spelling_is_name(word) || word->text[0] == '@' ||
		(word->text[0] == '/' && word->bytes > 1 && !is_digit(word->text[1])) ||
		token_is_word(word, "localhost"));
}

/* Whether the options say another action than that of the list. */
static bool has_other_action(const struct reading *reading, struct token options)
{
	const char *other = reading->input->action == ACTION_ALLOW ? "deny" : "allow";

	while (options.bytes > 0) {
		struct token option = cut_part(&options);

		if (token_is_word(&option, other))
			return true;
	}
	return false;
}

static bool read_network(struct reading *reading, struct token word, struct prefix *ret_prefix)
{
	struct span span;

	if (!spelling_cut(reading, &word, SPELLING_TRUNCATED | SPELLING_CUT, &span) ||
	    !spelling_is_at_end(reading, &word))
		return false;
	if (span.is_range) {
		reading_bad(reading, span.text.position + 1,
			    "a range, which these files do not have: write networks");
		return false;
	}
	*ret_prefix = span.first;
	return true;
}

/* Split off the clients after EXCEPT. Returns false if they cannot be read, which was reported. */
static bool read_exceptions(struct reading *reading, struct token *clients,
			    struct exceptions *exceptions)
{
	struct token rest = *clients, word;

	exceptions->count = 0;
	for (word = cut_word(&rest); !token_is_word(&word, "EXCEPT"); word = cut_word(&rest)) {
		if (word.bytes == 0)
			return true;
	}
	clients->bytes = (size_t)(word.text - clients->text);
	for (word = cut_word(&rest); word.bytes > 0; word = cut_word(&rest)) {
		if (token_is_word(&word, "EXCEPT") || exceptions->count == EXCEPTIONS_MAX) {
			reading_bad(reading, word.position + 1,
				    "EXCEPT inside EXCEPT, or more than %d words after it: write "
				    "the networks out",
				    EXCEPTIONS_MAX);
			return false;
		}
		reading->result->record_count++;
		if (is_other_client(&word))
			reading_skip(reading, FORMAT_SKIP_KIND);
		else if (read_network(reading, word, &exceptions->networks[exceptions->count]))
			exceptions->count++;
		else
			return false;
	}
	return true;
}

static int add_rule(struct reading *reading, const struct prefix *prefix, bool is_exclusion)
{
	struct entry rule = reading_entry(reading);

	rule.prefix = *prefix;
	rule.is_exclusion = is_exclusion;
	return first_match_add(reading->state, reading, &rule);
}

static bool is_excepted(const struct exceptions *exceptions, const struct prefix *prefix)
{
	for (size_t i = 0; i < exceptions->count; i++) {
		if (prefix_contains(&exceptions->networks[i], prefix))
			return true;
	}
	return false;
}

/* Add the rules of a line. One of another action keeps its clients off the list. Those after EXCEPT
 * stay off it, too, though a later line may have decided about them. */
static int read_clients(struct reading *reading, struct token clients, bool is_against)
{
	struct exceptions exceptions;
	struct prefix prefix;
	int err = 0;

	if (!read_exceptions(reading, &clients, &exceptions))
		return 0;
	for (size_t i = 0; i < exceptions.count && !err; i++)
		err = add_rule(reading, &exceptions.networks[i], true);
	while (!err) {
		struct token word = cut_word(&clients);

		if (word.bytes == 0)
			break;
		reading->result->record_count++;
		if (is_other_client(&word))
			reading_skip(reading, FORMAT_SKIP_KIND);
		else if (!read_network(reading, word, &prefix))
			return 0;
		else if (is_excepted(&exceptions, &prefix))
			reading_skip(reading, FORMAT_SKIP_SHADOWED);
		else
			err = add_rule(reading, &prefix, is_against);
	}
	return err;
}

static int read_hosts(struct reading *reading)
{
	struct token rest = line_content(reading->line), clients;

	if (rest.bytes == 0 || rest.text[0] == '#')
		return 0;
	if (rest.text[rest.bytes - 1] == '\\') {
		reading_bad(reading, rest.bytes,
			    "a line that goes on in the next one: write each "
			    "rule on one line");
		return 0;
	}
	cut_part(&rest);
	clients = cut_part(&rest);
	if (clients.bytes == 0) {
		reading_bad(reading, 1, "not DAEMONS: CLIENTS, as hosts.allow and hosts.deny have");
		return 0;
	}
	return read_clients(reading, clients, has_other_action(reading, rest));
}

static int end_hosts(struct reading *reading)
{
	return first_match_finish(reading->state, reading);
}

static void done_hosts(void *state)
{
	first_match_done(state);
}

/* "sshd, in.ftpd: 192.0.2." */
static bool is_hosts_line(const struct token *line)
{
	struct token rest = *line, daemons = cut_part(&rest), clients = cut_part(&rest), word;

	if (daemons.bytes == 0 || clients.bytes == 0 || daemons.bytes == line->bytes)
		return false;
	for (size_t i = 0; i < daemons.bytes; i++) {
		char c = daemons.text[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') &&
		    (i == 0 || (!is_digit(daemons.text[i]) && !strchr("._-, ", daemons.text[i]))))
			return false;
	}
	word = cut_word(&clients);
	/* "Connect:192.0.2.1" and "ip4:192.0.2.1" are of other programs. */
	if (daemons.text + daemons.bytes + 1 == word.text)
		return false;
	return is_other_client(&word) || spelling_is_network(&word, SPELLING_TRUNCATED);
}

const struct format_parser format_hosts_access = {
	.record_nouns = { "client", "clients" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct first_match),
	.is_own = is_hosts_line,
	.read_line = read_hosts,
	.end = end_hosts,
	.done = done_hosts,
};
