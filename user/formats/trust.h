/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The levels of trust of dnswl.org. */
#ifndef FORMATS_TRUST_H
#define FORMATS_TRUST_H

#include <stdbool.h>
#include <stddef.h>

/* In a record and in the last number of an answer, TRUST_NONE is 0 and TRUST_HIGH is 3. */
enum trust {
	TRUST_BY_FORMAT, /* unless somebody chooses: TRUST_LOW */
	TRUST_NONE,
	TRUST_LOW,
	TRUST_MEDIUM,
	TRUST_HIGH,
	TRUST_COUNT,
};

/* NULL, "none", "low", "medium", "high", indexed by enum trust. */
extern const char *const trust_names[TRUST_COUNT];

/* Read a level: none, low, med or medium, hi or high, or 0 to 3. Return: whether it is one. */
bool trust_find(const char *text, size_t bytes, enum trust *ret_trust);

/* Whether a level is enough. @least may be TRUST_BY_FORMAT. */
bool trust_is_enough(enum trust trust, enum trust least);

#endif
