/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List files: lists of any format in regular files. */
#ifndef CONFIG_LIST_FILES_H
#define CONFIG_LIST_FILES_H

#include "formats/read.h"

/**
 * list_file_read() - add the entries of a file to a set
 * @path: a regular file, read as a stream; the entries' origin
 * @options: all of the input but where its bytes come from, its name, and when it was
 *           written: that is the file's time of change
 * @ret_result: filled in whatever is returned
 *
 * A file that says that it has another number of records gives a warning.
 *
 * Return: 0; -EINVAL: errors were added to the diagnostics; -ENOMEM.
 */
int list_file_read(const char *path, const struct format_input *options,
		   struct format_result *ret_result);

#endif
