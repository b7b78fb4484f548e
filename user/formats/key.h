/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads keys of tables, with or without quotes. */
#ifndef FORMATS_KEY_H
#define FORMATS_KEY_H

#include "formats/reading.h"

/* Cut a key off @rest. Returns false if that fails, which was reported. */
bool key_cut(struct reading *reading, struct token *rest, struct token *ret_key);

/* Cut off and return the comment, which begins with a blank and "#". */
struct token key_cut_comment(struct token *content);

#endif
