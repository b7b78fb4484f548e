/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions in tables of Postfix: access(5), postscreen(8), smtpd_client_restrictions. */
#ifndef FORMATS_POSTFIX_ACTION_H
#define FORMATS_POSTFIX_ACTION_H

#include "formats/reading.h"

enum postfix_action {
	POSTFIX_UNKNOWN, /* no action: a class of main.cf, or a mistake */
	POSTFIX_PERMIT,
	POSTFIX_REJECT,
	POSTFIX_NEITHER,
};

/* Return the first word of an action or of a list of restrictions. */
struct token postfix_action_word(struct token action);

enum postfix_action postfix_action_kind(const struct token *word);

/* Whether the word may name a class of restrictions (smtpd_restriction_classes). */
bool postfix_action_may_be_class(const struct token *word);

/* Whether an action can only be one of Postfix, not one in a table of another program. */
bool postfix_action_is_clear(struct token action);

/* Warn of a word that is no action: its rule makes no entry. */
void postfix_action_warn(struct reading *reading, const struct token *word);

/* Guess which action the word was meant to be; NULL: no guess. */
const char *postfix_action_nearest(const struct token *word);

#endif
