/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service manager wants to hear and gives: sd_notify(3), sd_watchdog_enabled(3) and
 * sd_listen_fds(3). */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

#include <stdint.h>

/* Send assignments ("READY=1\nSTATUS=…") to the service manager, if one started
 * us with NOTIFY_SOCKET; what goes wrong is of no consequence. */
void notify_manager(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* RELOADING=1 with the time that Type=notify-reload wants beside it. */
void notify_reloading(void);

/* A start that goes on is not one that hangs: wait NOTIFY_STEP_SEC from now on. */
#define NOTIFY_STEP_SEC 90
void notify_progress(void);

/* WATCHDOG=1; a manager that does not read has us wait for nothing. */
void notify_alive(void);

/* How long the service manager waits for a WATCHDOG=1 of this process; 0: it does not. */
uint64_t notify_watchdog_usec(void);

/* Take the one socket that the service manager has opened for this process; it closes on
 * exec. Return: a descriptor; -ENOENT: there is none; -EINVAL: there are several. */
int notify_take_socket(void);

#endif
