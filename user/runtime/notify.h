/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readiness protocol of systemd, sd_notify(3). */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

/* Send assignments ("READY=1\nSTATUS=…") to the service manager, if one started
 * us with NOTIFY_SOCKET; what goes wrong is of no consequence. */
void notify_manager(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* RELOADING=1 with the time that Type=notify-reload wants beside it. */
void notify_reloading(void);

#endif
