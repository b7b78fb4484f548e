/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drops privileges of a daemon that was started as root. */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

/**
 * privileges_reduce() - keep only the capabilities of root that ipwld needs
 *
 * Does nothing if the process is not root, because a unit has done this then. Programs that
 * ipwld starts begin with all capabilities of root, because the fetcher must become another
 * user. A failure is logged.
 */
void privileges_reduce(void);

#endif
