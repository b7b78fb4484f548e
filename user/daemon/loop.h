/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of the main loop: signals, devices, finished tasks, retries. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "daemon/daemon.h"

/* Watch signals, and all other events. Signals that arrive before loop_run() are handled then.
 * Return: 0 or -errno. */
int loop_open_signals(struct daemon *daemon);
int loop_open(struct daemon *daemon);
void loop_close(struct daemon *daemon);

/* Serve until a signal ends it. */
void loop_run(struct daemon *daemon);

#endif
