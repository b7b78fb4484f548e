/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads keys of tables. A key with a colon is quoted. Exim and OpenSMTPD share this. */
#include "formats/key.h"

#include <string.h>

bool key_cut(struct reading *reading, struct token *rest, struct token *ret_key)
{
	const char *quote;
	size_t bytes;

	if (rest->bytes == 0 || rest->text[0] != '"') {
		*ret_key = token_word(rest);
		return true;
	}
	quote = memchr(rest->text + 1, '"', rest->bytes - 1);
	if (!quote) {
		reading_bad(reading, rest->position + 1, "a quote that is not closed: add \"");
		return false;
	}
	bytes = (size_t)(quote - rest->text) - 1;
	*ret_key = (struct token) { rest->text + 1, bytes, rest->position + 1 };
	*rest = (struct token) { rest->text + bytes + 2, rest->bytes - bytes - 2,
				 rest->position + bytes + 2 };
	return true;
}

struct token key_cut_comment(struct token *content)
{
	struct token comment = { 0 };

	for (size_t i = 1; i < content->bytes; i++) {
		if (content->text[i] != '#' || !is_blank(content->text[i - 1]))
			continue;
		comment = (struct token) { content->text + i + 1, content->bytes - i - 1, 0 };
		content->bytes = i;
		*content = token_trim(*content);
		break;
	}
	return comment;
}
