/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What prefix.c and prefix_error.c share; others include prefix.h. */
#ifndef CORE_PREFIX_ERROR_H
#define CORE_PREFIX_ERROR_H

#include "core/prefix.h"

/* Parse without looking at host bits, and without taking IPv4-mapped as IPv4.
 * @ret_column must not be NULL. */
enum prefix_error prefix_parse_raw(const char *text, size_t text_bytes, struct prefix *ret_prefix,
				   size_t *ret_column);

/* Whether the address lies in ::ffff:0:0/96, whatever the length. */
bool prefix_is_mapped(const struct prefix *prefix);

/* The IPv4 address in an IPv4-mapped one, with a length. */
struct prefix prefix_unmap(const struct prefix *prefix, uint8_t len);

#endif
