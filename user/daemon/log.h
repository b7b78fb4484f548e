/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines: to standard error in the foreground, to syslog in the background. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdbool.h>

/* Lines go to standard error until log_use_syslog(). */
void log_show_debug(bool is_shown);
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
