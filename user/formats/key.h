/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of tables, in quotes or not. */
#ifndef FORMATS_KEY_H
#define FORMATS_KEY_H

#include "formats/reading.h"

/* Cut a key off @rest; false: it was reported. */
bool key_cut(struct reading *reading, struct token *rest, struct token *ret_key);

/* Cut off the comment, which begins with a blank and #; return it. */
struct token key_cut_comment(struct token *content);

#endif
