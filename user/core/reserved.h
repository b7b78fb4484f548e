/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address space that no mail comes from over the internet. */
#ifndef CORE_RESERVED_H
#define CORE_RESERVED_H

#include "core/prefix.h"

#define RESERVED_COUNT 21

struct reserved_space {
	struct prefix prefix;
	const char *kind; /* "private", "loopback", … */
};

/* Sorted by prefix; none lies in another. */
extern const struct reserved_space reserved_spaces[RESERVED_COUNT];

#endif
