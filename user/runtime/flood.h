/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches the shield against floods. The kernel switches it on and off by itself; this tells the
 * kernel the addresses of this host, and people what happens. */
#ifndef RUNTIME_FLOOD_H
#define RUNTIME_FLOOD_H

#include "core/flood.h"

struct flood_watch;
struct runtime;

/* Begin with a first look at once. Return: 0 or -ENOMEM. */
int flood_watch_open(struct runtime *runtime, struct flood_watch **ret_watch);
/* The shield stays as it is. NULL is fine. */
void flood_watch_close(struct flood_watch *watch);

/* What the kernel last said of SYN cookies; unknown while there is no shield. */
enum flood_cookies flood_watch_cookies(const struct flood_watch *watch);

#endif
