/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions of Postfix' tables: access(5), postscreen(8), smtpd_client_restrictions. */
#ifndef FORMATS_POSTFIX_ACTION_H
#define FORMATS_POSTFIX_ACTION_H

#include "formats/token.h"

enum postfix_action {
	POSTFIX_UNKNOWN, /* no action: a class of main.cf, or a mistake */
	POSTFIX_PERMIT,
	POSTFIX_REJECT,
	POSTFIX_NEITHER,
};

/* The first word of an action or of a list of restrictions. */
struct token postfix_action_word(struct token action);

enum postfix_action postfix_action_kind(const struct token *word);

/* Whether the word may name a class of restrictions (smtpd_restriction_classes). */
bool postfix_action_may_be_class(const struct token *word);

/* Whether an action is Postfix's, and nothing that a table of another program has. */
bool postfix_action_is_clear(struct token action);

/* The action that was most likely meant, or NULL. */
const char *postfix_action_nearest(const struct token *word);

#endif
