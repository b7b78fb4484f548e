/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon that was started as root gives up by itself. */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

/**
 * privileges_reduce() - keep what ipwld needs of root's capabilities
 *
 * Does nothing where this is not root: a unit has done it then. Programs that are started
 * begin with all that root has: the fetcher has to become another user. A failure is logged.
 */
void privileges_reduce(void);

#endif
