/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of the status about learning. */
#include "ctl/learning.h"

#include <string.h>

#include "ctl/entries.h"

/* What is learned, and from which sources, in one line. */
static void write_learning(struct writer *writer, const json_t *learn)
{
	static const char *const states[][2] = { { "candidate", "waiting" },
						 { "probation", "on probation" },
						 { "active", "in force" },
						 { "at_risk", "at risk" } };
	const json_t *addresses = json_object_get(learn, "addresses");
	const char *source;
	json_t *last;

	if (!json_is_object(learn))
		return;
	writer_text(writer, COLOUR_NONE,
		    "learning for list %s, mode %s:", entry_string(learn, "list"),
		    entry_string(learn, "mode"));
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		writer_text(writer, COLOUR_NONE, "%s %lld %s", i ? "," : "",
			    (long long)json_integer_value(json_object_get(addresses, states[i][0])),
			    states[i][1]);
	json_object_foreach(json_object_get(learn, "last_evidence"), source, last)
	{
		if (json_is_string(last))
			writer_text(writer, COLOUR_NONE, "; %s last at %s", source,
				    json_string_value(last));
	}
	writer_line_end(writer);
}

static long long session_count(const json_t *results, const char *result)
{
	return (long long)json_integer_value(
	    json_object_get(json_object_get(results, result), "sessions"));
}

/* What the kernel counts of SMTP sessions, or why it counts none, in one line. */
static void write_sessions(struct writer *writer, const json_t *sessions)
{
	static const char *const directions[] = { "outbound", "inbound" };
	const json_t *totals = json_object_get(sessions, "totals");
	const char *problem = json_string_value(json_object_get(sessions, "problem"));
	const bool is_attached = json_is_true(json_object_get(sessions, "attached"));

	if (!json_is_object(sessions) || !strcmp(entry_string(sessions, "mode"), "off") ||
	    (!is_attached && !problem))
		return;
	if (is_attached)
		writer_text(writer, COLOUR_NONE,
			    "SMTP sessions in %s:", entry_string(sessions, "cgroup"));
	for (size_t i = 0; is_attached && i < 2; i++) {
		const json_t *results = json_object_get(totals, directions[i]);

		writer_text(writer, COLOUR_NONE, "%s %lld %s, %lld short", i ? ";" : "",
			    session_count(results, "complete"), directions[i],
			    session_count(results, "short"));
	}
	if (problem)
		writer_text(writer, COLOUR_YELLOW, "%s%s",
			    is_attached ? "; some may be missed: "
					: "SMTP sessions are not counted: ",
			    problem);
	writer_line_end(writer);
}

void learning_write_status(struct writer *writer, const json_t *status)
{
	write_learning(writer, json_object_get(status, "learn"));
	write_sessions(writer, json_object_get(status, "sessions"));
}
