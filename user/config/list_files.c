/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads list files piece by piece, in the way that the list configures. */
#include "config/list_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "config/parts.h"
#include "config/snapshot.h"
#include "formats/line_prints.h"

const char *const on_error_names[] = { "fail", "skip" };
const char *const host_bits_names[] = { "", "refuse", "cut" };
_Static_assert(sizeof(host_bits_names) / sizeof(host_bits_names[0]) == HOST_BITS_COUNT, "all");

void list_input_read(struct document *document, const yaml_node_t *format,
		     const yaml_node_t *on_error, const yaml_node_t *host_bits,
		     struct list_input *input)
{
	size_t choice;

	if (format &&
	    document_choice(document, format, "format", format_names, FORMAT_COUNT, &choice))
		input->format = (enum format)choice;
	if (on_error && document_choice(document, on_error, "on_error", on_error_names, 2, &choice))
		input->skips_bad_lines = choice == 1;
	if (host_bits &&
	    document_choice(document, host_bits, "host_bits", host_bits_names + HOST_BITS_REFUSE,
			    HOST_BITS_COUNT - HOST_BITS_REFUSE, &choice))
		input->host_bits = (enum host_bits)(HOST_BITS_REFUSE + choice);
}

void list_input_done(struct list_input *input)
{
	for (size_t i = 0; i < input->file_count; i++) {
		free(input->files[i].path);
		line_prints_unref(input->files[i].prints);
	}
	free(input->files);
	entry_set_unref(input->set);
	diagnostics_done(&input->warnings);
	select_done(&input->select);
	*input = (struct list_input) { .format = FORMAT_AUTO };
}

size_t list_input_skipped_lines(const struct list_input *input)
{
	size_t count = 0;

	for (size_t i = 0; i < input->file_count; i++)
		count += input->files[i].result.bad_line_count;
	return count;
}

struct open_file {
	int fd;
	const char *path;
	struct diagnostics *diagnostics;
	uint64_t read_bytes;
};

static ssize_t read_list_file(void *context, char *buffer, size_t size)
{
	struct open_file *file = context;
	ssize_t bytes = file_read(file->fd, file->path, buffer, size, file->diagnostics);

	if (bytes > 0) {
		file->read_bytes += (uint64_t)bytes;
		progress_set(file->read_bytes);
	}
	return bytes;
}

/* Only warn: a person may have removed or added lines, which is no reason to reject the whole
 * file. */
static void warn_of_count(const struct format_input *input, const struct format_result *result)
{
	if (!format_is_cut(result))
		return;
	if (result->has_declared_count)
		diagnostics_add(
		    input->diagnostics, SEVERITY_WARNING, input->name, 0, 0,
		    "says that it has %" PRIu64 " %s but has %zu: if it was cut off, "
		    "fetch it again; if you have edited it, correct the number or remove "
		    "the line that has it",
		    result->declared_count, result->format == FORMAT_NETSET ? "entries" : "records",
		    result->record_count);
	else
		diagnostics_add(
		    input->diagnostics, SEVERITY_WARNING, input->name, 0, 0,
		    "lacks the last line, which says how many records there are: if it "
		    "was cut off, fetch it again; if you have edited it, keep that line");
}

/* Warn of a file without entries. There is no warning if all entries have expired, if it has
 * only exclusions, or if it is a test zone. */
static void warn_of_no_entry(const struct format_input *input, const struct format_result *result)
{
	char summary[FORMAT_SUMMARY_BYTES];

	if (result->entry_count || result->exclusion_count ||
	    result->record_count == result->skipped_counts[FORMAT_SKIP_EXPIRED] +
					result->skipped_counts[FORMAT_SKIP_TEST])
		return;
	diagnostics_add(
	    input->diagnostics, SEVERITY_WARNING, input->name, 0, 0,
	    "has lines but no entry for this %s list; read as %s, it has %s: is that its "
	    "format, and the right list?",
	    action_names[input->action], format_names[result->format],
	    format_summary(result, summary));
}

/* Also tells the file's @ret_identity. */
static int read_file(const char *path, const struct format_input *options,
		     struct file_identity *ret_identity, struct format_result *ret_result)
{
	struct format_input input = *options;
	struct open_file file = { .path = path, .diagnostics = options->diagnostics };
	struct stat status;
	int err;

	*ret_result = (struct format_result) { .format = FORMAT_PLAIN };
	err = file_open(path, options->diagnostics, &file.fd);
	if (err)
		return err;
	input.name = path;
	input.read = read_list_file;
	input.read_context = &file;
	if (fstat(file.fd, &status) == 0) {
		input.written_at_sec = status.st_mtim.tv_sec;
		*ret_identity = file_identity_of(&status, time_now_sec());
		progress_begin(true, (uint64_t)status.st_size, "reading %s", path);
	}
	err = format_read(&input, ret_result);
	ret_result->written_at_sec = input.written_at_sec;
	close(file.fd);
	if (err)
		return err;
	warn_of_count(&input, ret_result);
	warn_of_no_entry(&input, ret_result);
	return 0;
}

int list_file_read(const char *path, const struct format_input *options,
		   struct format_result *ret_result)
{
	struct file_identity identity;

	return read_file(path, options, &identity, ret_result);
}

/* ---- the files of a list -------------------------------------------------- */

static bool is_same_file(const struct list_file *file, const char *path)
{
	struct file_identity identity;
	struct stat status;
	int fd;
	bool is_same;

	if (strcmp(file->path, path) != 0)
		return false;
	/* A network file system looks for changes when a file is opened. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	is_same = fstat(fd, &status) == 0;
	close(fd);
	if (!is_same)
		return false;
	identity = file_identity_of(&status, time_now_sec());
	return file_identity_is_same(&file->identity, &identity);
}

/* Whether both read files in the same way. */
static bool is_same_way(const struct list_input *input, const struct list_input *former)
{
	return former->format == input->format && former->host_bits == input->host_bits &&
	       former->skips_bad_lines == input->skips_bad_lines &&
	       former->min_trust == input->min_trust &&
	       select_is_equal(&former->select, &input->select);
}

static bool are_same_files(const struct file_names *names, const struct list_input *former)
{
	if (!former->is_lasting || former->file_count != names->count)
		return false;
	for (size_t i = 0; i < names->count; i++)
		if (!is_same_file(&former->files[i], names->items[i]))
			return false;
	return true;
}

/* How the list's files were read before, with the same result for the same files; or NULL. */
static const struct list_input *find_former(const struct snapshot *former,
					    const struct list_input *input, const struct list *list)
{
	const struct list *old = former ? policy_find_list(former->policy, list->name) : NULL;
	const struct list_input *old_input;
	size_t index;

	if (!old || old->action != list->action)
		return NULL;
	index = (size_t)(old - former->policy->lists);
	if (index >= former->config->list_input_count)
		return NULL;
	old_input = &former->config->list_inputs[index];
	/* The entries in force are others if some have expired. */
	if (!old_input->set || old_input->set != old->sets[SOURCE_FILE] ||
	    !is_same_way(input, old_input))
		return NULL;
	return old_input;
}

static int take_files(const struct list_input *former, struct list_input *input)
{
	input->files = calloc(former->file_count + 1, sizeof(*input->files));
	if (!input->files)
		return -ENOMEM;
	for (size_t i = 0; i < former->file_count; i++) {
		struct list_file *file = &input->files[input->file_count++];

		*file = former->files[i];
		if (file->prints)
			line_prints_ref(file->prints);
		file->path = strdup(former->files[i].path);
		if (!file->path)
			return -ENOMEM;
	}
	return 0;
}

/* The same file in a former reading, or NULL. */
static const struct list_file *find_file(const struct list_input *former, const char *path)
{
	for (size_t i = 0; former && i < former->file_count; i++)
		if (former->files[i].prints && !strcmp(former->files[i].path, path))
			return &former->files[i];
	return NULL;
}

/* Where the file has not changed, keep what it had in @former (may be NULL). */
static int read_again(struct list_file *file, const struct list_input *former,
		      const struct format_input *options)
{
	const struct list_file *before = find_file(former, file->path);
	struct format_input input = *options;
	struct format_former reading;

	file->prints = line_prints_new(before ? before->prints : NULL);
	if (!file->prints)
		return -ENOMEM;
	input.prints = file->prints;
	if (before) {
		reading = (struct format_former) { former->set, before->prints, &before->result };
		input.former = &reading;
	}
	return read_file(file->path, &input, &file->identity, &file->result);
}

static int read_files(const struct file_names *names, const struct list_input *former,
		      struct format_input *options, struct list_input *input)
{
	int err = 0;

	input->files = calloc(names->count + 1, sizeof(*input->files));
	if (!input->files)
		return -ENOMEM;
	input->is_lasting = true;
	for (size_t i = 0; i < names->count && err != -ENOMEM; i++) {
		struct list_file *file = &input->files[input->file_count++];

		file->path = strdup(names->items[i]);
		err = file->path ? read_again(file, former, options) : -ENOMEM;
		input->is_lasting &= !err && !file->result.skipped_counts[FORMAT_SKIP_EXPIRED];
	}
	return err == -ENOMEM ? err : 0;
}

static int list_read_anew(const struct file_names *names, const struct list_input *former,
			  struct list_input *input, struct list *list)
{
	struct format_input options = { .format = input->format,
					.action = list->action,
					.host_bits = input->host_bits,
					.skips_bad_lines = input->skips_bad_lines,
					.select = &input->select,
					.min_trust = input->min_trust,
					.source = SOURCE_FILE,
					.now_sec = time(NULL),
					.set = entry_set_new(),
					.diagnostics = &input->warnings };
	int err;

	if (!options.set)
		return -ENOMEM;
	err = read_files(names, former, &options, input);
	if (names->count)
		progress_begin(false, 0, "sorting the entries of the list %s", list->name);
	entry_set_finish(options.set);
	input->is_lasting &= !options.set->first_expiry_sec;
	input->set = entry_set_ref(options.set);
	list_replace_set(list, SOURCE_FILE, options.set);
	return err;
}

int list_files_read(const struct file_names *names, const struct snapshot *former,
		    struct diagnostics *diagnostics, struct list_input *input, struct list *list)
{
	const struct list_input *before = find_former(former, input, list);
	int err;

	if (before && names->count && are_same_files(names, before)) {
		err = take_files(before, input);
		if (err)
			return err;
		diagnostics_add_all(&input->warnings, &before->warnings);
		input->is_lasting = true;
		input->set = entry_set_ref(before->set);
		list_replace_set(list, SOURCE_FILE, entry_set_ref(before->set));
	} else {
		err = list_read_anew(names, before, input, list);
		if (err)
			return err;
	}
	diagnostics_add_all(diagnostics, &input->warnings);
	return 0;
}
