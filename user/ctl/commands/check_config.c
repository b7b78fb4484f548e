/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `check-config`: reads a configuration as ipwld would; needs no daemon. */
#include <stdint.h>

#include "base/plural.h"
#include "config/config.h"
#include "ctl/command.h"
#include "ctl/memory.h"
#include "ctl/writer.h"

static const struct column result_columns[] = {
	{ "config", NULL, FORM_PLAIN },	     { "valid", NULL, FORM_PLAIN },
	{ "error_count", NULL, FORM_PLAIN }, { "warning_count", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* Shown in JSON; text is that of diagnostics_print(), as of `ipwld -t`. */
static const struct column diagnostic_columns[] = {
	{ "file", NULL, FORM_PLAIN },	 { "line", NULL, FORM_NUMBER },
	{ "column", NULL, FORM_NUMBER }, { "severity", NULL, FORM_PLAIN },
	{ "message", NULL, FORM_PLAIN }, { NULL, NULL, FORM_PLAIN },
};

static const struct column file_columns[] = {
	{ "list", NULL, FORM_PLAIN },
	{ "path", NULL, FORM_PLAIN },
	{ "format", NULL, FORM_PLAIN },
	{ "recognised", NULL, FORM_PLAIN },
	{ "records", NULL, FORM_NUMBER },
	{ "entries", NULL, FORM_NUMBER },
	{ "exclusions", NULL, FORM_NUMBER },
	{ "skipped", NULL, FORM_NUMBER },
	{ "skipped_lines", NULL, FORM_NUMBER },
	{ "summary", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

/* A place's number, or null for the whole file or line. */
static json_t *place_json(uint32_t number)
{
	return number ? json_integer(number) : json_null();
}

static void write_diagnostic(struct writer *writer, const struct diagnostic *diagnostic)
{
	json_t *object = ctl_allocated(
	    json_pack("{s:o, s:o, s:o, s:s, s:o}", "file", writer_string(diagnostic->file), "line",
		      place_json(diagnostic->line), "column", place_json(diagnostic->column),
		      "severity", diagnostic->severity == SEVERITY_ERROR ? "error" : "warning",
		      "message", writer_string(diagnostic->message)));

	writer_row(writer, object);
	json_decref(object);
}

static void write_summary(struct writer *writer, const char *path,
			  const struct diagnostics *diagnostics, const struct config *config)
{
	json_t *object = ctl_allocated(
	    json_pack("{s:o, s:b, s:I, s:I}", "config", writer_string(path), "valid",
		      config != NULL, "error_count", (json_int_t)diagnostics->error_count,
		      "warning_count", (json_int_t)diagnostics->warning_count));
	size_t entry_count = 0;

	writer_members(writer, result_columns, object);
	json_decref(object);
	if (!config)
		return;
	for (size_t i = 0; i < config->policy->list_count; i++)
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			entry_count += list_count_entries(&config->policy->lists[i], family);
	writer_text(writer, COLOUR_NONE, "%s: valid, %zu %s with %zu %s", path,
		    config->policy->list_count, plural(config->policy->list_count, "list", "lists"),
		    entry_count, plural(entry_count, "entry", "entries"));
	writer_line_end(writer);
}

static json_t *file_json(const struct list *list, const struct list_file *file)
{
	const struct format_result *result = &file->result;
	char summary[FORMAT_SUMMARY_BYTES];

	return ctl_allocated(json_pack(
	    "{s:o,s:o,s:s,s:b,s:I,s:I,s:I,s:I,s:I,s:s}", "list", writer_string(list->name), "path",
	    writer_string(file->path), "format", format_names[result->format], "recognised",
	    result->was_recognised, "records", (json_int_t)result->record_count, "entries",
	    (json_int_t)result->entry_count, "exclusions", (json_int_t)result->exclusion_count,
	    "skipped", (json_int_t)format_skipped_count(result), "skipped_lines",
	    (json_int_t)result->bad_line_count, "summary", format_summary(result, summary)));
}

/* What came of each list file. */
static void write_files(struct writer *writer, const struct config *config)
{
	char summary[FORMAT_SUMMARY_BYTES];

	if (writer->is_json)
		writer_table_begin(writer, "list_files", file_columns, "");
	for (size_t i = 0; config && i < config->policy->list_count; i++) {
		const struct list_input *input = &config->list_inputs[i];
		const struct list *list = &config->policy->lists[i];

		for (size_t j = 0; j < input->file_count; j++) {
			const struct list_file *file = &input->files[j];

			if (writer->is_json) {
				json_t *object = file_json(list, file);

				writer_row(writer, object);
				json_decref(object);
				continue;
			}
			writer_text(writer, COLOUR_NONE, "%s: list %s, %s%s: %s", file->path,
				    list->name, format_names[file->result.format],
				    file->result.was_recognised ? " (recognised)" : "",
				    format_summary(&file->result, summary));
			writer_line_end(writer);
		}
	}
	if (writer->is_json)
		writer_table_end(writer);
}

static void write_check(const char *path, bool is_json, const struct diagnostics *diagnostics,
			const struct config *config)
{
	struct writer writer;

	writer_begin(&writer, stdout, is_json);
	write_files(&writer, config);
	write_summary(&writer, path, diagnostics, config);
	if (is_json) {
		writer_table_begin(&writer, "diagnostics", diagnostic_columns, "");
		for (size_t i = 0; i < diagnostics->count; i++)
			write_diagnostic(&writer, &diagnostics->items[i]);
		writer_table_end(&writer);
	} else {
		diagnostics_print(diagnostics, writer_shows_all() ? SIZE_MAX : DIAGNOSTICS_SHOWN,
				  stderr);
	}
	writer_end(&writer);
}

static enum ctl_exit run_check_config(const struct arguments *arguments)
{
	const char *path =
	    arguments->positional_count ? arguments->positional[0] : CONFIG_DEFAULT_PATH;
	struct diagnostics diagnostics;
	struct config *config = NULL;

	diagnostics_init(&diagnostics);
	/* Without an error added, the only failure left is a lack of memory. */
	if (config_load(path, NULL, &diagnostics, &config) && !diagnostics.error_count)
		ctl_allocated(NULL);
	if (config)
		config_check_devices(config, path, &diagnostics);
	write_check(path, arguments->global[GLOBAL_JSON], &diagnostics, config);
	diagnostics_done(&diagnostics);
	config_free(config);
	return config ? CTL_DONE : CTL_INVALID;
}

const struct command command_check_config = {
	.name = "check-config",
	.positional = "[FILE]",
	.positional_max = 1,
	.summary = "check a configuration and its list files",
	.description = "The default FILE is " CONFIG_DEFAULT_PATH ".",
	.run = run_check_config,
};
