/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `import`: makes manual entries of a list in another program's format. The daemon reads
 * it: it knows what the list may hold. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "ctl/exchange.h"
#include "ctl/memory.h"
#include "ctl/program.h"
#include "formats/read.h"

#define SIZE_START 65536
/* More than the daemon takes: it says so itself. */
#define SIZE_MAX_READ (65UL << 20)

enum {
	IMPORT_FORMAT,
	IMPORT_LIST,
	IMPORT_REASON,
	IMPORT_TTL,
	IMPORT_ON_ERROR,
	IMPORT_DRY_RUN,
	IMPORT_FORCE,
	IMPORT_FROM_IPSET,
	IMPORT_FROM_NFT
};

/* A list that is to be imported. */
struct imported {
	char *data; /* to be freed */
	size_t bytes;
	char *name;	    /* for messages and the history; to be freed */
	const char *format; /* NULL: it is recognised */
};

static const struct column read_columns[] = {
	{ "list", NULL, FORM_PLAIN },	    { "dry_run", NULL, FORM_PLAIN },
	{ "added", NULL, FORM_PLAIN },	    { "replaced", NULL, FORM_PLAIN },
	{ "expires_at", NULL, FORM_PLAIN }, { "read", NULL, FORM_PLAIN },
	{ "warnings", NULL, FORM_PLAIN },   { "seconds", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* Of a dry run alone. */
static const struct column detail_columns[] = {
	{ "prefixes", NULL, FORM_PLAIN },
	{ "skipped_records", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static long long import_count(const json_t *answer, const char *key)
{
	return (long long)json_integer_value(json_object_get(answer, key));
}

static const char *import_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

/* Lines of an answer, and how many more there are. */
static void write_lines(struct writer *writer, const char *before, const json_t *lines,
			long long count)
{
	const json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		const char *text = json_string_value(line);

		writer_text(writer, COLOUR_NONE, "%s%s", before, text ? text : "?");
		writer_line_end(writer);
	}
	if (count > (long long)json_array_size(lines)) {
		writer_text(writer, COLOUR_NONE, "%sand %lld more", before,
			    count - (long long)json_array_size(lines));
		writer_line_end(writer);
	}
}

/* What a dry run would put in force, and what it has skipped. */
static void write_details(struct writer *writer, const json_t *answer)
{
	const json_t *prefixes = json_object_get(answer, "prefixes");
	const json_t *skipped = json_object_get(answer, "skipped_records");
	const json_t *read = json_object_get(answer, "read");

	writer_members(writer, detail_columns, answer);
	if (writer->is_json)
		return;
	if (json_is_array(prefixes))
		write_lines(writer, "+ ", prefixes,
			    import_count(answer, "added") + import_count(answer, "replaced"));
	if (json_is_array(skipped))
		write_lines(writer, "skipped: ", skipped, import_count(read, "skipped"));
}

static void write_imported(struct writer *writer, const json_t *answer)
{
	const json_t *read = json_object_get(answer, "read");
	bool is_dry_run = json_is_true(json_object_get(answer, "dry_run"));
	bool is_recognised = json_is_true(json_object_get(read, "recognised"));

	writer_members(writer, read_columns, answer);
	writer_text(writer, COLOUR_NONE, "%s%s: %s", import_text(read, "format"),
		    is_recognised ? " (recognised)" : "", import_text(read, "summary"));
	writer_line_end(writer);
	writer_text(writer, COLOUR_NONE,
		    is_dry_run ? "dry run, nothing has changed: %lld would be added to list %s, "
				 "%lld replaced there"
			       : "%lld added to list %s, %lld replaced there, in force now",
		    import_count(answer, "added"), import_text(answer, "list"),
		    import_count(answer, "replaced"));
	writer_line_end(writer);
	if (is_dry_run)
		write_details(writer, answer);
	exchange_print_warnings(answer);
}

/* All of a stream, to be freed; NULL: an error, in errno. */
static char *read_stream(FILE *stream, size_t *ret_bytes)
{
	size_t size = SIZE_START, used = 0;
	char *data = ctl_allocated(malloc(size));

	while (!feof(stream) && !ferror(stream) && used < SIZE_MAX_READ) {
		if (used == size)
			data = ctl_allocated(realloc(data, size *= 2));
		used += fread(data + used, 1, size - used, stream);
	}
	if (ferror(stream)) {
		free(data);
		return NULL;
	}
	*ret_bytes = used;
	return data;
}

static enum ctl_exit read_file(const char *path, struct imported *imported)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *stream = is_stdin ? stdin : fopen(path, "re");

	imported->data = stream ? read_stream(stream, &imported->bytes) : NULL;
	if (!imported->data)
		ctl_error("%s: %s", path, strerror(errno));
	if (stream && !is_stdin)
		fclose(stream);
	imported->name = ctl_allocated(strdup(is_stdin ? "standard input" : path));
	return imported->data ? CTL_DONE : CTL_INVALID;
}

/* ---- sets of the kernel ------------------------------------------------------ */

static void take_output(FILE *stream, void *context)
{
	struct imported *imported = context;

	imported->data = read_stream(stream, &imported->bytes);
}

/* Read what a program prints about a set. */
static enum ctl_exit read_program(char *const argv[], const char *format, struct imported *imported)
{
	enum ctl_exit code = program_run(argv, take_output, imported);
	FILE *stream = ctl_allocated(open_memstream(&imported->name, &(size_t) { 0 }));

	for (size_t i = 0; argv[i]; i++)
		fprintf(stream, "%s%s", i ? " " : "", argv[i]);
	if (fclose(stream))
		ctl_allocated(NULL);
	if (!code && !imported->data) {
		ctl_error("%s: %s", imported->name, strerror(errno));
		code = CTL_INVALID;
	}
	imported->format = format;
	return code;
}

static enum ctl_exit read_ipset(char *const words[], struct imported *imported)
{
	char *const argv[] = { "ipset", "save", words[0], NULL };

	return read_program(argv, "ipset", imported);
}

static enum ctl_exit read_nft(char *const words[], struct imported *imported)
{
	char *const argv[] = { "nft", "list", "set", words[0], words[1], words[2], NULL };

	return read_program(argv, "nftables", imported);
}

/* Check how many arguments there are. */
static enum ctl_exit check_arguments(const struct arguments *arguments, size_t count,
				     const char *what)
{
	if (arguments->positional_count == count)
		return CTL_DONE;
	return ctl_usage_error("import", "import %s", what);
}

static enum ctl_exit read_list(const struct arguments *arguments, struct imported *imported)
{
	const char *const *options = arguments->options;
	enum ctl_exit code;

	if (!options[IMPORT_FROM_NFT] && !options[IMPORT_FROM_IPSET]) {
		code = check_arguments(arguments, 1, "needs one FILE");
		return code ? code : read_file(arguments->positional[0], imported);
	}
	if (options[IMPORT_FORMAT] || (options[IMPORT_FROM_NFT] && options[IMPORT_FROM_IPSET]))
		return ctl_usage_error("import", "--from-nft, --from-ipset and --format exclude "
						 "each other");
	if (options[IMPORT_FROM_IPSET]) {
		code = check_arguments(arguments, 1, "--from-ipset needs one SET");
		return code ? code : read_ipset(arguments->positional, imported);
	}
	code = check_arguments(arguments, 3, "--from-nft needs FAMILY TABLE SET");
	return code ? code : read_nft(arguments->positional, imported);
}

/* ---- the command -------------------------------------------------------------- */

/* The format's name; false: it was reported. */
static bool check_format(const char *name)
{
	enum format format;

	if (!name || format_find(name, &format))
		return true;
	ctl_error("unknown format %s; the formats are:", name);
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		fprintf(stderr, "%s%s", i ? " " : "", format_names[i]);
	fputc('\n', stderr);
	return false;
}

static bool check_on_error(const char *choice)
{
	if (!choice || !strcmp(choice, "fail") || !strcmp(choice, "skip"))
		return true;
	ctl_error("--on-error %s: write fail or skip", choice);
	return false;
}

static enum ctl_exit send_import(const struct arguments *arguments, const char *ttl,
				 const struct imported *imported)
{
	const char *format = arguments->options[IMPORT_FORMAT];
	const struct parameter query[] = {
		{ "list", arguments->options[IMPORT_LIST] },
		{ "format", imported->format ? imported->format : format },
		{ "name", imported->name },
		{ "reason", arguments->options[IMPORT_REASON] },
		{ "ttl_seconds", ttl },
		{ "on_error", arguments->options[IMPORT_ON_ERROR] },
		{ "dry_run", arguments->options[IMPORT_DRY_RUN] ? "true" : NULL },
		{ "force", arguments->options[IMPORT_FORCE] ? "true" : NULL },
		{ "sudo_user", client_sudo_user() },
		{ NULL, NULL },
	};
	const struct request request = { .method = "POST",
					 .path = "/v1/import",
					 .query = query,
					 .data = imported->data,
					 .data_bytes = imported->bytes,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };

	return exchange(arguments, &request, "read", write_imported);
}

static enum ctl_exit run_import(const struct arguments *arguments)
{
	const char *ttl = arguments->options[IMPORT_TTL];
	char ttl_text[32];
	struct imported imported = { 0 };
	enum ctl_exit code;

	if (!check_format(arguments->options[IMPORT_FORMAT]) ||
	    !check_on_error(arguments->options[IMPORT_ON_ERROR]))
		return CTL_INVALID;
	if (ttl) {
		int64_t sec;
		const char *error = duration_parse(ttl, &sec);

		if (error) {
			ctl_error("--ttl %s %s", ttl, error);
			return CTL_INVALID;
		}
		snprintf(ttl_text, sizeof(ttl_text), "%lld", (long long)sec);
		ttl = ttl_text;
	}
	code = read_list(arguments, &imported);
	if (!code)
		code = send_import(arguments, ttl, &imported);
	free(imported.data);
	free(imported.name);
	return code;
}

const struct command command_import = {
	.name = "import",
	.positional = "FILE|SET|FAMILY TABLE SET",
	.positional_min = 1,
	.positional_max = 3,
	.summary = "add all entries of a list as manual entries, or none",
	.description =
	    "Reads the formats of Postfix, rspamd, SpamAssassin and others. If FILE is\n"
	    "-, reads standard input. A comment on an entry becomes its reason. Timeouts\n"
	    "of sets become expiries.",
	.options = { [IMPORT_FORMAT] = { "format", "FORMAT",
					 "the format of FILE (auto: recognise it)", 0 },
		     [IMPORT_LIST] = { "list", "NAME", "the list to add to", 1 },
		     [IMPORT_REASON] = { "reason", "TEXT",
					 "the reason for entries without a comment", 0 },
		     [IMPORT_TTL] = { "ttl", "DURATION",
				      "expire after this time, for example 30d or 1h30m", 0 },
		     [IMPORT_ON_ERROR] = { "on-error", "CHOICE",
					   "what to do with an invalid line: fail or skip (fail)",
					   0 },
		     [IMPORT_DRY_RUN] = { "dry-run", NULL, "show the result, but change nothing",
					  0 },
		     [IMPORT_FORCE] = { "force", NULL,
					"also block own, protected or very wide prefixes", 0 },
		     [IMPORT_FROM_IPSET] = { "from-ipset", NULL, "take over the SET of ipset", 0 },
		     [IMPORT_FROM_NFT] = { "from-nft", NULL,
					   "take over the SET of a TABLE of nftables", 0 } },
	.run = run_import,
};
