/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads list files piece by piece. */
#include "config/listfile.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct open_file {
	int fd;
	const char *path;
	struct diagnostics *diagnostics;
};

static ssize_t read_file(void *context, char *buffer, size_t size)
{
	const struct open_file *file = context;

	return file_read(file->fd, file->path, buffer, size, file->diagnostics);
}

static int refuse_cut(const struct format_input *input, const struct format_result *result)
{
	if (!format_is_cut(result))
		return 0;
	if (result->has_declared_count)
		diagnostics_add(
		    input->diagnostics, input->skips_bad_lines ? SEVERITY_WARNING : SEVERITY_ERROR,
		    input->name, 0, 0,
		    "says that it has %" PRIu64 " %s but has %zu: it was cut off or "
		    "changed; fetch it again, or correct the number",
		    result->declared_count, result->format == FORMAT_NETSET ? "entries" : "records",
		    result->record_count);
	else
		diagnostics_add(input->diagnostics,
				input->skips_bad_lines ? SEVERITY_WARNING : SEVERITY_ERROR,
				input->name, 0, 0,
				"lacks the last line, which says how many records there are: it "
				"was cut off; fetch it again");
	return input->skips_bad_lines ? 0 : -EINVAL;
}

int listfile_read(const char *path, const struct format_input *options,
		  struct format_result *ret_result)
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
	input.read = read_file;
	input.read_context = &file;
	if (fstat(file.fd, &status) == 0)
		input.written_at_sec = status.st_mtim.tv_sec;
	err = format_read(&input, ret_result);
	close(file.fd);
	return err ? err : refuse_cut(&input, ret_result);
}
