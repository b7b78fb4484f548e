/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List files: one prefix a line, `#` and `;` comments, `!` exclusions. */
#ifndef CONFIG_LISTFILE_H
#define CONFIG_LISTFILE_H

#include "../core/policy.h"
#include "diagnostics.h"

/* Longest line, without its end. */
#define LISTFILE_LINE_MAX 4096

/**
 * listfile_read() - add the entries of a file to a set
 * @path: a regular file, read as a stream
 * @action: of the list, for what such a list may hold
 * @set: not finished; entries get source `file`, origin @path, their line, and
 *       the comment behind them as reason
 *
 * A CR before the newline and a UTF-8 byte-order mark at the start are skipped.
 *
 * Return: 0; -EINVAL: errors were added to @diagnostics; -ENOMEM.
 */
int listfile_read(const char *path, enum action action, struct entry_set *set,
		  struct diagnostics *diagnostics);

#endif
