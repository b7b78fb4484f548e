/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a person at a terminal. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include <stdbool.h>

/* Whether there is someone to ask: standard input and standard error are terminals. */
bool ask_is_possible(void);

/* Ask on standard error. Anything but y or yes, and the end of input, is no. */
bool ask_yes(const char *question);

#endif
