/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word that was probably meant. */
#ifndef CTL_SUGGEST_H
#define CTL_SUGGEST_H

#include <stddef.h>

/* How many letters must change, be added, go or change places with their neighbours to make
 * @b of @a. More than SUGGEST_WORD_BYTES letters count as SIZE_MAX. */
size_t suggest_distance(const char *a, const char *b);
#define SUGGEST_WORD_BYTES 32

/* Whether a person who wrote @text may have meant @word: it begins like it, or has few other
 * letters. *best is the distance of the best word so far, SIZE_MAX at first; only a better
 * word is one. */
int suggest_is_better(const char *text, const char *word, size_t *best);

#endif
