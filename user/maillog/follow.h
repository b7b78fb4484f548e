/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows a log file, whatever its rotation: a new file under its name, or a copy and an empty
 * file; rotated files may be compressed. */
#ifndef MAILLOG_FOLLOW_H
#define MAILLOG_FOLLOW_H

#include "maillog/mail_log.h"
#include "maillog/output.h"

/**
 * follow_file() - make evidence of all lines of a file, and of those that are added
 * @path: need not exist
 * @position: where to go on, from output_position(); NULL: at the begin
 *
 * Returns when nobody reads the output any more, or out of memory.
 */
void follow_file(const char *path, const char *position, struct mail_log *log,
		 struct output *output);

#endif
