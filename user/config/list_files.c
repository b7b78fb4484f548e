/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a list's files are read, and reading them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/listfile.h"
#include "config/parts.h"

const char *const on_error_names[] = { "fail", "skip" };

void list_input_read(struct document *document, const yaml_node_t *format,
		     const yaml_node_t *on_error, struct list_input *input)
{
	size_t choice;

	if (format &&
	    document_choice(document, format, "format", format_names, FORMAT_COUNT, &choice))
		input->format = (enum format)choice;
	if (on_error && document_choice(document, on_error, "on_error", on_error_names, 2, &choice))
		input->skips_bad_lines = choice == 1;
}

void list_input_done(struct list_input *input)
{
	for (size_t i = 0; i < input->file_count; i++)
		free(input->files[i].path);
	free(input->files);
	*input = (struct list_input) { .format = FORMAT_AUTO };
}

size_t list_input_skipped_lines(const struct list_input *input)
{
	size_t count = 0;

	for (size_t i = 0; i < input->file_count; i++)
		count += input->files[i].result.bad_line_count;
	return count;
}

int list_files_read(const struct file_names *names, struct diagnostics *diagnostics,
		    struct list_input *input, struct list *list)
{
	struct format_input options = { .format = input->format,
					.action = list->action,
					.skips_bad_lines = input->skips_bad_lines,
					.source = SOURCE_FILE,
					.now_sec = time(NULL),
					.set = entry_set_new(),
					.diagnostics = diagnostics };
	int err = 0;

	if (!options.set)
		return -ENOMEM;
	input->files = calloc(names->count + 1, sizeof(*input->files));
	if (!input->files)
		err = -ENOMEM;
	for (size_t i = 0; i < names->count && err != -ENOMEM; i++) {
		struct list_file *file = &input->files[input->file_count++];

		file->path = strdup(names->items[i]);
		err = file->path ? listfile_read(file->path, &options, &file->result) : -ENOMEM;
	}
	entry_set_finish(options.set);
	list_replace_set(list, SOURCE_FILE, options.set);
	return err == -ENOMEM ? err : 0;
}
