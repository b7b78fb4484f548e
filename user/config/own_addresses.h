/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the addresses of this host's interfaces. */
#ifndef CONFIG_OWN_ADDRESSES_H
#define CONFIG_OWN_ADDRESSES_H

#include <stddef.h>

#include "core/prefix.h"

/* Read the addresses, sorted, without loopback and link-local ones, which are not unique to
 * this host. The caller frees @ret_addresses. Return: 0 or -errno. */
int own_addresses(struct prefix **ret_addresses, size_t *ret_count);

#endif
