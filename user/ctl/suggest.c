/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distances between words (optimal string alignment). */
#include "ctl/suggest.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[SUGGEST_WORD_BYTES + 1][SUGGEST_WORD_BYTES + 1];
	size_t a_bytes = strlen(a), b_bytes = strlen(b);

	if (a_bytes > SUGGEST_WORD_BYTES || b_bytes > SUGGEST_WORD_BYTES)
		return SIZE_MAX;
	for (size_t i = 0; i <= a_bytes; i++) {
		for (size_t j = 0; j <= b_bytes; j++) {
			if (!i || !j) {
				rows[i][j] = i + j;
				continue;
			}
			rows[i][j] = least(least(rows[i - 1][j], rows[i][j - 1]) + 1,
					   rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
		}
	}
	return rows[a_bytes][b_bytes];
}

int suggest_is_better(const char *text, const char *word, size_t *best)
{
	size_t bytes = strlen(text);
	size_t distance = suggest_distance(text, word);

	if (distance == SIZE_MAX || bytes < 2)
		return 0;
	if (!strncmp(text, word, bytes))
		distance = 1;
	if (distance > (bytes + 2) / 3 || distance >= *best)
		return 0;
	*best = distance;
	return 1;
}
