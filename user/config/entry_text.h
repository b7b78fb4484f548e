/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses the text of one entry, PREFIX or !PREFIX, in configurations and list files. */
#ifndef CONFIG_ENTRY_TEXT_H
#define CONFIG_ENTRY_TEXT_H

#include <stdbool.h>

#include "base/diagnostics.h"
#include "core/policy.h"

/* The place where a text begins. */
struct place {
	const char *file;
	uint32_t line;
	uint32_t column;
	bool is_verbatim; /* each byte of the text takes one column of the file */
};

/* Parse a text for a list of @action. Sets prefix and is_exclusion of @entry. Returns false,
 * and adds an error, if the text cannot be used. */
bool entry_text_parse(const char *text, size_t text_bytes, enum action action,
		      const struct place *place, struct diagnostics *diagnostics,
		      struct entry *entry);

#endif
