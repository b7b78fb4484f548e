/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completes a command line by the tables of command.h. What a table does not know, the values of
 * an option or of an argument, is in a table here. */
#include "ctl/complete.h"

#include <stdio.h>
#include <string.h>

#include "core/entry.h"
#include "core/lint.h"
#include "ctl/client.h"
#include "ctl/entries.h"
#include "formats/read.h"
#include "formats/write.h"

/* A shell waits for this. */
#define ASK_TIMEOUT_SEC 2

/* ---- values --------------------------------------------------------------- */

/* What the daemon knows: a request, and the array of its answer that has the names. */
struct asked {
	const char *path;
	const char *array;
};

static const struct asked ask_lists = { "/v1/status", "lists" };
static const struct asked ask_feeds = { "/v1/feeds", "feeds" };
static const struct asked ask_fleet = { "/v1/fleet", "hosts" };
static const struct asked ask_domains = { "/v1/domains", "domains" };

/* Possible values of an option, or of an argument at a position. */
struct values {
	const char *command; /* NULL: of all that are not above */
	const char *option;  /* NULL: of an argument */
	size_t position;     /* of the argument, from 0 */
	const char *after;   /* only after this first argument; may be NULL */

	const char *words; /* separated by blanks; ":files" and the like are for the shell */
	const char *const *names;
	size_t name_count;
	const struct asked *asked;
};

#define NAMES(array) .names = (array), .name_count = sizeof(array) / sizeof(*(array))

static const struct values values[] = {
	{ .option = "list", .asked = &ask_lists },
	{ .option = "socket", .words = ":files" },
	{ .option = "config", .words = ":files" },
	{ .option = "pcap", .words = ":files" },
	{ .option = "source", NAMES(source_names) },
	{ .option = "on-error", .words = "fail skip" },
	{ .option = "verdict", .words = "block would_block averted limited would_limit" },
	{ .option = "family", .words = "4 6" },
	{ .option = "check", NAMES(lint_check_names) },
	{ .option = "state", .words = "candidate probation active at_risk removed" },
	{ .option = "user", .words = ":users" },
	{ .command = "import", .option = "format", NAMES(format_names) },
	{ .command = "export", .option = "format", NAMES(export_format_names) },
	{ .command = "summary", .option = "format", .words = "text html json" },
	{ .command = "list", .option = "sort", .words = "hits connections averted last_hit" },
	{ .command = "blocked", .option = "sort", .words = "attempts last first" },
	{ .command = "undo", .option = "by", .words = ":users" },
	{ .command = "report", .option = "by", .words = ":hosts" },
	{ .command = "feeds", .words = "accept diff" },
	{ .command = "feeds", .position = 1, .asked = &ask_feeds },
	{ .command = "refresh", .asked = &ask_feeds },
	{ .command = "domains", .words = "accept diff refresh" },
	{ .command = "domains", .position = 1, .asked = &ask_domains },
	{ .command = "fleet", .words = "accept forget" },
	{ .command = "fleet", .position = 1, .asked = &ask_fleet },
	{ .command = "learn", .words = "list accept reject forget backfill simulate partners" },
	{ .command = "learn", .position = 1, .after = "backfill", .words = ":files" },
	{ .command = "report", .words = "ham spam" },
	{ .command = "seen", .words = "forget" },
	{ .command = "check-config", .words = ":files" },
	{ .command = "diff", .words = ":files" },
	{ .command = "import", .words = ":files" },
	{ .command = "simulate", .words = ":files" },
	{ .command = "backup", .words = ":files" },
	{ .command = "restore", .words = ":files" },
};

/* ---- the command line ------------------------------------------------------ */

struct completion {
	const struct command *const *commands;
	const struct command *command;	   /* NULL: it is not there yet */
	const struct option_spec *pending; /* the option whose value is completed */
	bool only_positional;		   /* after "--" */
	const char *first;		   /* argument of the command; NULL: none yet */
	size_t position;		   /* of the argument that is completed */
	struct arguments arguments;	   /* the socket */
	const char *current;		   /* the beginning of the word */
	const char *before;		   /* goes before each candidate: "--list=" */
	int before_bytes;
};

static bool equals(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The option that "--list" or "--list=x" names, or NULL. */
static const struct option_spec *complete_find_option(const struct completion *completion,
						      const char *word)
{
	const size_t bytes = strcspn(word, "=");
	const struct option_spec *spec = NULL;

	if (strncmp(word, "--", 2) != 0 || bytes == 2)
		return NULL;
	if (completion->command)
		spec = option_find(completion->command->options, word + 2, bytes - 2);
	return spec ? spec : option_find(global_options, word + 2, bytes - 2);
}

static void complete_take_argument(struct completion *completion, const char *word)
{
	if (completion->command) {
		if (!completion->first)
			completion->first = word;
		completion->position++;
		return;
	}
	for (size_t i = 0; completion->commands[i]; i++)
		if (equals(completion->commands[i]->name, word))
			completion->command = completion->commands[i];
}

/* Take a word before the one that is completed. Returns false if nothing fits after it. */
static bool complete_take(struct completion *completion, const char *word)
{
	const struct option_spec *spec = completion->pending;
	const char *equals_sign = strchr(word, '=');

	if (spec) {
		if (spec == &global_options[GLOBAL_SOCKET])
			completion->arguments.global[GLOBAL_SOCKET] = word;
		completion->pending = NULL;
		return true;
	}
	if (!completion->only_positional && word[0] == '-' && word[1]) {
		completion->only_positional = equals(word, "--");
		spec = complete_find_option(completion, word);
		if (spec && spec->metavar && !equals_sign)
			completion->pending = spec;
		if (spec == &global_options[GLOBAL_SOCKET] && equals_sign)
			completion->arguments.global[GLOBAL_SOCKET] = equals_sign + 1;
		return true;
	}
	complete_take_argument(completion, word);
	return completion->command;
}

/* ---- candidates ------------------------------------------------------------- */

static void complete_offer(const struct completion *completion, const char *word, size_t bytes,
			   const char *description)
{
	const size_t typed = strlen(completion->current);

	if (typed > bytes || memcmp(word, completion->current, typed) != 0)
		return;
	printf("%.*s%.*s%s%s\n", completion->before_bytes, completion->before, (int)bytes, word,
	       description ? "\t" : "", description ? description : "");
}

static void complete_offer_words(const struct completion *completion, const char *words)
{
	while (*words) {
		const size_t bytes = strcspn(words, " ");

		if (*words == ':')
			printf("%.*s\n", (int)bytes, words);
		else
			complete_offer(completion, words, bytes, NULL);
		words += bytes;
		words += strspn(words, " ");
	}
}

/* Offer names that the daemon answers. One that a shell could misread is left out. */
static void complete_offer_asked(const struct completion *completion, const struct asked *asked)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._:-";
	const struct request request = { .method = "GET",
					 .path = asked->path,
					 .timeout_sec = ASK_TIMEOUT_SEC };
	struct client *client = client_new(&completion->arguments);
	json_t *answer = NULL, *items;
	const json_t *item;
	size_t i;

	client_keep_messages(client);
	if (!client_request(client, &request, &answer) &&
	    !client_array(client, answer, asked->array, &items))
		json_array_foreach(items, i, item)
		{
			const char *name = entry_string(item, "name");

			if (!name[strspn(name, safe)])
				complete_offer(completion, name, strlen(name),
					       json_string_value(json_object_get(item, "action")));
		}
	json_decref(answer);
	client_free(client);
}

static void complete_offer_values(const struct completion *completion, const struct values *found)
{
	if (found->words)
		complete_offer_words(completion, found->words);
	for (size_t i = 0; i < found->name_count; i++)
		complete_offer(completion, found->names[i], strlen(found->names[i]), NULL);
	if (found->asked)
		complete_offer_asked(completion, found->asked);
}

/* Find the values of an option, or (NULL) of the argument that is completed. */
static const struct values *complete_find_values(const struct completion *completion,
						 const char *option)
{
	const char *command = completion->command ? completion->command->name : NULL;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const struct values *one = &values[i];

		if (one->command && !equals(one->command, command))
			continue;
		if (one->after && !equals(one->after, completion->first))
			continue;
		if (option && equals(one->option, option))
			return one;
		if (!option && !one->option &&
		    (one->position == completion->position ||
		     (one->after && one->position < completion->position)))
			return one;
	}
	return NULL;
}

static void complete_offer_options(const struct completion *completion,
				   const struct option_spec *spec)
{
	for (; spec->name; spec++) {
		char word[64];
		const int bytes = snprintf(word, sizeof(word), "--%s", spec->name);

		complete_offer(completion, word, (size_t)bytes, spec->help);
	}
}

static void complete_offer_commands(const struct completion *completion)
{
	for (size_t i = 0; completion->commands[i]; i++)
		complete_offer(completion, completion->commands[i]->name,
			       strlen(completion->commands[i]->name),
			       completion->commands[i]->summary);
}

static void complete_offer_option_value(struct completion *completion,
					const struct option_spec *spec)
{
	const struct values *found = complete_find_values(completion, spec->name);

	if (found)
		complete_offer_values(completion, found);
}

/* Complete the last word. */
static void complete_last(struct completion *completion, const char *word)
{
	const char *equals_sign = strchr(word, '=');
	const struct option_spec *spec = complete_find_option(completion, word);
	const struct values *found;

	completion->current = word;
	if (completion->pending) {
		complete_offer_option_value(completion, completion->pending);
	} else if (!completion->only_positional && spec && spec->metavar && equals_sign) {
		completion->current = equals_sign + 1;
		completion->before = word;
		completion->before_bytes = (int)(equals_sign + 1 - word);
		complete_offer_option_value(completion, spec);
	} else if (!completion->only_positional && word[0] == '-') {
		if (completion->command)
			complete_offer_options(completion, completion->command->options);
		complete_offer_options(completion, global_options);
	} else if (!completion->command ||
		   (equals(completion->command->name, "help") && !completion->position)) {
		complete_offer_commands(completion);
	} else if (completion->position < completion->command->positional_max) {
		found = complete_find_values(completion, NULL);
		if (found)
			complete_offer_values(completion, found);
	}
}

void complete_run(const struct command *const *commands, char **words)
{
	struct completion completion = { .commands = commands, .before = "" };

	for (; words[0] && words[1]; words++)
		if (!complete_take(&completion, words[0]))
			return;
	if (words[0])
		complete_last(&completion, words[0]);
}
