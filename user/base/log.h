/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines go to standard error and, in the background, also to syslog. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_show_debug(bool is_shown);

/* If standard error is the journal, give lines a priority ("<3>" for an error) and leave out
 * the name of the program, which the journal knows. */
void log_find_journal(void);
/* Whether it is. */
bool log_is_journal(void);

/* From now on, lines go to standard error and to syslog. */
void log_use_syslog(void);

/* Each line names its subsystem. Library code does not log: the caller that gives
 * up does, once. Safe from any thread. */
void log_error(const char *subsystem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warning(const char *subsystem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *subsystem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *subsystem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
