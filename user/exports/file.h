/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of exports: whole or not at all, and touched only when they change. */
#ifndef EXPORTS_FILE_H
#define EXPORTS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/policy.h"
#include "formats/write.h"

/* A path and what is wrong with it. */
#define EXPORT_ERROR_BYTES (PATH_MAX + 256)

/**
 * export_text() - what the lists of those names hold, as text in memory
 * @export: all but the lists
 * @names: lists of @policy
 * @ret_text: to be freed
 *
 * Return: 0 or -ENOMEM.
 */
int export_text(const struct policy *policy, const struct export *export, char *const names[],
		size_t name_count, char **ret_text, size_t *ret_bytes, size_t *ret_count);

/**
 * export_file_write() - have a file hold that text
 * @ret_changed: whether it did not already
 *
 * A new file of mode 0644 takes the place of the old one by rename(2), so that readers
 * see the one or the other. The directory must be there.
 *
 * Return: 0 or -errno, and @error says where.
 */
int export_file_write(const char *path, const char *text, size_t bytes, bool *ret_changed,
		      char error[EXPORT_ERROR_BYTES]);

#endif
