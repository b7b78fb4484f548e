// SPDX-License-Identifier: GPL-2.0-or-later
/* What the status says of limits and the shield against floods. */
#include "ctl/unlisted.h"

#include <string.h>

#include "ctl/entries.h"
#include "ctl/writer.h"

void unlisted_write_limits(struct writer *writer, const json_t *limits)
{
	static const char *const keys[][2] = { { "address", "an address" },
					       { "network", "a network" } };
	const char *mode = entry_string(limits, "mode_in_force"), *separator = "";

	if (!json_is_object(limits) || !strcmp(mode, "off"))
		return;
	writer_text(writer, COLOUR_NONE, "limits, mode %s: ", mode);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const json_t *limit = json_object_get(limits, keys[i][0]);

		if (!json_is_object(limit))
			continue;
		writer_text(writer, COLOUR_NONE, "%s%lld a minute for %s", separator,
			    (long long)json_integer_value(json_object_get(limit, "per_minute")),
			    keys[i][1]);
		separator = ", ";
	}
	writer_line_end(writer);
}

void unlisted_write_flood(struct writer *writer, const json_t *flood)
{
	const char *mode = entry_string(flood, "mode_in_force");
	const json_t *syns = json_object_get(flood, "syns");

	if (!json_is_object(flood) || !strcmp(mode, "off"))
		return;
	writer_text(writer, COLOUR_NONE,
		    "shield against floods, mode %s: %s, threshold %lld SYNs a second", mode,
		    json_is_true(json_object_get(flood, "active")) ? "on" : "off",
		    (long long)json_integer_value(json_object_get(flood, "threshold")));
	if (json_is_string(json_object_get(flood, "last_at")))
		writer_text(writer, COLOUR_NONE, "; last flood %s; %lld answered, %lld would be",
			    entry_string(flood, "last_at"),
			    (long long)json_integer_value(json_object_get(syns, "answered")),
			    (long long)json_integer_value(json_object_get(syns, "would_answer")));
	writer_line_end(writer);
}
