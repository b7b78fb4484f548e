/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in time on the command line. */
#ifndef CTL_WHEN_H
#define CTL_WHEN_H

#include <stdint.h>

#include "ctl/ctl.h"

/* Parse the value of --@option: a date, a date and time in UTC, or a duration before now.
 * *ret_sec is at least 0. Return: CTL_DONE, or CTL_INVALID after a message. */
enum ctl_exit when_parse(const char *option, const char *text, int64_t *ret_sec);

#endif
