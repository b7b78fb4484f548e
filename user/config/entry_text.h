/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of one entry, PREFIX or !PREFIX, as configuration and list files have it. */
#ifndef CONFIG_ENTRY_TEXT_H
#define CONFIG_ENTRY_TEXT_H

#include <stdbool.h>

#include "base/diagnostics.h"
#include "core/policy.h"

/* Where a text begins. */
struct place {
	const char *file;
	uint32_t line;
	uint32_t column;
	bool is_verbatim; /* the n-th byte of the text stands n columns further */
};

/* Parse a text for a list of @action. Fills prefix and is_exclusion of @entry; false:
 * it cannot be used, and an error was added. */
bool entry_text_parse(const char *text, size_t text_bytes, enum action action,
		      const struct place *place, struct diagnostics *diagnostics,
		      struct entry *entry);

#endif
