/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server of ipwld listens. */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* Split ADDRESS:PORT or [ADDRESS]:PORT. "none" gives no address. @ret_host: to be freed.
 * Return: 0, -EINVAL or -ENOMEM. */
int listen_parse(const char *text, char **ret_host, uint16_t *ret_port);

/* Whether only this host can reach the address. */
bool listen_is_loopback(const char *host);

#endif
