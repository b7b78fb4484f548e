/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads list files: lists of any format in regular files. */
#ifndef CONFIG_LIST_FILES_H
#define CONFIG_LIST_FILES_H

#include "formats/read.h"

/**
 * list_file_read() - add the entries of a file to a set
 * @path: a regular file, read as a stream; becomes the entries' origin
 * @options: the input without its bytes, its name and its time; the time is the file's time of
 *           modification
 * @ret_result: set in any case
 *
 * If the file declares another number of records than it has, a warning is added.
 *
 * Return: 0; -EINVAL: errors were added to the diagnostics; -ENOMEM.
 */
int list_file_read(const char *path, const struct format_input *options,
		   struct format_result *ret_result);

#endif
