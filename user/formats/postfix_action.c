/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises the actions of Postfix, and guesses the intended action from a misspelt one. */
#include "formats/postfix_action.h"

#include <string.h>
#include <strings.h>

#include "formats/value.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	enum postfix_action kind;
} actions[] = {
	{ "permit", POSTFIX_PERMIT },
	{ "ok", POSTFIX_PERMIT },
	{ "reject", POSTFIX_REJECT },
	{ "discard", POSTFIX_REJECT },
	{ "defer", POSTFIX_NEITHER },
	{ "defer_if_permit", POSTFIX_NEITHER },
	{ "defer_if_reject", POSTFIX_NEITHER },
	{ "dunno", POSTFIX_NEITHER },
	{ "hold", POSTFIX_NEITHER },
	{ "filter", POSTFIX_NEITHER },
	{ "prepend", POSTFIX_NEITHER },
	{ "redirect", POSTFIX_NEITHER },
	{ "bcc", POSTFIX_NEITHER },
	{ "info", POSTFIX_NEITHER },
	{ "warn", POSTFIX_NEITHER },
};

/* Restrictions of main.cf, by the beginnings of their names. Those that reject do so under a
 * condition, so none of them blocks a sender. */
static const struct {
	const char *beginning;
	enum postfix_action kind;
} restrictions[] = {
	{ "permit_", POSTFIX_PERMIT },	 { "reject_", POSTFIX_NEITHER },
	{ "defer_", POSTFIX_NEITHER },	 { "check_", POSTFIX_NEITHER },
	{ "warn_if_", POSTFIX_NEITHER },
};

struct token postfix_action_word(struct token action)
{
	struct token word = token_word(&action), first;

	/* "permit_mynetworks, reject" */
	token_field(&word, ',', &first);
	return first;
}

static bool is_all_digits(const struct token *word)
{
	for (size_t i = 0; i < word->bytes; i++) {
		if (!is_digit(word->text[i]))
			return false;
	}
	return word->bytes > 0;
}

enum postfix_action postfix_action_kind(const struct token *word)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++) {
		if (token_is_word(word, actions[i].name))
			return actions[i].kind;
	}
	for (size_t i = 0; i < COUNT_OF(restrictions) && postfix_action_may_be_class(word); i++) {
		size_t bytes = strlen(restrictions[i].beginning);

		if (word->bytes > bytes &&
		    !strncasecmp(word->text, restrictions[i].beginning, bytes))
			return restrictions[i].kind;
	}
	if (!is_all_digits(word))
		return POSTFIX_UNKNOWN;
	/* An SMTP code. Any other number means OK (access(5)). */
	if (word->bytes == 3 && (word->text[0] == '4' || word->text[0] == '5'))
		return word->text[0] == '5' ? POSTFIX_REJECT : POSTFIX_NEITHER;
	return POSTFIX_PERMIT;
}

bool postfix_action_may_be_class(const struct token *word)
{
	for (size_t i = 0; i < word->bytes; i++) {
		char c = word->text[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && (i == 0 || (!is_digit(c) && c != '_' && c != '-')))
			return false;
	}
	return word->bytes > 0;
}

bool postfix_action_is_clear(struct token action)
{
	struct token word = postfix_action_word(action);
	enum postfix_action kind = postfix_action_kind(&word);

	token_word(&action);
	/* A single number may mean anything; "550 text" is an SMTP code. */
	return kind && (!is_all_digits(&word) || (kind != POSTFIX_PERMIT && action.bytes > 0));
}

/* ---- mistakes ------------------------------------------------------------------- */

#define NAME_BYTES_MAX 16

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The number of letters that must be changed, added or removed to get from one to the other. */
static size_t distance(const struct token *word, const char *name)
{
	size_t columns = strlen(name), row[NAME_BYTES_MAX + 1];

	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 0; i < word->bytes; i++) {
		size_t before = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < columns; j++) {
			size_t change = before + (lower(word->text[i]) != name[j]);

			before = row[j + 1];
			if (before + 1 < change)
				change = before + 1;
			row[j + 1] = row[j] + 1 < change ? row[j] + 1 : change;
		}
	}
	return row[columns];
}

const char *postfix_action_nearest(const struct token *word)
{
	const char *nearest = NULL;
	size_t least = 3;

	if (value_is_grant(word))
		return "permit";
	if (value_is_refusal(word))
		return "reject";
	if (word->bytes > NAME_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(actions); i++) {
		size_t now = distance(word, actions[i].name);

		/* Almost any two short names differ by two letters. */
		if (now < least && 2 * now < strlen(actions[i].name)) {
			least = now;
			nearest = actions[i].name;
		}
	}
	return nearest;
}

void postfix_action_warn(struct reading *reading, const struct token *word)
{
	const char *nearest = postfix_action_nearest(word);

	if (nearest)
		reading_warn(reading, word->position + 1,
			     "\"%.*s\" is not an action of Postfix; did you mean %s? The rule "
			     "makes no entry",
			     (int)word->bytes, word->text, nearest);
	else
		reading_note(reading, word->position + 1,
			     "\"%.*s\" is not an action of Postfix, but may be a class of main.cf: "
			     "the rule makes no entry; write permit or reject",
			     (int)word->bytes, word->text);
}
