/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol of a service manager: sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3). */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

#include <stdint.h>

struct progress;

/* Send assignments ("READY=1\nSTATUS=…") to the service manager, if one started
 * us with NOTIFY_SOCKET; what goes wrong is of no consequence. */
void notify_manager(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* RELOADING=1 with the time that Type=notify-reload wants beside it. */
void notify_reloading(void);

/* The start makes progress: ask the service manager to wait another NOTIFY_STEP_SEC. */
#define NOTIFY_STEP_SEC 90
void notify_progress(void);

/* For progress_watch(): say what the start or the reload does; the start is given time, too. */
void notify_of_start(const struct progress *progress, void *context);
void notify_of_reload(const struct progress *progress, void *context);

/* Send WATCHDOG=1, without waiting for a manager that does not read. */
void notify_alive(void);

/* How long the service manager waits for a WATCHDOG=1 of this process; 0: it does not. */
uint64_t notify_watchdog_usec(void);

/* Take the one socket that the service manager has opened for this process; it closes on
 * exec. Return: a descriptor; -ENOENT: there is none; -EINVAL: there are several. */
int notify_take_socket(void);

#endif
