/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the levels of trust are written, and compared. */
#include "formats/trust.h"

#include <string.h>
#include <strings.h>

const char *const trust_names[] = { NULL, "none", "low", "medium", "high" };
_Static_assert(sizeof(trust_names) / sizeof(trust_names[0]) == TRUST_COUNT, "all");

static bool is_word(const char *text, size_t bytes, const char *word)
{
	return bytes == strlen(word) && !strncasecmp(text, word, bytes);
}

bool trust_find(const char *text, size_t bytes, enum trust *ret_trust)
{
	static const char *const short_names[TRUST_COUNT] = { "", "none", "low", "med", "hi" };

	for (int trust = TRUST_NONE; trust < TRUST_COUNT; trust++) {
		const char number[] = { (char)('0' + trust - TRUST_NONE), '\0' };

		if (is_word(text, bytes, trust_names[trust]) ||
		    is_word(text, bytes, short_names[trust]) || is_word(text, bytes, number)) {
			*ret_trust = (enum trust)trust;
			return true;
		}
	}
	return false;
}

bool trust_is_enough(enum trust trust, enum trust least)
{
	return trust >= (least == TRUST_BY_FORMAT ? TRUST_LOW : least);
}
