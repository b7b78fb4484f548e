/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Singular and plural in messages. */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stdint.h>

/* The word that follows @count in a message: "1 entry", "0 entries", "2 entries". */
static inline const char *plural(uint64_t count, const char *singular, const char *many)
{
	return count == 1 ? singular : many;
}

#endif
