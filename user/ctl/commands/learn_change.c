/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `learn accept`, `reject` and `forget`. */
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "core/prefix.h"
#include "ctl/ask.h"
#include "ctl/exchange.h"
#include "ctl/learn.h"
#include "ctl/memory.h"

static const struct column changed_columns[] = {
	{ "deed", NULL, FORM_PLAIN },	  { "kind", NULL, FORM_PLAIN },
	{ "changed", NULL, FORM_PLAIN },  { "unchanged", NULL, FORM_PLAIN },
	{ "warnings", NULL, FORM_PLAIN }, { NULL, NULL, FORM_PLAIN },
};

/* What was done, by the name of the verb. */
static const char *const words[][2] = {
	{ "accept", "accepted" },
	{ "reject", "rejected" },
	{ "forget", "forgotten" },
};

static const char *subjects_word(bool are_domains, uint64_t count)
{
	return are_domains ? plural(count, "domain", "domains")
			   : plural(count, "address", "addresses");
}

static void write_changed(struct writer *writer, const json_t *answer)
{
	const char *deed = json_string_value(json_object_get(answer, "deed"));
	const char *kind = json_string_value(json_object_get(answer, "kind"));
	const json_t *lines = json_object_get(answer, "unchanged");
	long long changed = json_integer_value(json_object_get(answer, "changed"));
	const json_t *line;
	size_t i;

	writer_members(writer, changed_columns, answer);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!deed || strcmp(deed, words[i][0]) != 0)
			continue;
		writer_text(writer, COLOUR_NONE, "%s: %lld %s", words[i][1], changed,
			    subjects_word(kind && !strcmp(kind, "domain"), (uint64_t)changed));
		writer_line_end(writer);
	}
	json_array_foreach(lines, i, line)
	{
		const char *text = json_string_value(line);

		writer_text(writer, COLOUR_YELLOW, "%s", text ? text : "?");
		writer_line_end(writer);
	}
	exchange_print_warnings(answer);
}

/* A removal from an allow list can cost mail. */
static enum ctl_exit confirm_change(const struct arguments *arguments)
{
	const size_t count = arguments->positional_count - 1;
	const char *verb = arguments->positional[0], *first = arguments->positional[1];
	struct prefix prefix;
	char question[128];

	if (!strcmp(verb, "accept") || arguments->options[LEARN_YES] || !ask_is_possible())
		return CTL_DONE;
	snprintf(
	    question, sizeof(question), "This takes %zu %s out of force if learned. %c%s %s?",
	    count,
	    subjects_word(prefix_parse(first, strlen(first), &prefix, NULL) != PREFIX_OK, count),
	    verb[0] - 'a' + 'A', verb + 1, plural(count, "it", "them"));
	if (ask_yes(question))
		return CTL_DONE;
	ctl_error("nothing has changed");
	return CTL_NEGATIVE;
}

enum ctl_exit learn_change(const struct arguments *arguments)
{
	json_t *subjects = ctl_allocated(json_array());
	enum ctl_exit code = confirm_change(arguments);
	char path[64];
	json_t *body;

	if (code) {
		json_decref(subjects);
		return code;
	}
	for (size_t i = 1; i < arguments->positional_count; i++)
		json_array_append_new(subjects, writer_string(arguments->positional[i]));
	body = json_pack("{s:o,s:s?,s:o}", "subjects", subjects, "reason",
			 arguments->options[LEARN_REASON], "sudo_user",
			 writer_string(client_sudo_user()));
	if (!body) {
		ctl_error("the reason must be UTF-8");
		return CTL_INVALID;
	}
	snprintf(path, sizeof(path), "/v1/learn/%s", arguments->positional[0]);
	code = exchange(arguments,
			&(struct request) { .method = "POST",
					    .path = path,
					    .body = body,
					    .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC },
			"changed", write_changed);
	json_decref(body);
	return code;
}
