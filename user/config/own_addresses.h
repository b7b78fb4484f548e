/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that this host has on its interfaces. */
#ifndef CONFIG_OWN_ADDRESSES_H
#define CONFIG_OWN_ADDRESSES_H

#include <stddef.h>

#include "core/prefix.h"

/* All but loopback and link-local ones, which are no one's alone, sorted; @ret_addresses is
 * to be freed. Return: 0 or -errno. */
int own_addresses(struct prefix **ret_addresses, size_t *ret_count);

#endif
