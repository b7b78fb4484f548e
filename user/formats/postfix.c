/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Postfix' cidr tables (cidr_table(5), access(5), postscreen(8)): lines with a pattern and an
 * action. The first match decides. There are if and endif. A line that begins with a blank
 * continues the previous one.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/postfix_action.h"
#include "formats/value.h"

#define IF_DEPTH_MAX 32

/* The addresses to which an if restricts the rules inside it. */
struct scope {
	bool is_all; /* no if is open */
	bool is_none;
	struct prefix prefix; /* if neither of the two */
	uint32_t line;	      /* line of the if */
};

struct postfix {
	struct first_match rules;
	struct scope scopes[IF_DEPTH_MAX + 1];
	size_t depth;
	/* The rule whose action is still missing. It may be on the next line. */
	struct entry pending;
	bool is_pending;
	bool has_line; /* there is a logical line that may be continued */
};

/* ---- patterns -------------------------------------------------------------- */

/* Postfix reads a number with a leading zero in an IPv4 address as octal. Return: whether
 * @buffer has the same address in decimal. */
static bool read_octal(const struct token *token, char buffer[UNBRACKET_BYTES],
		       struct token *ret_plain)
{
	size_t used = 0, i = 0;
	bool is_octal = false;

	if (token->bytes > UNBRACKET_BYTES / 2 || memchr(token->text, ':', token->bytes))
		return false;
	while (i < token->bytes && token->text[i] != '/') {
		unsigned long value = 0;
		size_t end = i;

		while (end < token->bytes && is_digit(token->text[end]))
			end++;
		if (end - i > 1 && end - i < 5 && token->text[i] == '0') {
			for (; i < end; i++) {
				if (token->text[i] > '7')
					return false;
				value = value * 8 + (unsigned long)(token->text[i] - '0');
			}
			used +=
			    (size_t)snprintf(buffer + used, UNBRACKET_BYTES - used, "%lu", value);
			is_octal = true;
		}
		while (i < end)
			buffer[used++] = token->text[i++];
		if (i < token->bytes && token->text[i] != '/')
			buffer[used++] = token->text[i++];
	}
	if (!is_octal)
		return false;
	memcpy(buffer + used, token->text + i, token->bytes - i);
	*ret_plain = (struct token) { buffer, used + token->bytes - i, token->position };
	return true;
}

enum pattern { PATTERN_OK, PATTERN_BAD, PATTERN_PASSED_OVER };

static enum pattern read_pattern(struct reading *reading, const struct token *token,
				 struct prefix *ret_prefix)
{
	char bracket_buffer[UNBRACKET_BYTES], octal_buffer[UNBRACKET_BYTES];
	struct token plain = token_unbracket(token, bracket_buffer);
	struct token decimal;

	if (token->bytes > 0 && token->text[0] == '!') {
		reading_spoil(reading, token->position + 1,
			      "%.*s means everything but a network, which entries cannot express: "
			      "write the intended networks",
			      (int)token->bytes, token->text);
		return PATTERN_BAD;
	}
	if (read_octal(&plain, octal_buffer, &decimal)) {
		reading_warn(reading, token->position + 1,
			     "%.*s has octal numbers, as Postfix reads them: read as %.*s",
			     (int)token->bytes, token->text, (int)decimal.bytes, decimal.text);
		plain = decimal;
	}
	if (prefix_parse(plain.text, plain.bytes, ret_prefix, NULL) == PREFIX_HOST_BITS &&
	    !reading->input->host_bits) {
		reading_note(
		    reading, token->position + 1,
		    "%.*s has host bits set: Postfix passes over such a rule, and so "
		    "does ipwl; for the network set host_bits: cut, for the one address leave "
		    "out what begins with the slash",
		    (int)token->bytes, token->text);
		return PATTERN_PASSED_OVER;
	}
	return reading_prefix(reading, &plain, HOST_BITS_REFUSE, ret_prefix) ? PATTERN_OK
									     : PATTERN_BAD;
}

/* ---- rules ------------------------------------------------------------------- */

/* Restrict @prefix to the addresses of the open ifs. Returns false if nothing is left. */
static bool narrow(const struct postfix *postfix, struct prefix *prefix)
{
	const struct scope *scope = &postfix->scopes[postfix->depth];

	if (scope->is_none)
		return false;
	if (postfix->depth == 0 || prefix_contains(&scope->prefix, prefix))
		return true;
	if (!prefix_contains(prefix, &scope->prefix))
		return false;
	*prefix = scope->prefix;
	return true;
}

/* Whether the text is an action, and not a part of the pattern. Returns false if not, which was
 * reported. */
static bool check_action(struct reading *reading, const struct token *key,
			 const struct token *action)
{
	char remedy[VALUE_REMEDY_BYTES];
	struct token rest = *action, word = token_word(&rest), found;
	enum value_kind kind = value_look(key, &word, &found);

	/* "permit 198.51.100.7": the text after permit is not free text. */
	if ((!kind || kind > VALUE_RANGE) && rest.bytes > 0 &&
	    postfix_action_kind(&word) == POSTFIX_PERMIT && rest.text[0] != '#') {
		word = token_word(&rest);
		kind = value_look(key, &word, &found);
		kind = kind < VALUE_RANGE && kind != VALUE_NUMBER ? kind : VALUE_FREE;
	}
	if (kind && kind <= VALUE_RANGE) {
		reading_bad(reading, found.position + 1, "\"%.*s\" after %.*s is not an action: %s",
			    (int)found.bytes, found.text, (int)key->bytes, key->text,
			    value_remedy(kind, key, &found, remedy));
		return false;
	}
	word = postfix_action_word(*action);
	if (postfix_action_kind(&word) || postfix_action_may_be_class(&word))
		return true;
	reading_bad(reading, word.position + 1,
		    "\"%.*s\" is not an action of Postfix: write permit or reject", (int)word.bytes,
		    word.text);
	return false;
}

static int add_rule(struct reading *reading, struct token rest)
{
	const bool is_allow = reading->input->action == ACTION_ALLOW;
	struct postfix *postfix = reading->state;
	struct entry *rule = &postfix->pending;
	char text[PREFIX_TEXT_BYTES];
	struct token key = { .text = text }, word = postfix_action_word(rest);
	enum postfix_action kind;

	prefix_format_short(&rule->prefix, text);
	key.bytes = strlen(text);
	if (!check_action(reading, &key, &rest))
		return 0;
	kind = postfix_action_kind(&word);
	if (kind == POSTFIX_UNKNOWN)
		postfix_action_warn(reading, &word);
	rule->is_exclusion = kind != (is_allow ? POSTFIX_PERMIT : POSTFIX_REJECT);
	token_word(&rest);
	if (!rule->is_exclusion && rest.bytes > 0)
		rule->reason = line_reason(&rest);
	if (narrow(postfix, &rule->prefix))
		return first_match_add(&postfix->rules, reading, rule);
	reading_skip(reading, FORMAT_SKIP_SHADOWED);
	return 0;
}

static int begin_rule(struct reading *reading, struct token rest)
{
	struct postfix *postfix = reading->state;
	struct token pattern = token_word(&rest);
	enum pattern result;

	reading->result->record_count++;
	postfix->pending = reading_entry(reading);
	result = read_pattern(reading, &pattern, &postfix->pending.prefix);
	if (result == PATTERN_PASSED_OVER)
		reading_skip(reading, FORMAT_SKIP_HOST_BITS);
	if (result != PATTERN_OK)
		return 0;
	postfix->is_pending = rest.bytes == 0;
	return postfix->is_pending ? 0 : add_rule(reading, rest);
}

static void begin_if(struct reading *reading, struct token rest)
{
	struct postfix *postfix = reading->state;
	struct scope scope = { .line = reading->line->number };
	struct token pattern = token_word(&rest);

	if (rest.bytes > 0) {
		reading_spoil(reading, rest.position + 1,
			      "unexpected \"%.*s\" after the pattern of an if: write the rules on "
			      "separate lines",
			      (int)rest.bytes, rest.text);
		return;
	}
	if (postfix->depth == IF_DEPTH_MAX) {
		reading_spoil(reading, 1, "more than %d nested ifs: write the rules without them",
			      IF_DEPTH_MAX);
		return;
	}
	/* If an if cannot be read, the rules inside it must not apply to everyone. */
	scope.is_none = read_pattern(reading, &pattern, &scope.prefix) != PATTERN_OK ||
			!narrow(postfix, &scope.prefix);
	postfix->scopes[++postfix->depth] = scope;
}

static void end_if(struct reading *reading, const struct token *rest)
{
	struct postfix *postfix = reading->state;

	if (rest->bytes > 0 && rest->text[0] != '#')
		reading_spoil(reading, rest->position + 1,
			      "unexpected \"%.*s\" after endif: remove it", (int)rest->bytes,
			      rest->text);
	if (postfix->depth == 0)
		reading_bad(reading, 1, "endif without an if: remove it");
	else
		postfix->depth--;
}

/* End a logical line. Its rule must have had an action. */
static void end_pending(struct reading *reading)
{
	struct postfix *postfix = reading->state;
	struct line *line = reading->line;
	struct line at = { .number = postfix->pending.line };

	if (!postfix->is_pending)
		return;
	postfix->is_pending = false;
	reading->line = &at;
	reading_bad(reading, 0, "a pattern without an action: write permit or reject after it");
	reading->line = line;
}

static int go_on(struct reading *reading, const struct token *content)
{
	struct postfix *postfix = reading->state;

	if (!postfix->has_line) {
		reading_bad(reading, 1,
			    "begins with a space, which continues the previous line, but there is "
			    "none: remove the space");
		return 0;
	}
	if (postfix->is_pending) {
		postfix->is_pending = false;
		return add_rule(reading, *content);
	}
	if (format_postfix_cidr.is_own(content))
		reading_bad(
		    reading, content->position + 1,
		    "a rule that begins with a space, so Postfix reads it as a continuation of the "
		    "previous line: remove the space, or put # before the text");
	return 0;
}

static int read_postfix(struct reading *reading)
{
	struct postfix *postfix = reading->state;
	struct token content = line_content(reading->line), rest = content;
	struct token word = token_word(&rest);

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	if (content.position > 0)
		return go_on(reading, &content);
	end_pending(reading);
	postfix->has_line = true;
	if (token_is_word(&word, "if")) {
		begin_if(reading, rest);
		return 0;
	}
	if (token_is_word(&word, "endif")) {
		end_if(reading, &rest);
		return 0;
	}
	return begin_rule(reading, content);
}

static int end_postfix(struct reading *reading)
{
	struct postfix *postfix = reading->state;

	end_pending(reading);
	if (postfix->depth > 0) {
		struct line line = { .number = postfix->scopes[postfix->depth].line };
		struct line *last = reading->line;

		reading->line = &line;
		reading_bad(reading, 0, "if without an endif: add it");
		reading->line = last;
	}
	return first_match_finish(&postfix->rules, reading);
}

static void done_postfix(void *state)
{
	struct postfix *postfix = state;

	first_match_done(&postfix->rules);
}

static bool is_postfix_line(const struct token *line)
{
	struct token rest = *line;
	struct token word = token_word(&rest);

	if (token_is_word(&word, "endif"))
		return true;
	if (token_is_word(&word, "if"))
		word = token_word(&rest);
	else if (!postfix_action_is_clear(rest))
		return false;
	if (word.bytes > 0 && word.text[0] == '!')
		word = (struct token) { word.text + 1, word.bytes - 1, 0 };
	return token_is_prefix(&word);
}

const struct format_parser format_postfix_cidr = {
	.record_nouns = { "rule", "rules" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct postfix),
	.is_own = is_postfix_line,
	.read_line = read_postfix,
	.end = end_postfix,
	.done = done_postfix,
};
