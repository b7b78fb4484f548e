/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict of the daemon's `test`, in words. */
#ifndef CTL_VERDICT_H
#define CTL_VERDICT_H

#include "ctl/ctl.h"
#include "ctl/writer.h"

/* The exit code for a verdict. Return: CTL_DONE (allowed), CTL_NEGATIVE (unlisted),
 * CTL_BLOCKED, or CTL_UNREACHABLE for a verdict that this program does not know. */
enum ctl_exit verdict_exit(const char *verdict);

/* Text only: a line that says what happens to mail from the address, and why. */
void verdict_write(struct writer *writer, const json_t *result);

/* Text only: a line that says how to let mail from the address through, if something stops it or
 * would stop it in enforce mode. */
void verdict_write_remedy(struct writer *writer, const json_t *result);

#endif
