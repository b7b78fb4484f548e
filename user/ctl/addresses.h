/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that `test` is asked about. */
#ifndef CTL_ADDRESSES_H
#define CTL_ADDRESSES_H

#include "core/prefix.h"
#include "ctl/command.h"

struct addresses {
	struct prefix *items;
	size_t count;
	size_t capacity;
	size_t bad_count;
};

/* Add all of a command line; "-" stands for the lines of standard input, where
 * blank lines and `#` comments are skipped. Reports each bad address.
 * Return: CTL_DONE; CTL_INVALID: some were bad, or there was none. */
enum ctl_exit addresses_read(struct addresses *addresses, const struct arguments *arguments);
void addresses_done(struct addresses *addresses);

#endif
