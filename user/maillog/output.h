/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reader writes: see protocol.h. */
#ifndef MAILLOG_OUTPUT_H
#define MAILLOG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/evidence.h"
#include "maillog/mail_log.h"

struct output;

/* NULL: out of memory. @connection: of ipwld, or -1. */
struct output *output_new(int fd, int connection);
void output_free(struct output *output);

/* A mail_log_noted with the output as its context: write the line of this evidence. */
void output_evidence(void *context, const struct evidence *evidence);
/* Write that all evidence until now is of the log before this place, unless it was written last.
 * Then write all lines to ipwld. */
void output_position(struct output *output, const char *position,
		     const struct mail_log_counts *counts);
/* The line `read`. */
void output_counts(struct output *output, const struct mail_log_counts *counts);
/* Report the state of the source, if it has changed. NULL: it works. */
void output_problem(struct output *output, const char *problem);
void output_flush(struct output *output);

/* Wait. Return early when nobody reads the output any more. */
void output_wait(const struct output *output, int milliseconds);
/* Whether nobody reads the output any more. */
bool output_is_closed(const struct output *output);

#endif
